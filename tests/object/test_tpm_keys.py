"""A key that a TPM opens: a stand-in speaks the tool's contract; an emulated TPM is asked if one is here."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from edge import keys
from edge.cli.object import object_
from edge.keys import KeyUnusableError, load_signer, make_key
from tests.object.test_config import GOOD, write
from tests.object.test_keys import SECRET, configured, keep

BY_TPM = '[key]\nkind = "tpm"\nhandle = "0x81010001"\npcrs = "sha256:7"\n'


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "sealed.secret"
    keep(path, SECRET)
    return path


def opens(path: Path, secret: bytes) -> bool:
    private = serialization.load_pem_private_key(path.read_bytes(), secret)
    return isinstance(private, ec.EllipticCurvePrivateKey)


# A stand-in for tpm2_unseal: it speaks the contract of its manual page and the words of tpm2-tools 5.
STAND_IN = """\
#!/bin/sh
if [ "$*" != "$EXPECTED" ]; then
    echo "WARNING:esys:src/tss2-esys/api/Esys_Unseal.c:295:Esys_Unseal_Finish() Received TPM Error" >&2
    echo "ERROR: Esys_Unseal(0x99D) - tpm:session(1):a policy check failed" >&2
    echo "ERROR: Unable to run tpm2_unseal" >&2
    exit 1
