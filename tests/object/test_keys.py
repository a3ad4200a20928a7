"""The object's key: its owner's alone, whole or not at all, and shut while nothing runs if it is sealed."""

import errno
import json
import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from cloud_sync.contract.signing import SoftwareKey, Verifier
from edge import keys
from edge.cli.object import object_
from edge.config import ObjectConfig, without_trust
from edge.keys import KeyUnusableError, NoKeyError, Sealing, load_signer, make_key, seal_key
from tests.object.test_config import GOOD, write
from tests.offline_queue.small_disk import fill, small_disk

SECRET = bytes(range(32))
PLAIN = ""
SEALED = '[key]\nkind = "sealed-file"\nsecret = "key.secret"\n'
BY_SYSTEMD = '[key]\nkind = "sealed-file"\n'


def configured(directory: Path, key: str = PLAIN) -> ObjectConfig:
    return without_trust(write(directory, GOOD + key))


def keep(path: Path, data: bytes, mode: int = 0o600) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    path.chmod(mode)


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "key.secret"
    keep(path, SECRET)
    return path


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    config = configured(tmp_path)
    made = make_key(config)
    assert (made.tier, mode_of(config.key)) == ("file", 0o600)
    assert make_key(config).public == load_signer(config).public == made.public
    assert [path.name for path in config.key.parent.iterdir()] == ["object.key"]
    Verifier(made.public).check(b"data", load_signer(config).sign(b"data"))


def test_processes_that_make_it_at_the_same_time_get_one_key(tmp_path: Path) -> None:
    config = configured(tmp_path)
    with ThreadPoolExecutor(8) as installers:
        made = list(installers.map(make_key, [config] * 8))
    assert {key.public for key in made} == {load_signer(config).public}


def test_a_key_lies_where_the_configuration_says(tmp_path: Path) -> None:
    config = configured(tmp_path, '[key]\nkind = "file"\nfile = "vault/mirror.key"\n')
    made = make_key(config)
    assert SoftwareKey.from_pem((tmp_path / "vault" / "mirror.key").read_bytes()).public == made.public


def test_an_object_without_a_key_is_told_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(NoKeyError, match=r"object\.key: .*run `opos object key`"):
        load_signer(configured(tmp_path))


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o601])
def test_a_key_that_others_can_reach_is_not_used(tmp_path: Path, mode: int) -> None:
    config = configured(tmp_path)
    make_key(config)
    config.key.chmod(mode)
    for use in (load_signer, make_key):
        with pytest.raises(KeyUnusableError, match=f"mode {mode:04o} lets others at it: run `chmod 600"):
            use(config)


def pem_of(private: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey) -> bytes:
    return private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "no PKCS #8 PEM"),
        (b"-----BEGIN PRIVATE KEY-----\n", "no PKCS #8 PEM"),
        (SoftwareKey.generate().to_pem()[:150], "no PKCS #8 PEM"),
        (pem_of(ec.generate_private_key(ec.SECP384R1())), "expected a P-256 private key"),
        (pem_of(ed25519.Ed25519PrivateKey.generate()), "expected a P-256 private key"),
        (b"x" * 5000, "expected at most 4096 bytes"),
    ],
)
def test_a_file_that_holds_no_key_of_ours_is_a_sentence(tmp_path: Path, data: bytes, why: str) -> None:
    config = configured(tmp_path)
    keep(config.key, data)
    with pytest.raises(KeyUnusableError, match=why) as caught:
        load_signer(config)
    assert str(caught.value).startswith(str(config.key))


def test_a_key_that_cannot_be_read_is_a_sentence(tmp_path: Path) -> None:
    config = configured(tmp_path)
    config.key.mkdir(parents=True)
    with pytest.raises(KeyUnusableError, match=r"cannot be read \(Is a directory\)"):
        load_signer(config)


def test_a_sealed_key_is_shut_without_its_secret(tmp_path: Path, secret: Path) -> None:
    config = configured(tmp_path, SEALED)
    made = make_key(config)
    pem = config.key.read_bytes()
    assert (made.tier, mode_of(config.key)) == ("sealed-file", 0o600)
    assert pem.startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")
    assert (load_signer(config).public, load_signer(config).tier) == (made.public, "sealed-file")
    opened = serialization.load_pem_private_key(pem, SECRET)
    assert isinstance(opened, ec.EllipticCurvePrivateKey)
    assert SoftwareKey(opened).public == made.public
    keep(secret, bytes(32))
    with pytest.raises(KeyUnusableError, match="the secret does not open it"):
        load_signer(config)


def test_every_byte_of_a_secret_counts(tmp_path: Path, secret: Path) -> None:
    keep(secret, b"correct horse battery staple\n")
    config = configured(tmp_path, SEALED)
    make_key(config)
    keep(secret, b"correct horse battery staple")
    with pytest.raises(KeyUnusableError, match="the secret does not open it"):
        load_signer(config)


