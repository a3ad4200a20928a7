"""Ingest in processes of its own: workers share the partitions, replace each other, and lose nothing."""

import fcntl
import os
import random
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from cloud_sync.contract.signing import SoftwareKey
from cloud_sync.contract.topics import PARTITIONS, partition
from cloud_sync.hub.cli import hub as hub_command
from cloud_sync.hub.folder import Folder
from cloud_sync.hub.store import database, schema
from cloud_sync.hub.store.database import Place
from tests.hub.hub_processes import DEADLINE_S, MOSQUITTO, Broker, HubProcess, ObjectEnd, eventually
from tests.hub.hub_world import COFFEE, COFFEE_MINOR, PaperJournal

pytestmark = pytest.mark.skipif(not MOSQUITTO.exists(), reason="Mosquitto is not installed")

OBJECTS = 6
KILLS = 6


@pytest.fixture
def apart(tmp_path: Path, place: Place, broker: Broker) -> Iterator[HubProcess]:
    """A hub whose parts run apart: two ingest workers, and what people ask; on both engines."""
    folder = tmp_path / "hub"
    hub = HubProcess(folder, broker.port, place)
    yield hub
    hub.kill()
    for supervisor in hub.supervisors:
        supervisor.kill()
        supervisor.wait(DEADLINE_S)


@pytest.fixture
def journals(apart: HubProcess, keys: list[SoftwareKey]) -> list[PaperJournal]:
    """Objects of several partitions, with some entries each."""
    made = [PaperJournal(f"mirror-{number}", keys[number % len(keys)]) for number in range(OBJECTS)]
    assert len({partition(each.address.object) for each in made}) > 2
    for each in made:
        apart.admit(each)
        each.begin()
    return made


def holders(hub: HubProcess) -> dict[str, int]:
    """How many partitions each worker has."""
    store = database.connect(Folder(hub.path).database)
    try:
        with store.reading() as connection:
            workers = connection.execute(select(schema.lease.c.worker)).scalars().all()
    finally:
        store.close()
    return {worker: workers.count(worker) for worker in set(workers)}


def shared_by(hub: HubProcess, count: int) -> bool:
    found = holders(hub)
    return len(found) == count and "" not in found and max(found.values()) <= -(-PARTITIONS // count)


def children(process: int) -> list[int]:
    found = Path(f"/proc/{process}/task/{process}/children").read_text("ascii")
    return [int(each) for each in found.split()]


def test_killed_in_turn_the_workers_have_every_entry_once(
    apart: HubProcess, journals: list[PaperJournal]
) -> None:
    luck = random.Random(7)
    apart.start("api")
    supervisor = apart.start_ingest(2)
    eventually(lambda: shared_by(apart, 2), "two workers share the partitions")
    ends = [ObjectEnd(each, apart) for each in journals]
    for _ in range(KILLS):
        for journal, end in zip(journals, ends, strict=True):
            for _ in range(6):
                journal.sell(COFFEE, 1, COFFEE_MINOR)
            end.say(journal.acked + 1, len(journal.entries))
        before = children(supervisor.pid)
        os.kill(luck.choice(before), signal.SIGKILL)
        eventually(lambda b=before: len(set(children(supervisor.pid)) - set(b)) == 1, "there is a new one")  # type: ignore[misc]
    for end in ends:
        end.drain()
        end.close()
    eventually(lambda: apart.figures()["pending"] == 0, "all is counted")

    figures = apart.figures()
    assert figures["sales"] == {each.address.object: 6 * KILLS for each in journals}
    assert figures["money"] == {"EUR": OBJECTS * 6 * KILLS * COFFEE_MINOR}
    assert figures["entries"] == OBJECTS * (6 * KILLS + 2)
    assert stopped(supervisor) == 0


# A frozen worker may hold SQLite's turn to write, and then nobody writes: that is for PostgreSQL alone.
@pytest.mark.parametrize("place", ["postgresql"], indirect=True)
def test_a_worker_that_is_frozen_is_replaced_and_writes_nothing_when_it_thaws(
    apart: HubProcess, journals: list[PaperJournal]
) -> None:
    apart.start("api")
    supervisor = apart.start_ingest(2)
    eventually(lambda: shared_by(apart, 2), "two workers share the partitions")
    ends = [ObjectEnd(each, apart) for each in journals]
    frozen = children(supervisor.pid)[0]
    os.kill(frozen, signal.SIGSTOP)
    for end in ends:  # the other one has all of it, after the lease
        end.journal.sell(COFFEE, 1, COFFEE_MINOR)
        end.drain()
    os.kill(frozen, signal.SIGCONT)
    eventually(lambda: shared_by(apart, 2), "it has its share again")
    for end in ends:
        end.journal.sell(COFFEE, 1, COFFEE_MINOR)
        end.drain()
        end.close()
    eventually(lambda: apart.figures()["pending"] == 0, "all is counted")

    assert apart.figures()["sales"] == {each.address.object: 2 for each in journals}
    assert stopped(supervisor) == 0


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_a_supervisor_that_is_killed_leaves_no_worker_and_the_next_one_goes_on(
    apart: HubProcess, journals: list[PaperJournal]
) -> None:
    apart.start("api")
    supervisor = apart.start_ingest(2)
    eventually(lambda: len(children(supervisor.pid)) == 2, "there are two workers")
    workers = children(supervisor.pid)
    supervisor.kill()
    supervisor.wait(DEADLINE_S)
    eventually(lambda: not any(_lives(worker) for worker in workers), "its workers have ended")
    supervisor = apart.start_ingest(3)
    eventually(lambda: shared_by(apart, 3), "three workers share the partitions")
    end = ObjectEnd(journals[0], apart)
    end.drain()
    end.close()

    assert stopped(supervisor) == 0
    assert holders(apart) == {"": PARTITIONS}


def test_ingest_runs_once_in_a_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cloud_sync.hub.service.supervisor._LOCK_S", 0.0)
    words = ["--dir", str(tmp_path / "hub"), "--broker", "127.0.0.1:1"]
    assert CliRunner().invoke(hub_command, ["init", *words[:2]]).exit_code == 0
    with (tmp_path / "hub" / "ingest.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        answer = CliRunner().invoke(hub_command, ["ingest", *words])

    assert answer.exit_code == 1
    assert answer.stderr == f"Error: {tmp_path}/hub: ingest runs here already: end that one first\n"


def stopped(supervisor: "subprocess.Popen[bytes]") -> int:
    supervisor.terminate()
    return supervisor.wait(DEADLINE_S)


def _lives(process: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{process}/stat").read_text("ascii").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
