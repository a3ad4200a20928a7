"""Keys, certificates and the files around them: what is missing, what has ended, who else can read it."""

import shlex
from pathlib import Path

import msgspec
import pytest

from edge.config import ObjectConfig, without_trust
from edge.provision.doctor.identity import IDENTITY, Belonging
from edge.provision.doctor.patient import Patient, patient_of, run_tool
from edge.provision.doctor.subject import UnknownError, at
from edge.provision.doctor.sysroot import Sysroot
from edge.provision.doctor.written import FILE
from tests.object.enrolled import PaperClock, enrolled_in
from tests.object.paper_hub import PaperHub, now_ms
from tests.object.test_config import GOOD, write
from tests.provision.doctor.machines import codes, findings, machine

_DAY_MS = 86_400_000


@pytest.fixture
def config(tmp_path: Path) -> ObjectConfig:
    return enrolled_in(tmp_path / "mirror", PaperHub())


def seen(config: ObjectConfig, days_later: int = 0) -> Patient:
    clock = PaperClock(now_ms() + days_later * _DAY_MS)
    return Patient(config.data_dir.parent / "object.toml", config=config, clock=clock)


def test_an_object_that_was_let_in_is_well(config: ObjectConfig) -> None:
    assert codes("identity", seen(config)) == []


def test_a_certificate_is_told_when_its_renewal_is_late_and_when_it_has_ended(config: ObjectConfig) -> None:
    assert codes("identity", seen(config, days_later=60)) == [], "the renewal is due, and tried"
    assert codes("identity", seen(config, days_later=75)) == ["OP-3303"]
    (ended,) = findings("identity", seen(config, days_later=100))
    assert (ended.code, ended.signin) == ("OP-3302", True)
    assert ended.mend == f"opos enroll CLAIM --dir {config.data_dir.parent}"


def test_a_lost_certificate_and_a_file_without_trust_are_no_members(
    config: ObjectConfig, tmp_path: Path
) -> None:
    config.tls.chain.unlink()
    assert codes("identity", seen(config)) == ["OP-3301"]
    alone = tmp_path / "alone"
    alone.mkdir()
    file = write(alone, GOOD)
    (alone / "trust.json").unlink()
    stranger = patient_of(file, Sysroot(tmp_path))
    assert codes("identity", stranger) == ["OP-3301", "OP-4201"]
    with pytest.raises(UnknownError, match="not enrolled"):
        codes("hub", stranger)


def test_a_key_that_others_can_read_is_shut_by_its_command(config: ObjectConfig) -> None:
    config.key.chmod(0o644)
    (found,) = findings("identity", seen(config))
    assert (found.code, found.safe) == ("OP-4202", True)
    assert run_tool(shlex.split(found.mend)).code == 0
    assert codes("identity", seen(config)) == []


def test_a_key_that_is_none_is_found(config: ObjectConfig) -> None:
    config.key.write_text("-----BEGIN PRIVATE KEY-----\nnone\n-----END PRIVATE KEY-----\n")
    (found,) = findings("identity", seen(config))
    assert found.code == "OP-4203"
    assert "none\n" not in found.sentence


def test_files_that_root_has_left_behind_go_back_to_the_services_user(config: ObjectConfig) -> None:
    (found,) = IDENTITY.judge([Belonging(config.ledger, "root", "opos")])
    mend = at(seen(config), found).mend
    assert (found.code, mend) == ("OP-4204", f"chown -R --reference={config.data_dir} {config.data_dir}")
    assert run_tool(shlex.split(mend)).code == 0


def test_a_file_that_is_wrong_is_told_by_its_own_sentence(tmp_path: Path) -> None:
    file = write(tmp_path, GOOD.replace('"mirror"', '"fridge"'))
    ill = patient_of(file, machine(tmp_path / "root", {}))
    (found,) = FILE.examine(ill)
    assert found.code == "OP-6001"
    assert str(file) in found.sentence
    assert "fridge" in found.sentence
    write(tmp_path, GOOD)
    assert FILE.examine(patient_of(file, Sysroot(tmp_path))) == []


def test_no_secret_is_among_the_words(config: ObjectConfig) -> None:
    secret = config.key.read_text().splitlines()[1]
    config.key.chmod(0o666)
    config.tls.key.chmod(0o666)
    assert secret not in msgspec.json.encode(findings("identity", seen(config, days_later=100))).decode()
    assert without_trust(config.data_dir.parent / "object.toml").key == config.key