@pytest.mark.parametrize(
    ("data", "mode", "why"),
    [
        (None, 0o600, "the secret of the key is not there"),
        (SECRET, 0o644, "mode 0644 lets others at it"),
        (b"", 0o600, "expected a secret of 16 to 128 bytes, got 0"),
        (b"x" * 15, 0o600, "got 15: `head -c 32 /dev/urandom` makes one"),
        (b"x" * 129, 0o600, "expected at most 128 bytes"),
    ],
)
def test_a_secret_that_is_none_is_a_sentence_and_no_key_is_made(
    tmp_path: Path, data: bytes | None, mode: int, why: str
) -> None:
    config = configured(tmp_path, SEALED)
    if data is not None:
        keep(tmp_path / "key.secret", data, mode)
    with pytest.raises(KeyUnusableError, match=why) as caught:
        make_key(config)
    assert str(tmp_path / "key.secret") in str(caught.value)
    assert list(config.key.parent.iterdir()) == []


def test_systemd_hands_over_the_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = configured(tmp_path, BY_SYSTEMD)
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    with pytest.raises(KeyUnusableError, match="LoadCredentialEncrypted=opos-key-secret"):
        make_key(config)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    with pytest.raises(KeyUnusableError, match="opos-key-secret: the secret of the key is not there"):
        make_key(config)
    # The ACL that opens it to the service's user shows as the group's mode.
    keep(tmp_path / "opos-key-secret", SECRET, 0o440)
    assert make_key(config).tier == "sealed-file"
    keep(tmp_path / "opos-key-secret", b"short", 0o440)
    with pytest.raises(KeyUnusableError, match="the credential opos-key-secret: expected a secret of"):
        load_signer(config)


def test_a_key_that_is_not_as_the_configuration_says_is_not_used(tmp_path: Path, secret: Path) -> None:
    assert secret.exists()
    make_key(configured(tmp_path))
    with pytest.raises(KeyUnusableError, match="not sealed yet: run `opos object seal`"):
        load_signer(configured(tmp_path, SEALED))
    seal_key(configured(tmp_path, SEALED))
    with pytest.raises(KeyUnusableError, match="it is sealed: set"):
        load_signer(configured(tmp_path))


def test_a_plain_key_is_sealed_once_and_stays_the_same_key(tmp_path: Path, secret: Path) -> None:
    assert secret.exists()
    public = make_key(configured(tmp_path)).public
    config = configured(tmp_path, SEALED)
    with config.key.open("rb") as plain:
        assert (seal_key(config), seal_key(config)) == (Sealing.NOW, Sealing.ALREADY)
        old = plain.read()
    assert old == bytes(len(old))
    assert load_signer(config).public == public
    assert [path.name for path in config.key.parent.iterdir()] == ["object.key"]
    assert mode_of(config.key) == 0o600


def test_a_key_can_only_be_sealed_if_the_configuration_says_how(tmp_path: Path) -> None:
    config = configured(tmp_path)
    make_key(config)
    before = config.key.read_bytes()
    with pytest.raises(KeyUnusableError, match="say first how to seal it"):
        seal_key(config)
    assert config.key.read_bytes() == before


def test_a_key_that_is_not_there_cannot_be_sealed(tmp_path: Path, secret: Path) -> None:
    assert secret.exists()
    with pytest.raises(NoKeyError, match="run `opos object key`"):
        seal_key(configured(tmp_path, SEALED))


def test_a_sealed_key_of_another_secret_is_not_said_to_be_sealed(tmp_path: Path, secret: Path) -> None:
    config = configured(tmp_path, SEALED)
    make_key(config)
    keep(secret, bytes(32))
    with pytest.raises(KeyUnusableError, match="the secret does not open it"):
        seal_key(config)


def test_a_disk_that_reads_back_another_key_never_replaces_the_plain_one(
    tmp_path: Path, secret: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert secret.exists()
    public = make_key(configured(tmp_path)).public
    monkeypatch.setattr(keys, "_pem", lambda _, lock: sealed(ec.generate_private_key(ec.SECP256R1()), lock))
    with pytest.raises(KeyUnusableError, match="another key was read back than was written"):
        seal_key(configured(tmp_path, SEALED))
    assert load_signer(configured(tmp_path)).public == public
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["object.key"]


def sealed(private: ec.EllipticCurvePrivateKey, secret: bytes) -> bytes:
    return private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(secret),
    )


def test_a_secret_that_changes_while_the_key_is_sealed_leaves_the_plain_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_key(configured(tmp_path))
    before = (tmp_path / "data" / "object.key").read_bytes()
    given = iter([SECRET, bytes(32)])
    monkeypatch.setattr(keys, "_secret", lambda _: next(given))
    with pytest.raises(KeyUnusableError, match="the secret does not open it"):
        seal_key(configured(tmp_path, SEALED))
    assert (tmp_path / "data" / "object.key").read_bytes() == before


CRASHES = {
    "before the sealed one is synced": ("os", "fsync"),
    "before it is read back": ("keys", "_signer"),
    "before it has the name": ("Path", "replace"),
    "before the name is synced": ("keys", "_sync"),
    "before the old one is overwritten": ("keys", "_blank"),
}


