"""Keys of objects: handed over in the journal, replaced or revoked; each signs where it may, nowhere else."""

from typing import Any

import pytest

from cloud_sync.contract.batch import pack
from cloud_sync.contract.facts import Boot, KeyRotated, PaymentIntent
from cloud_sync.contract.signing import SoftwareKey
from cloud_sync.contract.topics import Address
from cloud_sync.hub import objects
from cloud_sync.hub.ingest.intake import Taken
from cloud_sync.hub.ingest.keys import key_at
from cloud_sync.hub.ingest.verdict import Cursor
from cloud_sync.hub.objects import KeyOf, KnownObject, Ring
from cloud_sync.hub.projections.revoking import LastBelieved, believe_up_to
from cloud_sync.hub.store import schema
from tests.hub.hub_world import COFFEE, COFFEE_MINOR, SCARF, SCARF_MINOR, HubWorld, PaperJournal


def hand_over(journal: PaperJournal, key: SoftwareKey) -> None:
    """The journal says that `key` signs from here on, and goes on with it."""
    journal.write(KeyRotated(key.public, "file"))
    journal.key = key


def frame(journal: PaperJournal, key: SoftwareKey, first: int, last: int) -> tuple[str, bytes]:
    entries = journal.entries[first - 1 : last]
    return journal.topic, pack(key, journal.address.object, journal.epoch, entries)


def alarms(hub: HubWorld) -> list[tuple[str, str, int]]:
    return [(row[1], row[2], row[4]) for row in hub.rows("alarm")]


@pytest.fixture
def rotated(mirror: PaperJournal, keys: list[SoftwareKey]) -> PaperJournal:
    """A mirror whose 4th entry hands over from the first key to the second, with two sales behind it."""
    hand_over(mirror, keys[1])
    mirror.sell(COFFEE, 1, COFFEE_MINOR)
    mirror.sell(COFFEE, 2, COFFEE_MINOR)
    return mirror


def test_a_key_that_the_journal_hands_over_to_signs_from_there_on(
    hub: HubWorld, rotated: PaperJournal, keys: list[SoftwareKey]
) -> None:
    before = hub.intake.take(*frame(rotated, keys[0], 1, 4))
    after = hub.intake.take(*frame(rotated, keys[1], 5, 6))

    assert [hub.receipt(each).seq for each in (before, after)] == [4, 6]
    assert alarms(hub) == []
    with hub.store.reading() as connection:
        known = objects.find(connection, "mirror-4")
        assert known is not None
        assert known.key == keys[1].public
        ring = objects.rings_of(connection, {"mirror-4"})["mirror-4"]
    assert ring.current == keys[1].public.kid
    assert [(key.kid, key.epoch, key.from_seq) for key in ring.keys] == [
        (keys[0].public.kid, "", 1),
        (keys[1].public.kid, "e1", 5),
    ]


def test_both_sides_of_a_rotation_may_come_in_one_group(
    hub: HubWorld, rotated: PaperJournal, keys: list[SoftwareKey]
) -> None:
    messages = [frame(rotated, keys[0], 1, 2), frame(rotated, keys[0], 3, 4), frame(rotated, keys[1], 5, 6)]

    outcomes = hub.intake.take_many(messages)

    assert [each.taken for each in outcomes] == [Taken.APPENDED] * 3
    assert [each.answer is None for each in outcomes] == [True, True, False]
    assert hub.receipt(outcomes[2]).seq == 6


def test_what_the_new_key_signed_and_came_before_the_rotation_is_a_gap_and_no_alarm(
    hub: HubWorld, rotated: PaperJournal, keys: list[SoftwareKey]
) -> None:
    hub.intake.take(*frame(rotated, keys[0], 1, 2))

    early = hub.intake.take(*frame(rotated, keys[1], 5, 6))

    assert early.taken is Taken.GAP
    assert hub.receipt(early).seq == 2
    assert alarms(hub) == []
    hub.intake.take(*frame(rotated, keys[0], 3, 4))
    assert hub.receipt(hub.intake.take(*frame(rotated, keys[1], 5, 6))).seq == 6


def test_what_is_here_already_is_a_duplicate_whichever_key_signed_it(
    hub: HubWorld, rotated: PaperJournal, keys: list[SoftwareKey]
) -> None:
    messages = [frame(rotated, keys[0], 1, 4), frame(rotated, keys[1], 5, 6)]
    hub.intake.take_many(messages)

    again = hub.intake.take_many(messages)

    assert [each.taken for each in again] == [Taken.DUPLICATE] * 2
    assert {hub.receipt(each).seq for each in again} == {6}
    assert alarms(hub) == []


