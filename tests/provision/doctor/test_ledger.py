"""The ledger and its queue: bytes that were changed, entries that are missing, what has waited too long."""

from pathlib import Path

import apsw
import msgspec
import pytest

from cloud_sync.agent.desk import AgentStatus
from edge.config import ObjectConfig, without_trust
from edge.offline_queue.ledger import SCHEMA_VERSION
from edge.offline_queue.set_aside import set_aside
from edge.provision.doctor.clock import CLOCK, read
from edge.provision.doctor.patient import Patient
from edge.provision.doctor.subject import UnknownError
from tests.cli.ledgers import BEGAN_MS, DAY, Ledgers
from tests.object.enrolled import PaperClock
from tests.object.test_config import write
from tests.provision.doctor.machines import codes, findings

_HOUR_MS = 3_600_000


@pytest.fixture
def config(tmp_path: Path) -> ObjectConfig:
    """An object with the ledger of a day: 1 genesis, 2 boot, 3 to 9 as in DAY."""
    config = without_trust(write(tmp_path))
    config.data_dir.mkdir()
    Ledgers(config.data_dir).write(*DAY)
    return config


def seen(config: ObjectConfig, hours_later: float = 1, agent: AgentStatus | None = None) -> Patient:
    clock = PaperClock(BEGAN_MS + int(hours_later * _HOUR_MS))
    return Patient(Path("object.toml"), config=config, clock=clock, agent=agent)


def change(config: ObjectConfig, sql: str) -> None:
    """Write as no journal does, past the triggers that would refuse it."""
    with apsw.Connection(str(config.ledger)) as db:
        for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
            db.execute(f"DROP TRIGGER {name}")
        db.execute(sql)


def test_a_ledger_as_it_was_written_is_well(config: ObjectConfig) -> None:
    assert (codes("ledger", seen(config)), codes("queue", seen(config))) == ([], [])


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE entry SET body = (SELECT body FROM entry WHERE seq = 5) WHERE seq = 7",
        "UPDATE entry SET sig = zeroblob(64) WHERE seq = 8",
        "UPDATE entry SET kid = 'nobodys1' WHERE seq = 8",
        "DELETE FROM entry WHERE seq = 6",
    ],
)
def test_an_entry_that_was_changed_breaks_the_chain_of_the_last_ones(config: ObjectConfig, sql: str) -> None:
    change(config, sql)
    (found,) = findings("ledger", seen(config))
    assert found.code == "OP-4002"
    assert found.mend == "systemctl restart opos-edge.service"


def test_a_file_that_is_damaged_is_evidence(config: ObjectConfig) -> None:
    with apsw.Connection(str(config.ledger)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data = bytearray(config.ledger.read_bytes())
    data[4096 * 2 : 4096 * 2 + 2048] = bytes(2048)
    config.ledger.write_bytes(data)
    assert codes("ledger", seen(config)) == ["OP-4001"]
    config.ledger.write_bytes(b"no ledger at all, and longer than a header has to be" * 99)
    assert codes("ledger", seen(config)) == ["OP-4001"]


def test_a_newer_programs_ledger_is_left_alone(config: ObjectConfig) -> None:
    change(config, f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    assert codes("versions", seen(config)) == ["OP-6102"]
    with pytest.raises(UnknownError, match="a newer version has written it"):
        codes("ledger", seen(config))


def test_a_ledger_that_was_set_aside_waits_for_a_person(config: ObjectConfig) -> None:
    set_aside(config.ledger, "damaged", "entry 7 was changed")
    (found,) = findings("ledger", seen(config))
    assert (found.code, found.mend) == ("OP-4003", f"opos ledger renew {config.ledger}")
    assert "set-aside/" in found.hand


def test_an_object_that_has_never_run_has_no_ledger_to_judge(tmp_path: Path) -> None:
    new = without_trust(write(tmp_path))
    for subject in ("ledger", "queue"):
        with pytest.raises(UnknownError, match="no ledger"):
            codes(subject, seen(new))


def test_entries_may_wait_overnight_and_no_longer(config: ObjectConfig) -> None:
    assert codes("queue", seen(config, hours_later=23)) == []
    (found,) = findings("queue", seen(config, hours_later=50))
    assert found.code == "OP-4101"
    assert found.sentence == "Entries that wait for the hub: 9, the oldest for 2 days."


def test_what_the_agent_calls_a_trouble_is_told_in_its_own_words(config: ObjectConfig) -> None:
    agent = AgentStatus(True, "live", 0, None, 0, 0, trouble="the hub wants entry 3 again")
    (found,) = findings("queue", seen(config, agent=agent))
    assert (found.code, found.sentence) == ("OP-4102", "the hub wants entry 3 again")


def test_a_clock_that_stands_before_the_ledger_is_behind(config: ObjectConfig) -> None:
    early = msgspec.structs.replace(seen(config, hours_later=-30), clock=PaperClock(BEGAN_MS - 30 * _HOUR_MS))
    assert [finding.code for finding in CLOCK.judge(read(early))] == ["OP-1402"]