fi
cat "$SEALED_SECRET"
"""


@pytest.fixture
def tool(tmp_path: Path, secret: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `tpm2_unseal` on the path that gives out the secret of the register that it was sealed to."""
    path = tmp_path / "bin" / "tpm2_unseal"
    keep(path, STAND_IN.encode(), 0o755)
    monkeypatch.setenv("PATH", f"{path.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("EXPECTED", "-c 0x81010001 -p pcr:sha256:7")
    monkeypatch.setenv("SEALED_SECRET", str(secret))
    return path


def test_a_tpm_opens_the_key(tmp_path: Path, tool: Path, secret: Path) -> None:
    assert tool.exists()
    config = configured(tmp_path, BY_TPM)
    made = make_key(config)
    assert (made.tier, load_signer(config).public) == ("tpm", made.public)
    assert opens(config.key, secret.read_bytes())


def test_a_secret_that_is_bound_to_no_register_is_asked_for_without_one(
    tmp_path: Path, tool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert tool.exists()
    monkeypatch.setenv("EXPECTED", f"-c {tmp_path}/secret.handle")
    make_key(configured(tmp_path, '[key]\nkind = "tpm"\nhandle = "secret.handle"\n'))


@pytest.mark.parametrize(
    ("script", "why"),
    [
        (
            'echo "ERROR: Esys_Unseal(0x99D) - tpm:session(1):a policy check failed" >&2; exit 1',
            r"^the TPM gave no secret at 0x81010001: .*policy check failed: its registers have changed",
        ),
        (
            'echo "ERROR:tcti:src/tss2-tcti/tcti-device.c:442:Tss2_Tcti_Device_Init() Failed to open'
            ' specified TCTI device file /dev/tpmrm0: No such file or directory" >&2; exit 1',
            "no TPM answers: enable it or fit one, and let this user into the group tss",
        ),
        (
            'echo "ERROR: Esys_TR_FromTPMPublic(0x18B) - tpm:handle(1):no such handle" >&2; exit 1',
            "no such handle.*tpm2_getcap handles-persistent",
        ),
        ("exit 3", "it does not say why"),
        ("printf short", "the TPM at 0x81010001: expected a secret of 16 to 128 bytes, got 5"),
        ("exec cat /dev/zero | head -c 200", "got 200"),
        ("exec sleep 30", "the TPM did not answer: .*timed out"),
    ],
)
def test_a_tpm_that_gives_no_secret_is_a_sentence_that_says_what_to_do(
    tmp_path: Path, tool: Path, monkeypatch: pytest.MonkeyPatch, script: str, why: str
) -> None:
    monkeypatch.setattr(keys, "_TPM_S", 1 if "sleep" in script else 30)
    keep(tool, f"#!/bin/sh\n{script}\n".encode(), 0o755)
    with pytest.raises(KeyUnusableError, match=why):
        make_key(configured(tmp_path, BY_TPM))
    assert list((tmp_path / "data").iterdir()) == []


def test_a_machine_without_tpm2_tools_is_told_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(KeyUnusableError, match="tpm2_unseal is not on this machine: install tpm2-tools"):
        make_key(configured(tmp_path, BY_TPM))


def test_a_tool_that_cannot_be_run_is_a_sentence(tmp_path: Path, tool: Path) -> None:
    keep(tool, b"#!/nowhere\n", 0o755)
    with pytest.raises(KeyUnusableError, match="the TPM did not answer"):
        make_key(configured(tmp_path, BY_TPM))


def test_the_line_that_names_the_reason_is_quoted(
    tmp_path: Path, tool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert tool.exists()
    monkeypatch.setenv("EXPECTED", "-c 0x81010001 -p pcr:sha256:8")
    with pytest.raises(KeyUnusableError, match=r"0x81010001: ERROR: Esys_Unseal\(0x99D\)"):
        make_key(configured(tmp_path, BY_TPM))


def test_the_installer_is_told_that_a_tpm_opens_it(tmp_path: Path, tool: Path) -> None:
    assert tool.exists()
    result = CliRunner().invoke(object_, ["key", str(write(tmp_path, GOOD + BY_TPM))])
    assert (result.exit_code, result.output.splitlines()[-1]) == (0, "kept in a file that the TPM opens")


TOOLS = ("swtpm", "tpm2_createprimary", "tpm2_createpolicy", "tpm2_create", "tpm2_load", "tpm2_unseal")


@pytest.mark.skipif(
    not all(map(shutil.which, TOOLS)), reason="no swtpm here: apt-get install swtpm tpm2-tools"
)
def test_a_real_tpm_opens_the_key_until_its_register_changes(
    tmp_path: Path, secret: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with emulated_tpm(tmp_path) as tcti:
        monkeypatch.setenv("TPM2TOOLS_TCTI", tcti)
        monkeypatch.chdir(tmp_path)
        # As `opos object seal --help` says it, but for the flushing: here no resource manager does that.
        for command in (
            "tpm2_createprimary -Q -C o -c primary.ctx",
            "tpm2_flushcontext -t",
            "tpm2_createpolicy -Q --policy-pcr -l sha256:7 -L pcr.policy",
            f"tpm2_create -Q -C primary.ctx -L pcr.policy -i {secret}"
            " -a fixedtpm|fixedparent|adminwithpolicy|noda -u seal.pub -r seal.priv",
            "tpm2_flushcontext -t",
            "tpm2_load -Q -C primary.ctx -u seal.pub -r seal.priv -c seal.ctx",
            "tpm2_flushcontext -t",
            "tpm2_evictcontrol -Q -C o -c seal.ctx 0x81010001",
            "tpm2_flushcontext -t",
        ):
            subprocess.run(command.split(), check=True)
        config = configured(tmp_path, BY_TPM)
        made = make_key(config)
        assert (load_signer(config).public, made.tier) == (made.public, "tpm")
        assert opens(config.key, SECRET)
        subprocess.run(["tpm2_pcrextend", f"7:sha256={'11' * 32}"], check=True)  # noqa: S607 - on the path
        with pytest.raises(KeyUnusableError, match="its registers have changed"):
            load_signer(config)


@contextmanager
def emulated_tpm(directory: Path) -> Iterator[str]:
    """A TPM 2.0 of its own on two free ports; how tpm2-tools reach it."""
    port = free_ports()
    state = directory / "tpm"
    state.mkdir()
    command = ["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={state}"]
    command += ["--flags", "not-need-init,startup-clear"]
    command += ["--server", f"type=tcp,port={port}", "--ctrl", f"type=tcp,port={port + 1}"]
    with subprocess.Popen(command) as tpm:
        try:
            until_it_listens(port + 1, tpm)
            yield f"swtpm:host=127.0.0.1,port={port}"
        finally:
            tpm.terminate()


def free_ports() -> int:
    """Two free ports in a row, as the tools ask for; the first of them."""
    for port in range(42_000, 43_000, 2):
        with socket.socket() as first, socket.socket() as second:
            try:
                first.bind(("127.0.0.1", port))
                second.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port
    raise AssertionError("no two ports in a row are free")


def until_it_listens(port: int, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:
        with socket.socket() as there:
            if there.connect_ex(("127.0.0.1", port)) == 0:
                return
    raise AssertionError(f"swtpm ended with {process.returncode}")
