"""Frames that are taken together: one transaction, one answer a journal, and a bad one harms only itself."""

import random

import pytest
from sqlalchemy import insert, update

from cloud_sync.contract.signing import SoftwareKey
from cloud_sync.hub.ingest.intake import Outcome, Taken
from cloud_sync.hub.store import making, schema
from tests.hub.hub_world import COFFEE, COFFEE_MINOR, HubWorld, PaperJournal
from tests.hub.test_ingest import WRONG, PowerCutError, power_cut_before_commit


@pytest.fixture
def long(mirror: PaperJournal) -> PaperJournal:
    """A mirror with twelve entries."""
    while len(mirror.entries) < 12:
        mirror.sell(COFFEE, 1, COFFEE_MINOR)
    return mirror


def offer(hub: HubWorld, journal: PaperJournal, *stretches: tuple[int, int]) -> list[Outcome]:
    return hub.intake.take_many([(journal.topic, journal.frame(*each)) for each in stretches])


def said(hub: HubWorld, outcomes: list[Outcome]) -> list[tuple[str, int | None]]:
    """What became of each, and the seq of its receipt if it has one."""
    return [(each.taken.value, hub.receipt(each).seq if each.answer else None) for each in outcomes]


# The stretches of one journal that come together, and what is said of each.
GROUPS = [
    ([(1, 4), (5, 8), (9, 12)], [("appended", None), ("appended", None), ("appended", 12)]),
    ([(1, 4), (1, 4)], [("appended", 4), ("duplicate", 4)]),
    ([(1, 4), (3, 8)], [("appended", None), ("appended", 8)]),
    ([(1, 4), (2, 3), (5, 6)], [("appended", 4), ("duplicate", 4), ("appended", 6)]),
    ([(5, 8), (1, 4), (5, 8)], [("gap", 0), ("appended", None), ("appended", 8)]),
    ([(1, 4), (9, 12), (5, 8)], [("appended", 4), ("gap", 4), ("appended", 8)]),
    ([(2, 4), (3, 5)], [("gap", 0), ("gap", 0)]),
]


@pytest.mark.parametrize(("stretches", "expected"), GROUPS)
def test_each_frame_is_judged_where_the_ones_before_it_left_its_journal(
    hub: HubWorld,
    long: PaperJournal,
    stretches: list[tuple[int, int]],
    expected: list[tuple[str, int | None]],
) -> None:
    outcomes = offer(hub, long, *stretches)

    assert said(hub, outcomes) == expected
    last = max((seq for _, seq in expected if seq is not None), default=0)
    assert hub.kept(long) == [entry.body for entry in long.entries[:last]]


def test_an_overlap_within_a_group_is_compared_with_what_is_not_written_yet(
    hub: HubWorld, long: PaperJournal
) -> None:
    clone = long.fork(3)
    for _ in range(4):
        clone.sell(COFFEE, 9, COFFEE_MINOR)
    messages = [
        (long.topic, long.frame(1, 4)),
        (long.topic, clone.frame(2, 5)),
        (long.topic, long.frame(5, 6)),
    ]

    outcomes = hub.intake.take_many(messages)

    assert said(hub, outcomes) == [("appended", 4), ("forked", 4), ("appended", 6)]
    assert [row[3] for row in hub.rows("quarantine")] == [3]


@pytest.mark.parametrize("wrong", [each[0] for each in WRONG], ids=lambda each: each.__name__)
def test_a_bad_frame_in_a_group_harms_only_itself(
    hub: HubWorld, long: PaperJournal, shelf: PaperJournal, wrong: object
) -> None:
    assert callable(wrong)
    good = [(long.topic, long.frame(1, 6)), (shelf.topic, shelf.frame(1, 2)), (long.topic, long.frame(7, 12))]
    bad = wrong(long)

    outcomes = hub.intake.take_many([good[0], bad, good[1], bad, good[2]])

    assert [each.taken for each in outcomes] == [
        Taken.APPENDED,
        Taken.REFUSED,
        Taken.APPENDED,
        Taken.REFUSED,
        Taken.APPENDED,
    ]
    assert len(hub.kept(long)) == 12
    assert len(hub.kept(shelf)) == 2
    assert [row[4] for row in hub.rows("alarm")] == [2]


def test_a_cut_leaves_nothing_of_a_whole_group(
    hub: HubWorld, long: PaperJournal, shelf: PaperJournal
) -> None:
    messages = [(long.topic, long.frame(1, 6)), (shelf.topic, shelf.frame(1, 2)), ("nobody", b"")]

    with power_cut_before_commit(hub), pytest.raises(PowerCutError):
        hub.intake.take_many(messages)

    assert not any(hub.rows(name) for name in ("entry", "frame", "cursor", "alarm"))
    assert [each.taken for each in hub.intake.take_many(messages)][:2] == [Taken.APPENDED] * 2


def test_no_frames_are_no_transaction(hub: HubWorld) -> None:
    with power_cut_before_commit(hub):
        assert hub.intake.take_many([]) == []


@pytest.mark.parametrize("seed", range(4))
def test_however_frames_are_grouped_the_same_is_kept(
    hub: HubWorld, keys: list[SoftwareKey], long: PaperJournal, seed: int
) -> None:
    luck = random.Random(seed)
    other = hub.admit(PaperJournal("mirror-7", keys[2]))
    other.begin()
    journals = [long, other]
    messages = []
    for _ in range(60):
        journal = luck.choice(journals)
        first = luck.randint(1, len(journal.entries))
        last = min(len(journal.entries), first + luck.randint(0, 5))
        messages.append((journal.topic, journal.frame(first, last)))
    messages += [(journal.topic, journal.frame(1, len(journal.entries))) for journal in journals]
    while messages:
        size = luck.randint(1, 9)
        group, messages = messages[:size], messages[size:]
        hub.intake.take_many(group)

    for journal in journals:
        assert hub.kept(journal) == [entry.body for entry in journal.entries]
    assert hub.rows("quarantine") == hub.rows("alarm") == []


def test_a_receipt_says_what_a_backup_has_and_the_generation_of_now(
    hub: HubWorld, long: PaperJournal
) -> None:
    offer(hub, long, (1, 6))
    with hub.store.writing() as connection:
        connection.execute(update(schema.cursor).values(safe=5))
        connection.execute(update(schema.hub).values(generation=7))

    (outcome,) = offer(hub, long, (7, 12))

    receipt = hub.receipt(outcome)
    assert (receipt.seq, receipt.safe, receipt.generation) == (12, 5, 7)


def test_numbers_go_on_after_rows_that_brought_their_own(hub: HubWorld, long: PaperJournal) -> None:
    brought = {"id": 40, "at_ms": 1, "generation": 1, "entries": 0, "sha256": ""}
    with hub.store.writing() as connection:
        connection.execute(insert(schema.backup).values(**brought))
        making.count_on(connection)
        connection.execute(insert(schema.backup).values(at_ms=2, generation=1, entries=0, sha256=""))

    assert [row[0] for row in hub.rows("backup")] == [40, 41]
    assert said(hub, offer(hub, long, (1, 12))) == [("appended", 12)]


ODD_EPOCHS = ["e\0", "\n", "\u202e"]


@pytest.mark.parametrize("epoch", ODD_EPOCHS)
def test_an_epoch_that_no_database_or_screen_can_take_is_refused(
    hub: HubWorld, mirror: PaperJournal, epoch: str
) -> None:
    odd = PaperJournal("mirror-4", mirror.key, epoch=epoch)
    odd.begin()

    assert hub.send(odd, 1).taken is Taken.REFUSED
    assert hub.receipt(hub.send(mirror, 1)).seq == 3
