"""Frames are what the hub keeps: overlaps are held against them, and entries are made of them."""

import pytest

from cloud_sync.contract.batch import ENTRIES_MAX
from cloud_sync.contract.topics import Address
from cloud_sync.hub import objects
from cloud_sync.hub.ingest.intake import Taken
from cloud_sync.hub.store.questions import figures
from tests.hub.hub_world import COFFEE, COFFEE_MINOR, TENANT, HubWorld, PaperJournal


@pytest.fixture
def long(hub: HubWorld, mirror: PaperJournal) -> PaperJournal:
    """A mirror with nine entries, of which the hub has eight, in frames of all kinds."""
    while len(mirror.entries) < 9:
        mirror.sell(COFFEE, 1, COFFEE_MINOR)
    for stretch in ((1, 2), (3, 3), (2, 6), (7, 8)):
        assert hub.send(mirror, *stretch).taken is Taken.APPENDED
    return mirror


@pytest.mark.parametrize("fork_at", range(2, 9))
@pytest.mark.parametrize("first", [1, 2])
@pytest.mark.parametrize("last", [8, 9])
def test_a_fork_is_seen_at_its_first_entry_whatever_frames_brought_the_others(
    hub: HubWorld, long: PaperJournal, fork_at: int, first: int, last: int
) -> None:
    clone = long.fork(fork_at)
    while len(clone.entries) < last:
        clone.sell(COFFEE, 9, COFFEE_MINOR)

    assert hub.send(clone, first, last).taken is Taken.FORKED

    assert [row[3] for row in hub.rows("quarantine")] == [fork_at]
    assert hub.kept(long) == [entry.body for entry in long.entries[:8]]


@pytest.mark.parametrize("last", range(2, 9))
def test_what_is_here_is_known_again_in_any_stretch(hub: HubWorld, long: PaperJournal, last: int) -> None:
    outcomes = [hub.send(long, first, last) for first in range(1, last + 1)]

    assert {outcome.taken for outcome in outcomes} == {Taken.DUPLICATE}
    assert len(hub.rows("frame")) == 4


def test_frames_that_wait_are_pending_and_then_entries_numbered_by_their_frame(
    hub: HubWorld, long: PaperJournal
) -> None:
    with hub.store.reading() as connection:
        before = figures(connection)
    hub.project()
    with hub.store.reading() as connection:
        after = figures(connection)

    assert (before.pending, before.entries, before.acked) == (8, 0, {"mirror-4": 8})
    assert (after.pending, after.entries) == (0, 8)
    brought = [(frame, at) for frame, new in ((1, 2), (2, 1), (3, 3), (4, 2)) for at in range(new)]
    rows = [row[:7] for row in sorted(hub.rows("entry"))]
    assert rows == [
        (frame * ENTRIES_MAX + at, "mirror-4", "e1", entry.seq, entry.kid, entry.hash, entry.body)
        for (frame, at), entry in zip(brought, long.entries, strict=False)
    ]


def test_an_object_that_moved_is_heard_at_its_new_place_alone(hub: HubWorld, long: PaperJournal) -> None:
    moved = PaperJournal("mirror-4", long.key)
    moved.address, moved.entries = Address(TENANT, "airport", "mirror-4"), long.entries
    objects.admit(hub.store, objects.KnownObject(moved.address, long.key.public), hub.clock(), replace=True)

    assert hub.send(long, 9).taken is Taken.REFUSED
    assert hub.send(moved, 9).taken is Taken.APPENDED
    assert [row[1] for row in hub.rows("alarm")] == ["place"]
