"""The uplink, decision by decision."""

import random

import pytest

from cloud_sync.agent.duty import ALWAYS
from cloud_sync.agent.uplink import PATIENCE_NS, Outcome, Stage, Uplink, Wanted
from cloud_sync.contract.encoding import b64
from cloud_sync.contract.receipt import Receipt
from tests.agent.uplink_world import MS, Confirmed, Luckless, NumberJournal, hash_of, receipt


def uplink_of(
    head: int, acked: int = 0, *, generation: int = 0, connected: bool = True
) -> tuple[Uplink, NumberJournal]:
    journal = NumberJournal(head, Confirmed(acked, generation))
    uplink = Uplink(journal, Luckless())
    if connected:
        uplink.connected(0)
    return uplink, journal


def flowing(head: int, acked: int = 0) -> tuple[Uplink, NumberJournal]:
    """An uplink that the hub has answered, with nothing out."""
    uplink, journal = uplink_of(head, acked, generation=1)
    uplink.sent(acked, acked, 0)
    assert uplink.received(receipt(acked), 0) is Outcome.REPEATED
    assert uplink.stage is Stage.FLOWING
    return uplink, journal


def pour(uplink: Uplink, now_ns: int = 0, size: int = 256) -> list[tuple[int, int]]:
    """Send all that may go out now, in batches of at most `size`."""
    batches = []
    while (wanted := uplink.wanted(now_ns)) is not None:
        last = min(wanted.first + min(wanted.limit, size) - 1, uplink.head)
        uplink.sent(wanted.first, last, now_ns)
        batches.append((wanted.first, last))
    return batches


# What the uplink asks with, on a new connection: (head, acked) -> the batch.
QUESTIONS = [
    (0, 0, None),  # a journal without an entry has nothing to ask about
    (5, 0, (1, 5)),
    (5, 3, (4, 5)),
    (5, 5, (5, 5)),  # nothing new: the last entry once more, so that the hub says where it stands
    (1000, 0, (1, 256)),  # and no more than one batch before the first answer
]


@pytest.mark.parametrize(("head", "acked", "batch"), QUESTIONS)
def test_a_new_connection_is_asked_with_one_batch(
    head: int, acked: int, batch: tuple[int, int] | None
) -> None:
    uplink, _ = uplink_of(head, acked)
    assert pour(uplink) == ([batch] if batch else [])
    assert uplink.stage is Stage.ASKING


def test_nothing_goes_out_without_a_connection() -> None:
    uplink, _ = uplink_of(5, connected=False)
    assert pour(uplink) == []
    assert uplink.deadline_ns is None


def test_the_first_answer_opens_the_window_and_says_from_where() -> None:
    uplink, _ = uplink_of(5_000)
    assert pour(uplink) == [(1, 256)]
    assert uplink.received(receipt(1_000), 0) is Outcome.ADVANCED
    assert pour(uplink)[:2] == [(1_001, 1_256), (1_257, 1_512)]
    assert uplink.in_flight == 8


def test_objects_of_a_fleet_ask_at_different_moments_after_a_reconnect() -> None:
    def first_moment_ms(seed: int) -> int:
        uplink = Uplink(NumberJournal(5), random.Random(seed))
        uplink.connected(0)
        assert uplink.deadline_ns is not None
        return uplink.deadline_ns // MS

    moments = [first_moment_ms(seed) for seed in range(50)]
    assert max(moments) < 250
    assert len(set(moments)) > 30


def test_an_entry_alone_goes_out_at_once() -> None:
    uplink, _ = flowing(5, 5)
    uplink.grown(6, 1_000 * MS)
    assert uplink.deadline_ns is not None
    assert uplink.deadline_ns <= 1_000 * MS
    assert pour(uplink, 1_000 * MS) == [(6, 6)]


def test_an_entry_behind_another_waits_for_company_but_not_longer_than_50_ms() -> None:
    uplink, _ = flowing(5, 5)
    uplink.grown(6, 0)
    pour(uplink)
    uplink.grown(7, 10 * MS)
    uplink.grown(8, 30 * MS)
    assert pour(uplink, 59 * MS) == []
    assert uplink.deadline_ns == 60 * MS
    assert pour(uplink, 60 * MS) == [(7, 8)]


def test_an_entry_behind_another_goes_out_with_its_receipt() -> None:
    uplink, _ = flowing(5, 5)
    uplink.grown(6, 0)
    pour(uplink)
    uplink.grown(7, 1 * MS)
    uplink.received(receipt(6), 2 * MS)
    assert pour(uplink, 2 * MS) == [(7, 7)]


def test_a_full_batch_never_waits() -> None:
    uplink, _ = flowing(5, 5)
    uplink.grown(6, 0)
    pour(uplink)
    uplink.grown(6 + 256, 1 * MS)
    assert pour(uplink, 1 * MS) == [(7, 262)]


