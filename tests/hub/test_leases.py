"""Partitions among workers: each is one's at a time, all are shared, and who lost one writes nothing."""

import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from cloud_sync.contract.signing import SoftwareKey
from cloud_sync.contract.topics import PARTITIONS, partition
from cloud_sync.hub.ingest.intake import Intake, Taken
from cloud_sync.hub.ingest.leases import LEASE_S, Lease, Leases, share
from cloud_sync.hub.projections.projector import Projector
from cloud_sync.hub.store import database, schema
from tests.hub.hub_world import COFFEE, COFFEE_MINOR, HubWorld, PaperJournal

Worker = Callable[[str], Leases]


@pytest.fixture
def worker(hub: HubWorld) -> Worker:
    return lambda name: Leases(hub.store, name, hub.clock)


def pass_by(hub: HubWorld, seconds: float) -> None:
    hub.clock.now_ms += int(seconds * 1000)


def test_one_worker_alone_has_all_partitions(worker: Worker) -> None:
    alone = worker("a")

    assert alone.hold() == dict.fromkeys(range(PARTITIONS), 1)
    assert alone.hold() == dict.fromkeys(range(PARTITIONS), 1)


@pytest.mark.parametrize("count", [2, 3, 5, 64, 70])
def test_workers_share_all_partitions_fairly(worker: Worker, count: int) -> None:
    workers = [worker(f"w{n}") for n in range(count)]
    for _ in range(2):
        held = [each.hold() for each in workers]

    parts = sorted(part for tokens in held for part in tokens)
    assert parts == list(range(PARTITIONS))
    assert max(len(tokens) for tokens in held) <= -(-PARTITIONS // count)


def test_what_a_dead_worker_had_goes_to_the_others_when_its_time_is_over(
    hub: HubWorld, worker: Worker
) -> None:
    alive, dead = worker("a"), worker("b")
    for _ in range(2):
        alive.hold(), dead.hold()
    assert len(alive.hold()) == PARTITIONS / 2

    pass_by(hub, LEASE_S - 1)
    assert len(alive.hold()) == PARTITIONS / 2
    pass_by(hub, 2)
    tokens = alive.hold()

    # Half of them changed hands once, as the other worker came, and half again, as it was gone.
    assert sorted(tokens.values()) == [1] * 32 + [3] * 32


def test_a_worker_that_leaves_gives_everything_back_at_once(worker: Worker) -> None:
    leaving, staying = worker("a"), worker("b")
    leaving.hold()
    staying.hold()

    leaving.let_go()

    assert staying.hold() == dict.fromkeys(range(PARTITIONS), 2)


def test_a_worker_that_was_started_again_fences_the_one_before_it(worker: Worker) -> None:
    before, after = worker("a"), worker("a")
    before.hold()

    assert after.hold() == dict.fromkeys(range(PARTITIONS), 2)
    assert before.hold() == dict.fromkeys(range(PARTITIONS), 3)


def test_a_worker_whose_lease_ended_unseen_goes_on_with_it(hub: HubWorld, worker: Worker) -> None:
    slow = worker("a")
    slow.hold()
    pass_by(hub, 10 * LEASE_S)

    assert slow.hold() == dict.fromkeys(range(PARTITIONS), 1)


def test_a_worker_needs_a_name(worker: Worker) -> None:
    with pytest.raises(ValueError, match="needs a name"):
        worker("")


# What a worker "me" that holds token 3 of partition 0 makes of a lease at 1000 ms: renewed, taken, back.
LEASES = [
    (Lease(0, "me", 3, 2000), 1, ((0,), (), ())),
    (Lease(0, "me", 3, 500), 1, ((0,), (), ())),
    (Lease(0, "me", 3, 2000), 0, ((), (), (0,))),
    (Lease(0, "me", 4, 2000), 1, ((), (0,), ())),
    (Lease(0, "you", 4, 2000), 1, ((), (), ())),
    (Lease(0, "you", 4, 1000), 1, ((), (0,), ())),
    (Lease(0, "", 3, 0), 1, ((), (0,), ())),
    (Lease(0, "you", 3, 2000), 1, ((), (), ())),
]


@pytest.mark.parametrize(("lease", "fair", "expected"), LEASES)
def test_a_lease_is_renewed_taken_given_back_or_left_alone(
    lease: Lease, fair: int, expected: tuple[tuple[int, ...], ...]
) -> None:
    found = share([lease], "me", {0: 3}, fair, 1000)

    assert (found.renewed, found.taken, found.given_back) == expected


def test_a_frame_of_a_partition_that_is_another_workers_is_fenced_and_nothing_is_written(
    hub: HubWorld, worker: Worker, mirror: PaperJournal
) -> None:
    old, new = worker("a"), worker("b")
    stale = old.hold()
    pass_by(hub, 2 * LEASE_S)
    fresh = new.hold()
    message = (mirror.topic, mirror.frame(1, 3))

    (late,) = hub.intake.take_many([message], stale)
    (unheld,) = hub.intake.take_many([message], {})

    assert [(each.taken, each.answer) for each in (late, unheld)] == [(Taken.FENCED, None)] * 2
    assert hub.rows("entry") == hub.rows("frame") == hub.rows("alarm") == []
    (taken,) = hub.intake.take_many([message], fresh)
    assert hub.receipt(taken).seq == 3


def test_in_a_group_only_what_is_of_a_lost_partition_is_fenced(
    hub: HubWorld, worker: Worker, mirror: PaperJournal, shelf: PaperJournal
) -> None:
    tokens = worker("a").hold()
    tokens[partition("mirror-4")] -= 1
    group = [(mirror.topic, mirror.frame(1, 3)), (shelf.topic, shelf.frame(1, 2)), ("hello", b"")]

    outcomes = hub.intake.take_many(group, tokens)

    assert [each.taken for each in outcomes] == [Taken.FENCED, Taken.APPENDED, Taken.REFUSED]
    assert hub.kept(mirror) == []
    assert len(hub.kept(shelf)) == 2


class Crew:
    """Workers in threads, each with a store, leases, intake and projector of its own, as processes have."""

    def __init__(self, hub: HubWorld, size: int) -> None:
        self.hub = hub
        self.stores = [database.connect(hub.place) for _ in range(size)]
        self.leases = [Leases(store, f"w{n}", hub.clock) for n, store in enumerate(self.stores)]
        self.intakes = [Intake(store, hub.receipt_key, hub.clock) for store in self.stores]
        self.projectors = [Projector(store, first_part=13 * n) for n, store in enumerate(self.stores)]
        self.done = threading.Event()

    def close(self) -> None:
        for store in self.stores:
            store.close()

    def work(self, number: int, messages: list[tuple[str, bytes]], seed: int) -> int:
        """Offer frames to one worker again and again, in groups, as a broker that repeats itself would."""
        luck = random.Random(seed)
        fenced = 0
        for _ in range(12):
            tokens = self.leases[number].hold()
            if luck.random() < 0.2:
                self.leases[number].let_go()  # and goes on with what it had: the token must stop it
            group = luck.sample(messages, min(len(messages), 8))
            outcomes = self.intakes[number].take_many(sorted(group), tokens)
            fenced += sum(outcome.taken is Taken.FENCED for outcome in outcomes)
            self.projectors[number].step()
        return fenced


@pytest.fixture
def crew(hub: HubWorld) -> Iterator[Crew]:
    workers = Crew(hub, 3)
    yield workers
    workers.close()


@pytest.mark.parametrize("seed", range(3))
def test_workers_on_one_database_keep_and_count_every_entry_once(
    hub: HubWorld, keys: list[SoftwareKey], crew: Crew, seed: int
) -> None:
    journals = [hub.admit(PaperJournal(f"mirror-{n}", keys[n % 3])) for n in range(6)]
    for journal in journals:
        journal.begin()
        for n in range(18):
            journal.sell(COFFEE, 1 + n % 3, COFFEE_MINOR)
    messages = [
        (journal.topic, journal.frame(first, first + 3)) for journal in journals for first in range(1, 21, 4)
    ]

    with ThreadPoolExecutor(3) as threads:
        list(threads.map(lambda n: crew.work(n, messages, seed * 3 + n), range(3)))
    for journal in journals:  # what no worker took in the end, one of them does
        hub.send(journal, 1)
    hub.project()

    for journal in journals:
        assert hub.kept(journal) == [entry.body for entry in journal.entries]
    assert sorted(row[2] for row in hub.rows("takings")) == [18] * 6
    assert hub.rows("quarantine") == hub.rows("alarm") == []
    before = {table.name: hub.rows(table.name) for table in schema.PROJECTIONS}
    hub.projector.rebuild()
    assert {table.name: hub.rows(table.name) for table in schema.PROJECTIONS} == before
