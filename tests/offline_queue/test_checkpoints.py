"""A checkpoint signs for every projection: state = checkpoint + tail, also when the rest is pruned."""

import apsw
import pytest

from cloud_sync.contract.facts import Checkpoint
from cloud_sync.contract.signing import SoftwareKey
from edge.offline_queue.journal import Journal
from edge.offline_queue.outcomes import Appended, IdemConflictError, JournalClosedError, Recorded
from edge.offline_queue.pen import Order, Pen
from edge.offline_queue.projections import NoStartError
from tests.offline_queue.conftest import StillClock
from tests.offline_queue.desk import (
    Counted,
    Desk,
    arrived,
    confirm,
    facts,
    receipt,
    words,
    write,
    write_many,
)


def test_a_checkpoint_names_the_state_of_every_projection_and_the_key(desk: Desk) -> None:
    pen = desk.pen()
    write_many(pen, 5)
    fact = pen.checkpoint().body.fact
    assert isinstance(fact, Checkpoint)
    assert fact.key == desk.key.public
    assert [(state.name, state.version) for state in fact.states] == [("counted", 1)]
    assert desk.problems() == []


def test_equal_states_have_equal_hashes_whatever_came_between(desk: Desk) -> None:
    pen = desk.pen()
    write(pen, "a")
    first, second = pen.checkpoint().body.fact, pen.checkpoint().body.fact
    assert isinstance(first, Checkpoint)
    assert isinstance(second, Checkpoint)
    assert first.states == second.states


def test_nothing_is_pruned_before_a_backup_of_the_hub_covers_a_checkpoint(desk: Desk) -> None:
    pen = desk.pen()
    write_many(pen, 5)
    checkpoint = pen.checkpoint().entry.seq
    write(pen, "last")
    assert pen.prune() == 0
    confirm(pen, desk)
    assert pen.prune() == 0
    confirm(pen, desk, safe=checkpoint - 1)
    assert pen.prune() == 0
    confirm(pen, desk, safe=checkpoint)
    assert pen.prune() == checkpoint - 1
    assert pen.floor == checkpoint
    assert desk.kinds() == ["checkpoint", "stock.move"]
    assert desk.problems() == []


def test_pruning_goes_from_checkpoint_to_checkpoint(desk: Desk) -> None:
    pen = desk.pen()
    for n in range(3):
        write_many(pen, 3, f"{n}-")
        pen.checkpoint()
    confirm(pen, desk, safe=pen.head)
    assert [pen.prune() for _ in range(4)] == [5, 4, 4, 0]
    assert desk.kinds() == ["checkpoint"]
    assert desk.problems() == []


def test_a_pruned_ledger_goes_on_after_a_restart(desk: Desk) -> None:
    pen = desk.pen()
    write_many(pen, 4)
    pen.checkpoint()
    confirm(pen, desk, safe=pen.head)
    pen.prune()
    again = desk.pen()
    assert again.floor == pen.floor
    write(again, "after")
    assert list(again.rebuild())
    assert desk.rows("SELECT units FROM counted WHERE holder = 'shelf'") == [(5,)]
    assert desk.problems() == []


def test_the_key_of_a_pruned_entry_is_not_used_again(desk: Desk) -> None:
    pen = desk.pen()
    write(pen, "a")
    pen.checkpoint()
    confirm(pen, desk, safe=pen.head)
    pen.prune()
    refused = [*write(pen, "a"), *write(desk.pen(), "a")]
    for each in refused:
        assert isinstance(each, IdemConflictError)
        assert "no longer has" in str(each)
    assert desk.problems() == []


def test_keys_are_forgotten_after_90_days(desk: Desk, clock: StillClock) -> None:
    pen = desk.pen()
    write(pen, "old")
    for days in (0, 91):
        clock.ms += days * 24 * 3_600 * 1_000
        pen.checkpoint()
        confirm(pen, desk, safe=pen.head)
        while pen.prune():
            pass
    (written,) = write(pen, "old")
    assert isinstance(written, Appended)
    assert written.recorded is Recorded.NOW


def test_a_hub_from_an_old_backup_is_told_that_its_entries_are_pruned(desk: Desk) -> None:
    pen = desk.pen()
    write_many(pen, 3)
    pen.checkpoint()
    before = desk.entries()
    confirm(pen, desk, safe=pen.head)
    pen.prune()
    too_old = receipt(pen, before, pen.floor - 2, generation=2)
    with pytest.raises(ValueError, match="restore a newer backup"):
        pen.acknowledge(too_old, words(too_old))
    just_enough = receipt(pen, before, pen.floor - 1, generation=2)
    assert pen.acknowledge(just_enough, words(just_enough)) == pen.floor - 1


def test_a_projection_of_a_new_version_is_rebuilt_from_the_bodies(desk: Desk) -> None:
    pen = desk.pen()
    write_many(pen, 3)

    class Renewed(Counted):
        version = 2
        reads = (1, 2)

    desk.projections = (Renewed(),)
    desk.pen()
    assert desk.rows("SELECT units FROM counted WHERE holder = 'shelf'") == [(3,)]
    assert desk.problems() == []


@pytest.mark.parametrize("reads", [(1, 2), (2,)])
def test_a_pruned_ledger_wants_a_version_that_reads_the_old_state(desk: Desk, reads: tuple[int, ...]) -> None:
    pen = desk.pen()
    write_many(pen, 3)
    pen.checkpoint()
    confirm(pen, desk, safe=pen.head)
    pen.prune()
    desk.close()

    class Renewed(Counted):
        version = 2

    Renewed.reads = reads
    desk.projections = (Renewed(),)
    if 1 in reads:
        desk.pen()
        assert desk.rows("SELECT units FROM counted WHERE holder = 'shelf'") == [(3,)]
        assert desk.problems() == []
        return
    journal = Journal(Pen(desk.path, desk.key, "shelf", desk.clock, desk.projections))
    with pytest.raises(JournalClosedError, match="no state of it that version 2 reads"):
        journal.start("1.0")
    journal.close()
    with pytest.raises(NoStartError):
        desk.pen()


def test_a_checkpoint_is_due_after_a_few_thousand_entries(desk: Desk) -> None:
    pen = desk.pen()
    assert not pen.checkpoint_is_due
    for n in range(64):
        pen.write([Order(arrived(f"{n}-{m}"), f"{n}-{m}") for m in range(64)])
    assert pen.checkpoint_is_due
    pen.checkpoint()
    assert not pen.checkpoint_is_due


def test_a_rotated_key_signs_from_the_next_entry_on(desk: Desk) -> None:
    pen = desk.pen()
    old, desk.key = desk.key, SoftwareKey.generate()
    assert pen.rotate(desk.key).entry.kid == old.public.kid
    pen = desk.pen()
    (after,) = write(pen, "a")
    assert isinstance(after, Appended)
    assert after.entry.kid == desk.key.public.kid
    write(desk.pen(), "b")
    assert desk.problems() == []


def test_a_failed_checkpoint_leaves_the_head_where_it_was(desk: Desk) -> None:
    pen = desk.pen()
    write(pen, "a")
    head = pen.head
    pen._db.execute("CREATE TEMP TRIGGER no BEFORE INSERT ON closing BEGIN SELECT RAISE(ABORT, 'no'); END")
    with pytest.raises(apsw.ConstraintError):
        pen.checkpoint()
    assert pen.head == head
    pen._db.execute("DROP TRIGGER no")
    assert pen.checkpoint().entry.seq == head + 1
    assert len(list(facts(desk.entries()))) == head + 1
