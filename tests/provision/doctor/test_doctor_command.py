"""`opos doctor` as it is typed: what it prints, how it ends, what it mends, and what it does not wait for."""

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from edge.cli.doctor import doctor
from edge.config import ObjectConfig
from edge.provision.doctor import examination
from edge.provision.doctor.pages import found
from edge.provision.doctor.patient import Patient, Tool
from edge.provision.doctor.subject import Subject, UnknownError
from tests.object.enrolled import enrolled_in
from tests.object.paper_hub import PaperHub
from tests.object.test_config import GOOD, write


@pytest.fixture
def config(tmp_path: Path) -> ObjectConfig:
    return enrolled_in(tmp_path / "mirror", PaperHub())


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(doctor, [str(word) for word in words])


def file_of(config: ObjectConfig) -> Path:
    return config.data_dir.parent / "object.toml"


def test_what_is_well_ends_with_0_and_a_finding_with_1(config: ObjectConfig) -> None:
    well = run(file_of(config), "--only", "file,versions")
    assert (well.exit_code, well.output.splitlines()[0]) == (0, "well: the object's file, versions")
    config.key.chmod(0o644)
    ill = run(file_of(config), "--only", "identity")
    assert ill.exit_code in {1, 4}
    assert f"  chmod 600 {config.key}" in ill.output.splitlines()


def test_an_object_that_has_to_be_let_in_ends_with_4(tmp_path: Path) -> None:
    file = write(tmp_path, GOOD)
    (tmp_path / "trust.json").unlink()
    done = run(file, "--only", "identity", "--json")
    assert done.exit_code == 4
    report = json.loads(done.stdout)
    assert [each["code"] for each in report["findings"] if each["signin"]] == ["OP-3301"]


def test_what_is_safe_is_mended_and_said_and_looked_at_again(config: ObjectConfig) -> None:
    config.key.chmod(0o644)
    config.tls.chain.unlink()
    done = run(file_of(config), "--only", "identity", "--fix", "--json")
    report = json.loads(done.stdout)
    assert [(each["code"], each["trouble"]) for each in report["mended"]] == [("OP-4202", "")]
    assert [each["code"] for each in report["findings"]] == ["OP-3301"], "that is for a person"
    assert config.key.stat().st_mode & 0o777 == 0o600


def test_a_mend_that_fails_says_so() -> None:
    findings = [found("OP-6002", unit="opos-edge.service", state="dead")] * 2
    (mended,) = examination.mend(findings, lambda _words: Tool(1, "Access denied"))
    assert (mended.command, mended.trouble) == ("systemctl start opos-edge.service", "Access denied")


def test_nothing_that_is_unsafe_is_run_unasked() -> None:
    ran: list[object] = []

    def run_nothing(words: object) -> Tool:
        ran.append(words)
        return Tool(0)

    assert list(examination.mend([found("OP-1202", kills=2)], run_nothing)) == []
    assert ran == []


@pytest.mark.parametrize("words", [("--only", "weather"), ("--jsn",), ("a", "b")])
def test_what_is_typed_wrongly_ends_with_2(words: tuple[str, ...]) -> None:
    assert run(*words).exit_code == 2


def test_a_machine_without_an_object_is_told_what_to_do(tmp_path: Path) -> None:
    done = run(tmp_path / "object.toml", "--only", "file,ledger,queue")
    assert done.exit_code == 1
    assert done.output.startswith("OP-6001:")
    assert "opos setup" in done.output
    assert "not looked at: ledger, what waits for the hub: the object's file" in " ".join(done.output.split())


def test_who_may_not_read_the_object_is_told_to_be_root(
    config: ObjectConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, _mode: Path(path) != config.data_dir)
    done = run(file_of(config), "--json")
    assert (done.exit_code, done.stdout) == (2, "")
    assert f"{config.data_dir}: Permission denied: run `sudo opos doctor`" in done.stderr


@pytest.fixture
def strange(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Subjects that hang, that cannot be known, and that the machine does not let us look at."""
    over = threading.Event()

    def hang(_: Patient) -> Iterator[None]:
        over.wait(30)
        yield from ()

    def unknown(_: Patient) -> Iterator[None]:
        raise UnknownError("it has no doors")

    def shut(_: Patient) -> Iterator[None]:
        raise PermissionError(13, "Permission denied", "/sys/doors")

    strange = {"file": Subject(hang), "disk": Subject(unknown), "clock": Subject(shut)}
    monkeypatch.setattr(examination, "SUBJECTS", strange)
    yield over
    over.set()


@pytest.mark.usefixtures("strange")
def test_what_hangs_holds_up_nobody_else() -> None:
    looked = examination.examine(Patient(Path("object.toml")), ("file", "disk", "clock"), patience_s=0.2)
    assert [each.subject for each in looked] == ["file", "disk", "clock"]
    hanging, unknown, shut = (each.unknown for each in looked)
    assert "hangs" in hanging
    assert unknown == "it has no doors"
    assert "/sys/doors" in shut