@pytest.mark.parametrize("when", CRASHES)
def test_a_power_cut_while_sealing_leaves_one_whole_key(tmp_path: Path, secret: Path, when: str) -> None:
    assert secret.exists()
    public = make_key(configured(tmp_path)).public
    file = write(tmp_path, GOOD + SEALED)
    room, step = CRASHES[when]
    script = f"""
import os
from pathlib import Path
from edge import keys
from edge.config import without_trust
setattr({room}, {step!r}, lambda *_: os._exit(9))
keys.seal_key(without_trust(Path({str(file)!r})))
"""
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 9
    sealed_by_then = (tmp_path / "data" / "object.key").read_bytes().startswith(b"-----BEGIN ENCRYPTED")
    there = configured(tmp_path, SEALED if sealed_by_then else PLAIN)
    assert load_signer(there).public == public
    assert seal_key(configured(tmp_path, SEALED)) in Sealing
    assert load_signer(configured(tmp_path, SEALED)).public == public
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["object.key"]


def test_a_key_on_a_full_disk_is_made_not_at_all_and_sealed_not_at_all(tmp_path: Path) -> None:
    with small_disk(tmp_path) as disk:
        plain = configured(disk)
        keep(disk / "key.secret", SECRET)
        made = make_key(plain)
        other, sealing = (
            configured(disk, '[key]\nkind = "file"\nfile = "other.key"\n'),
            configured(disk, SEALED),
        )
        fill(disk)
        for work in (lambda: make_key(other), lambda: seal_key(sealing)):
            with pytest.raises(KeyUnusableError, match=r"cannot be written \(No space left"):
                work()
        assert not other.key.exists()
        assert load_signer(plain).public == made.public
        assert [path.name for path in plain.key.parent.iterdir()] == ["object.key"]


def test_an_old_key_that_cannot_be_overwritten_spoils_nothing(
    tmp_path: Path, secret: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert secret.exists()
    make_key(configured(tmp_path))
    synced: list[int] = []

    def fails_at_last(descriptor: int) -> None:
        synced.append(descriptor)
        if len(synced) == 3:  # the sealed file, its directory, the old file
            raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", fails_at_last)
    assert seal_key(configured(tmp_path, SEALED)) is Sealing.NOW
    assert len(synced) == 3
    load_signer(configured(tmp_path, SEALED))


def invoke(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(object_, [str(each) for each in arguments])
    return result.exit_code, result.output


def test_the_installer_makes_a_key_then_seals_it(tmp_path: Path, secret: Path) -> None:
    assert secret.exists()
    code, made = invoke("key", write(tmp_path))
    assert (code, made.splitlines()[-1]) == (0, "kept in a plain file")
    kid = made.split("signs with key ")[1][:8]
    file = write(tmp_path, GOOD + SEALED)
    code, said = invoke("seal", file)
    assert (code, said.splitlines()[0]) == (
        0,
        f"key {kid} of mirror-4 is now kept in a sealed file: {tmp_path}/data/object.key",
    )
    assert invoke("seal", file) == (0, f"key {kid} of mirror-4 was sealed before, and opens: a sealed file\n")
    code, said = invoke("seal", file, "--json")
    assert (code, json.loads(said)) == (
        0,
        {"object": "mirror-4", "kid": kid, "tier": "sealed-file", "sealed": "already"},
    )
    assert invoke("key", file)[1] == made.replace("a plain file", "a sealed file")


def test_a_program_is_told_that_a_key_was_sealed(tmp_path: Path, secret: Path) -> None:
    assert secret.exists()
    invoke("key", write(tmp_path))
    code, said = invoke("seal", write(tmp_path, GOOD + SEALED), "--json")
    assert (code, json.loads(said)["sealed"]) == (0, "now")


@pytest.mark.parametrize(
    ("command", "key", "why"),
    [
        ("key", SEALED, "the secret of the key is not there"),
        ("seal", SEALED, "run `opos object key`"),
        ("seal", PLAIN, "say first how to seal it"),
        ("key", '[key]\nkind = "sealed-fiel"\n', "Invalid value 'sealed-fiel'"),
        ("seal", '[key]\nkind = "tpm"\n', "missing required field `handle`"),
    ],
)
def test_what_is_wrong_is_one_sentence(tmp_path: Path, command: str, key: str, why: str) -> None:
    code, said = invoke(command, write(tmp_path, GOOD + key))
    assert (code, said.count("\n")) == (1, 1)
    assert why in said


def test_nothing_that_is_said_holds_the_secret_or_the_key(tmp_path: Path, secret: Path) -> None:
    keep(secret, b"hunter2-hunter2-hunter2")
    file = write(tmp_path, GOOD + SEALED)
    said = [invoke("key", file), invoke("seal", file), invoke("seal", file, "--json")]
    keep(secret, b"another-another-another")
    said.append(invoke("key", file))
    assert [code for code, _ in said] == [0, 0, 0, 1]
    assert all("hunter2" not in words and "PRIVATE" not in words for _, words in said)
