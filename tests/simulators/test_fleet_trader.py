"""One object of the fleet at its line: what it sends, what it believes, and when it sends again."""

from collections.abc import Callable
from itertools import pairwise

import msgspec
import pytest

from cloud_sync.contract.batch import peek
from simulators.fleet.contract import FRAMES_OUT_MAX, Receipt
from simulators.fleet.trader import PATIENCE_NS, Believed, Trader

NOW = 1_000_000_000
LONG = 2 * PATIENCE_NS
WALL_MS = 1_790_000_000_000


def trader(sales: int) -> Trader:
    """An object that has sold so often and has a line since NOW."""
    made = Trader("fleet-0001", seed=1)
    made.open(0, WALL_MS)
    for _ in range(sales):
        made.sell(NOW - 1, WALL_MS, "2026-01-31")
    made.linked(NOW)
    return made


def pumped(made: Trader, now_ns: int = NOW) -> list[tuple[int, int]]:
    """First and last entry of each frame that goes out now."""
    out = []
    while frame := made.frame(now_ns):
        header = peek(frame)
        out.append((header.first, header.first + header.n - 1))
    return out


def receipt(made: Trader, seq: int, generation: int = 1) -> Receipt:
    book = made.book
    digest = book.hash_of(min(seq, book.head))
    return Receipt(book.dev, book.epoch, seq, digest, generation, 0, WALL_MS)


def test_an_object_asks_with_one_frame_before_it_pours() -> None:
    made = trader(sales=3_000)
    (asked,) = pumped(made)
    assert asked[0] == 1
    assert made.heard(receipt(made, asked[1]), NOW) is Believed.NEWS
    out = pumped(made)
    assert len(out) == FRAMES_OUT_MAX
    assert out[0][0] == asked[1] + 1
    assert all(one[1] + 1 == other[0] for one, other in pairwise(out))


def test_a_receipt_makes_room_for_as_many_frames_as_it_confirms() -> None:
    made = trader(sales=4_000)
    made.heard(receipt(made, pumped(made)[0][1]), NOW)
    out = pumped(made)
    made.heard(receipt(made, out[2][1]), NOW)
    assert len(pumped(made)) == 3
    assert made.sent_again == 0


def test_everything_is_confirmed_once_and_each_sale_has_waited_since_there_was_a_line() -> None:
    made = trader(sales=10)
    pumped(made)
    assert not made.is_confirmed
    made.heard(receipt(made, made.book.head), NOW + 7)
    assert made.is_confirmed
    assert made.waits_ns == [7] * 10
    made.sell(NOW + 10, WALL_MS, "2026-01-31")
    assert len(pumped(made)) == 1
    made.heard(receipt(made, made.book.head), NOW + 15)
    assert made.waits_ns[10:] == [5]


def test_a_hub_that_says_nothing_is_asked_again_with_one_frame_from_what_it_has() -> None:
    made = trader(sales=3_000)
    first = pumped(made)[0]
    made.heard(receipt(made, first[1]), NOW)
    assert len(pumped(made)) == FRAMES_OUT_MAX
    made.tick(NOW + 1)
    assert pumped(made) == []
    made.tick(NOW + LONG)
    assert [first for first, _ in pumped(made, NOW + LONG)] == [first[1] + 1]
    assert made.sent_again == 1


def test_a_gap_is_repaired_once_however_often_the_hub_says_it() -> None:
    made = trader(sales=3_000)
    first = pumped(made)[0]
    made.heard(receipt(made, first[1]), NOW)
    out = pumped(made)
    assert made.heard(receipt(made, first[1]), NOW) is Believed.ECHO
    assert pumped(made)[0] == out[0]
    for _ in range(3):
        made.heard(receipt(made, first[1]), NOW)
    assert pumped(made) == []


def test_what_was_on_its_way_when_a_line_broke_goes_out_again() -> None:
    made = trader(sales=5)
    assert pumped(made) == [(1, 7)]
    made.unlinked()
    made.linked(NOW + 5)
    assert pumped(made) == [(1, 7)]


def test_an_older_word_of_the_hub_changes_nothing_and_one_of_a_restored_hub_does() -> None:
    made = trader(sales=5)
    pumped(made)
    made.heard(receipt(made, 7), NOW)
    assert made.heard(receipt(made, 3), NOW) is Believed.STALE
    assert made.acked == 7
    assert made.heard(receipt(made, 3, generation=2), NOW) is Believed.NEWS
    assert made.acked == 3
    assert pumped(made) == [(4, 7)]
    made.heard(receipt(made, 7, generation=2), NOW)
    assert len(made.waits_ns) == 5


def other_hash(made: Trader) -> Receipt:
    return msgspec.structs.replace(receipt(made, 3), hash=made.book.hash_of(4))


FALSE: dict[str, Callable[[Trader], Receipt]] = {
    "of another object": lambda made: msgspec.structs.replace(receipt(made, 3), dev="fleet-0002"),
    "of another epoch": lambda made: msgspec.structs.replace(receipt(made, 3), epoch="another"),
    "of an entry that was never written": lambda made: receipt(made, 8),
    "of another entry in its place": other_hash,
    "of less than nothing": lambda made: msgspec.structs.replace(receipt(made, 3), seq=-1),
}


@pytest.mark.parametrize("what", FALSE)
def test_an_object_does_not_believe_a_receipt(what: str) -> None:
    made = trader(sales=5)
    pumped(made)
    assert made.heard(FALSE[what](made), NOW) is Believed.FALSE
    assert (made.acked, made.waits_ns) == (0, [])