@pytest.mark.parametrize("epoch", ["e1", "e2"])
def test_a_key_that_was_handed_over_signs_nothing_new(
    hub: HubWorld, rotated: PaperJournal, keys: list[SoftwareKey], epoch: str
) -> None:
    hub.intake.take(*frame(rotated, keys[0], 1, 4))
    clone = rotated.fork(5) if epoch == "e1" else PaperJournal("mirror-4", keys[0], epoch=epoch)
    clone.key = keys[0]
    clone.sell(COFFEE, 9, COFFEE_MINOR)

    outcome = hub.intake.take(*frame(clone, keys[0], len(clone.entries), len(clone.entries)))

    assert (outcome.taken, outcome.answer) == (Taken.REFUSED, None)
    assert alarms(hub) == [("stale-key", "mirror-4", 1)]
    assert len(hub.kept(rotated)) == 4
    assert hub.receipt(hub.intake.take(*frame(rotated, keys[1], 5, 6))).seq == 6


def test_the_old_key_on_the_old_place_with_something_else_is_a_fork(
    hub: HubWorld, rotated: PaperJournal, keys: list[SoftwareKey]
) -> None:
    hub.intake.take_many([frame(rotated, keys[0], 1, 4), frame(rotated, keys[1], 5, 6)])
    clone = rotated.fork(4)
    clone.key = keys[0]
    clone.sell(COFFEE, 9, COFFEE_MINOR)

    assert hub.intake.take(*frame(clone, keys[0], 4, 4)).taken is Taken.FORKED
    assert alarms(hub) == [("fork", "mirror-4", 1)]


def test_a_new_epoch_begins_with_the_key_of_now(
    hub: HubWorld, rotated: PaperJournal, keys: list[SoftwareKey]
) -> None:
    hub.intake.take(*frame(rotated, keys[0], 1, 4))
    reborn = PaperJournal("mirror-4", keys[1], epoch="e2")
    reborn.begin()

    assert hub.receipt(hub.send(reborn, 1)).seq == 2
    assert alarms(hub) == []


def test_a_batch_ends_where_the_key_is_handed_over(
    hub: HubWorld, mirror: PaperJournal, keys: list[SoftwareKey]
) -> None:
    mirror.write(KeyRotated(keys[1].public, "file"))
    mirror.sell(COFFEE, 1, COFFEE_MINOR)

    assert hub.send(mirror, 1).taken is Taken.REFUSED
    assert alarms(hub) == [("garbage", "mirror-4", 1)]


def test_a_key_is_used_once(hub: HubWorld, rotated: PaperJournal, keys: list[SoftwareKey]) -> None:
    hand_over(rotated, keys[0])
    rotated.sell(COFFEE, 1, COFFEE_MINOR)
    hub.intake.take_many([frame(rotated, keys[0], 1, 4), frame(rotated, keys[1], 5, 7)])

    outcome = hub.intake.take(*frame(rotated, keys[0], 8, 8))

    assert outcome.taken is Taken.REFUSED
    assert alarms(hub) == [("stale-key", "mirror-4", 2)]
    assert len(hub.kept(rotated)) == 7


NO_ROTATIONS = [
    {"seq": 9},
    {"epoch": "e9"},
    {"dev": "mirror-5"},
    {"fact": Boot('"fact":{"kind":"key.rotated"')},
]


@pytest.mark.parametrize("changes", NO_ROTATIONS)
def test_what_only_looks_like_a_rotation_hands_nothing_over(
    hub: HubWorld, mirror: PaperJournal, keys: list[SoftwareKey], changes: dict[str, Any]
) -> None:
    mirror.write(**{"fact": KeyRotated(keys[1].public, "file"), **changes})
    mirror.sell(COFFEE, 1, COFFEE_MINOR)

    assert hub.receipt(hub.send(mirror, 1)).seq == 5
    assert len(hub.rows("object_key")) == 1


def test_a_key_that_a_person_replaced_signs_nothing_new_but_is_known(
    hub: HubWorld, mirror: PaperJournal, keys: list[SoftwareKey]
) -> None:
    hub.send(mirror, 1, 2)
    board = KnownObject(mirror.address, keys[1].public)
    assert objects.admit(hub.store, board, hub.clock(), replace=True) is objects.Admitted.REPLACED

    assert hub.send(mirror, 1, 2).taken is Taken.DUPLICATE
    assert hub.send(mirror, 3).taken is Taken.REFUSED
    reborn = PaperJournal("mirror-4", keys[1], epoch="e2")
    reborn.begin()
    assert hub.receipt(hub.send(reborn, 1)).seq == 2


def test_a_board_that_comes_back_is_believed_again(
    hub: HubWorld, mirror: PaperJournal, keys: list[SoftwareKey]
) -> None:
    for key in (keys[1], keys[0]):
        objects.admit(hub.store, KnownObject(mirror.address, key.public), hub.clock(), replace=True)

    assert hub.receipt(hub.send(mirror, 1)).seq == 3
    assert len(hub.rows("object_key")) == 2


def _key(kid: str, epoch: str, from_seq: int, since_ms: int) -> KeyOf:
    return KeyOf(kid, SoftwareKey.generate().public, epoch, from_seq, since_ms)


FIRST, SECOND, THIRD = _key("k1", "", 1, 10), _key("k2", "e1", 5, 20), _key("k3", "", 1, 30)