def test_a_line_that_takes_no_more_is_tried_again_later() -> None:
    uplink, _ = flowing(6, 5)
    assert uplink.wanted(0) == Wanted(6, 256)
    uplink.refused(0)
    assert uplink.wanted(99 * MS) is None
    assert uplink.deadline_ns == 100 * MS
    assert uplink.wanted(100 * MS) == Wanted(6, 256)


def test_eight_batches_are_out_and_the_ninth_waits_for_a_receipt() -> None:
    uplink, _ = flowing(10_000)
    assert len(pour(uplink)) == 8
    assert uplink.received(receipt(256), 0) is Outcome.ADVANCED
    assert pour(uplink) == [(2049, 2304)]


def test_a_silent_hub_is_a_link_that_is_down_and_is_asked_with_one_entry() -> None:
    uplink, _ = flowing(2_048)
    pour(uplink)
    assert uplink.flowing
    assert uplink.deadline_ns == 3_000 * MS
    uplink.tick(3_000 * MS)
    assert not uplink.flowing
    assert pour(uplink, 3_000 * MS) == [(1, 1)]


def test_a_hub_that_stays_silent_is_asked_less_often_until_it_answers() -> None:
    uplink, _ = uplink_of(2_000)
    asked_at_s, now_ns = [], 0
    for _ in range(5):
        pour(uplink, now_ns)
        assert uplink.deadline_ns is not None
        now_ns = uplink.deadline_ns
        asked_at_s.append(now_ns // (1_000 * MS))
        uplink.tick(now_ns)
    assert asked_at_s == [3, 8, 13, 18, 23]
    uplink.received(receipt(0), now_ns)
    assert uplink.flowing
    assert len(pour(uplink, now_ns)) == 8
    assert uplink.deadline_ns == now_ns + 3_000 * MS


def test_an_old_receipt_that_comes_before_anything_was_asked_is_no_answer() -> None:
    uplink, _ = uplink_of(4)
    uplink.received(receipt(4), 0)
    assert (uplink.acked, uplink.flowing) == (4, False)
    assert pour(uplink) == [(4, 4)], "the hub that is there now is asked all the same"
    assert uplink.received(receipt(2, generation=2), 0) is Outcome.FELL_BACK


def test_each_receipt_that_gets_further_renews_the_patience() -> None:
    uplink, _ = flowing(1_024)
    pour(uplink)
    uplink.received(receipt(256), 2_900 * MS)
    uplink.tick(3_100 * MS)
    assert uplink.flowing
    assert uplink.deadline_ns == 5_900 * MS


def test_a_reconnect_goes_back_to_what_is_confirmed() -> None:
    uplink, _ = flowing(2_000)
    pour(uplink)
    uplink.received(receipt(512), 0)
    uplink.disconnected()
    assert uplink.in_flight == 0
    uplink.connected(0)
    assert pour(uplink) == [(513, 768)]


def test_a_gap_at_the_hub_is_repaired_at_once_and_its_echoes_do_not_repeat_it() -> None:
    uplink, _ = flowing(1_024)
    assert pour(uplink) == [(1, 256), (257, 512), (513, 768), (769, 1024)]
    assert uplink.received(receipt(256), 0) is Outcome.ADVANCED
    # The second batch was lost: the third and the fourth each make the hub say where it stands.
    assert uplink.received(receipt(256), 0) is Outcome.REPEATED
    assert pour(uplink) == [(257, 512), (513, 768), (769, 1024)]
    assert uplink.received(receipt(256), 0) is Outcome.REPEATED
    assert pour(uplink) == []
    assert uplink.received(receipt(1_024), 0) is Outcome.ADVANCED
    assert uplink.in_flight == 0


def test_an_answer_to_a_question_says_from_where_to_go_on_even_while_a_gap_is_repaired() -> None:
    uplink, _ = flowing(1_024)
    pour(uplink)
    uplink.received(receipt(256), 0)
    uplink.received(receipt(256), 0)
    pour(uplink)
    uplink.tick(3_000 * MS)
    assert pour(uplink, 3_000 * MS) == [(257, 257)]
    assert uplink.received(receipt(256), 3_001 * MS) is Outcome.REPEATED
    assert pour(uplink, 3_001 * MS) == [(257, 512), (513, 768), (769, 1024)]


def test_a_receipt_beyond_what_is_out_is_not_sent_up_to_again() -> None:
    uplink, _ = flowing(1_000)
    uplink.sent(1, 256, 0)
    assert uplink.received(receipt(700), 0) is Outcome.ADVANCED  # an earlier agent had sent more
    assert pour(uplink) == [(701, 956)]


# Receipts for a journal with head 10, of which 5 are confirmed by generation 2.
MEANINGS = [
    (receipt(7, 2), Outcome.ADVANCED, 7),
    (receipt(5, 2), Outcome.REPEATED, 5),
    (receipt(4, 2), Outcome.STALE, 5),
    (receipt(9, 1), Outcome.STALE, 5),  # a hub that was replaced confirms nothing any more
    (receipt(3, 3), Outcome.FELL_BACK, 3),
    (receipt(0, 3), Outcome.FELL_BACK, 0),
    (receipt(8, 3), Outcome.ADVANCED, 8),
    (receipt(11, 2), Outcome.FORK, 5),  # an entry that this journal does not have
    (receipt(6, 2, epoch="clone"), Outcome.FORK, 5),  # another entry in its place
    (receipt(2, 2, epoch="clone"), Outcome.FORK, 5),
]


@pytest.mark.parametrize(("word", "outcome", "acked"), MEANINGS)
def test_a_receipt_means_one_thing(word: Receipt, outcome: Outcome, acked: int) -> None:
    uplink, _ = uplink_of(10, 5, generation=2)
    pour(uplink)
    assert uplink.received(word, 0) is outcome
    assert uplink.acked == acked


def test_only_a_higher_generation_makes_confirmed_entries_go_out_again() -> None:
    uplink, _ = flowing(10, 10)
    assert uplink.received(receipt(4, generation=1), 0) is Outcome.STALE
    assert pour(uplink) == []
    assert uplink.received(receipt(4, generation=2), 0) is Outcome.FELL_BACK
    assert pour(uplink) == [(5, 10)]


def test_a_fork_stops_the_uplink_for_good() -> None:
    uplink, journal = flowing(10, 10)
    assert uplink.received(receipt(12), 0) is Outcome.FORK
    assert uplink.stage is Stage.FORKED
    journal.entries = 20
    uplink.grown(20, 0)
    uplink.disconnected()
    uplink.connected(0)
    assert pour(uplink) == []
    assert uplink.deadline_ns is None


def test_a_receipt_for_an_entry_that_the_runtime_has_not_rung_yet_is_no_fork() -> None:
    uplink, journal = flowing(10, 10)
    journal.entries = 12  # sent by an agent before this one
    assert uplink.received(receipt(12), 0) is Outcome.ADVANCED


def test_a_pruned_entry_cannot_contradict() -> None:
    uplink, journal = flowing(10, 2)
    journal.pruned_to = 8
    assert uplink.received(receipt(6, epoch="clone"), 0) is Outcome.ADVANCED


def test_a_receipt_that_comes_while_nobody_is_connected_counts_and_opens_nothing() -> None:
    uplink, _ = uplink_of(10, connected=False)
    assert uplink.received(receipt(6), 0) is Outcome.ADVANCED
    assert uplink.stage is Stage.AWAY
    assert not uplink.flowing


def test_a_backlog_goes_out_once_when_nothing_fails() -> None:
    uplink, _ = flowing(100_000)
    batches = []
    while uplink.acked < 100_000:
        batches += pour(uplink)
        uplink.received(receipt(batches[-1][1]), 0)
    assert [first for first, _ in batches] == list(range(1, 100_001, 256))


def test_the_hash_of_the_world_is_that_of_the_receipt() -> None:
    assert receipt(3).hash == b64(hash_of("e1", 3))


def test_a_hub_that_was_quiet_for_long_is_asked_in_passing_and_stays_up() -> None:
    uplink, _ = flowing(5, 5)
    assert pour(uplink, ALWAYS.quiet_ns - 1) == []
    assert uplink.deadline_ns is not None
    assert pour(uplink, uplink.deadline_ns) == [(5, 5)]
    assert uplink.stage is Stage.FLOWING
    asked_ns = 2 * ALWAYS.quiet_ns
    assert uplink.received(receipt(5), asked_ns) is Outcome.REPEATED
    assert (uplink.in_flight, pour(uplink, asked_ns)) == (0, [])


def test_a_hub_that_came_back_from_a_backup_while_nothing_was_sold_gets_what_it_lacks() -> None:
    uplink, _ = flowing(5, 5)
    now_ns = 2 * ALWAYS.quiet_ns
    assert pour(uplink, now_ns) == [(5, 5)]
    assert uplink.received(receipt(2, generation=2), now_ns) is Outcome.FELL_BACK
    assert pour(uplink, now_ns) == [(3, 5)]


def test_a_quiet_hub_that_does_not_answer_is_down() -> None:
    uplink, _ = flowing(5, 5)
    now_ns = 2 * ALWAYS.quiet_ns
    pour(uplink, now_ns)
    uplink.tick(now_ns + 2 * PATIENCE_NS)
    assert uplink.stage is Stage.ASKING