# The journal's cursor (its seq, and the kid there), its epoch, the keys, the current one; who signs next.
PLACES = [
    ((0, ""), "e1", (FIRST,), "k1", "k1"),
    ((3, "k1"), "e1", (FIRST, SECOND), "k2", "k1"),
    ((4, "k1"), "e1", (FIRST, SECOND), "k2", "k2"),
    ((5, "k2"), "e1", (FIRST, SECOND), "k2", "k2"),
    ((4, "k1"), "e0", (FIRST, SECOND), "k2", "k1"),
    ((0, ""), "e2", (FIRST, SECOND), "k2", "k2"),
    ((4, "k1"), "e1", (FIRST, SECOND, THIRD), "k3", "k3"),
    ((5, "k2"), "e1", (FIRST, SECOND, THIRD), "k3", "k3"),
    ((9, "k3"), "e1", (FIRST, SECOND, THIRD), "k3", "k3"),
]


@pytest.mark.parametrize(("cursor", "epoch", "keys_", "current", "signs"), PLACES)
def test_each_place_of_a_journal_has_one_key(
    cursor: tuple[int, str], epoch: str, keys_: tuple[KeyOf, ...], current: str, signs: str
) -> None:
    seq, kid = cursor

    ring = Ring(Address("demo", "corner", "mirror-4"), keys_, current)
    assert key_at(Cursor(seq, bytes(32), kid), epoch, ring) == signs


def believe(hub: HubWorld, epoch: str, seq: int) -> bool:
    with hub.store.writing() as connection:
        return believe_up_to(connection, LastBelieved("mirror-4", epoch, seq), "stolen", hub.clock())


def reasons(hub: HubWorld) -> list[tuple[str, int, str]]:
    return sorted((row[2], row[3], row[5]) for row in hub.rows("quarantine"))


@pytest.fixture
def lives(mirror: PaperJournal) -> list[PaperJournal]:
    """Three epochs of one mirror, with a sale each as the third entry."""
    found = [mirror]
    for epoch in ("e2", "e3"):
        journal = PaperJournal("mirror-4", mirror.key, epoch=epoch)
        journal.begin()
        journal.sell(SCARF, 1, SCARF_MINOR)
        found.append(journal)
    return found


# The last entry that is believed, how many sales count then, and what is set aside.
LAST = [
    (("e3", 3), 3, 0),
    (("e3", 2), 2, 1),
    (("e2", 3), 2, 3),
    (("e2", 0), 1, 6),
    (("e1", 1), 0, 8),
    (("", 0), 0, 9),
    (("e9", 5), 0, 9),
]


@pytest.mark.parametrize("case", LAST)
@pytest.mark.parametrize("when", ["before", "between", "after"])
def test_of_a_revoked_object_nothing_counts_after_its_last_good_entry_whenever_that_is_said(
    hub: HubWorld, lives: list[PaperJournal], case: tuple[tuple[str, int], int, int], when: str
) -> None:
    last, sales, aside = case
    for journal in lives:  # the hub hears of all epochs, in their order
        hub.send(journal, 1, 1)
    if when == "before":
        believe(hub, *last)
    receipts = [hub.receipt(hub.send(journal, 2)).seq for journal in lives]
    if when == "between":
        believe(hub, *last)
    hub.project()
    if when == "after":
        assert believe(hub, *last) is (aside > 0)

    assert receipts == [3, 3, 3]
    assert sum(row[2] for row in hub.rows("takings")) == sales
    assert {reason for _, _, reason in reasons(hub)} <= {"revoked"}
    assert len(reasons(hub)) == aside
    before = {table.name: hub.rows(table.name) for table in schema.PROJECTIONS}
    hub.projector.rebuild()
    assert {table.name: hub.rows(table.name) for table in schema.PROJECTIONS} == before
    assert len(reasons(hub)) == aside


def test_a_revoked_object_is_heard_and_answered_and_not_counted(hub: HubWorld, mirror: PaperJournal) -> None:
    hub.send(mirror, 1)
    hub.project()
    assert believe(hub, "e1", 3) is False
    mirror.sell(COFFEE, 1, COFFEE_MINOR)

    assert hub.receipt(hub.send(mirror, 4)).seq == 4
    hub.project()

    assert reasons(hub) == [("e1", 4, "revoked")]
    assert hub.rows("takings") == [("mirror-4", "EUR", 1, SCARF_MINOR)]


def test_an_intent_to_pay_is_known_once(hub: HubWorld, mirror: PaperJournal) -> None:
    mirror.write(PaymentIntent("s-1", "a-1", "stripe", 3450, "EUR"))
    mirror.write(PaymentIntent("s-2", "a-1", "stripe", 1, "EUR"))
    mirror.write(PaymentIntent("s-2", "a-2", "stripe", 1, "Euro"))
    mirror.write(PaymentIntent("s-2", "a" * 129, "stripe", 1, "EUR"))
    hub.send(mirror, 1)
    hub.project()

    assert hub.rows("intent", "entry") == [("mirror-4", "a-1", "s-1", "stripe", 3450, "EUR")]
    assert reasons(hub) == [("e1", 5, "doubled"), ("e1", 6, "currency"), ("e1", 7, "limit")]
