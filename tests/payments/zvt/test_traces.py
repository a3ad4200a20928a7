"""The numbers of a terminal: what lies behind a fence, over the end of the counting too."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.checkout.payments.provider import Said
from edge.checkout.payments.traces import REVERSED, History, Mark, distance, judged, mark
from edge.readings import TerminalDeed, TerminalOutcome, TerminalResult

TRACES = st.integers(1, 999_999)
HERE = "12345678"
CAPTURED = Said("captured", 1190, "EUR", f"{HERE}/000007/0107", card="VISA 0119")


def told(trace: int, amount_minor: int = 1190, code: int = 0, original: int | None = None) -> TerminalResult:
    return TerminalResult(
        *("ask-1", TerminalDeed.ENQUIRY, TerminalOutcome.DONE, True, code, amount_minor, "EUR"),
        *(trace, 100 + trace % 1000, HERE, "0119", "VISA"),
        original=original,
    )


def history(*results: TerminalResult) -> History:
    made = History()
    for result in results:
        made.note(result, "EUR")
    return made


def word(made: History, fence: int, until: int | None = None, terminal: str = HERE) -> Said | None:
    end = None if until is None else Mark(HERE, until)
    return judged(made, Mark(terminal, fence), end, 1190, lambda _place: False)


@given(TRACES, TRACES)
def test_one_of_two_traces_came_first(one: int, other: int) -> None:
    assert distance(one, other) == -distance(other, one)
    assert (distance(one, other) == 0) == (one == other)


def test_after_the_last_comes_the_first() -> None:
    assert distance(999_999, 1) == 1
    assert distance(1, 999_999) == -1
    assert distance(0, 1) == 1
    for fence in (999_998, 999_999):
        wrapped = word(history(told(fence), told(1)), fence)
        assert wrapped is not None
        assert wrapped.outcome == "captured"
    assert word(history(told(999_999), told(1)), 1) == Said("not-found")


@given(TRACES, st.integers(0, 9999), st.text("0123456789", max_size=8))
def test_a_mark_is_read_as_it_is_written(trace: int, receipt: int, terminal: str) -> None:
    place = Mark(terminal, trace, receipt)
    assert mark(str(place)) == place


@pytest.mark.parametrize("text", ["", "x", "12345678", "12345678/x", "12345678/1/x", "/"])
def test_what_is_no_mark_is_none(text: str) -> None:
    assert mark(text) is None


STORIES = {
    "nothing since": ([told(6)], Said("not-found")),
    "ours": ([told(6), told(7)], CAPTURED),
    "ours, though others were not told": ([told(7)], CAPTURED),
    "another amount": ([told(6), told(7, 400)], None),
    "declined": ([told(6), told(7, code=0x21)], Said("declined")),
    "taken back, the payment never told": ([told(8, original=7)], Said("cancelled", reason=REVERSED)),
    "another one taken back": ([told(6), told(7, original=3)], Said("not-found")),
    "another one taken back, behind a gap": ([told(6), told(8, original=3)], None),
    "counting backwards": ([told(5)], None),
    "never asked": ([], None),
}


@pytest.mark.parametrize("name", STORIES)
def test_what_lies_behind_the_fence_is_ours_or_nobody_knows(name: str) -> None:
    results, said = STORIES[name]
    assert word(history(*results), 6) == said


def test_what_lies_behind_the_next_fence_is_not_ours() -> None:
    assert word(history(told(6), told(7), told(8)), 6, until=7) == CAPTURED
    assert word(history(told(7), told(8)), 7, until=7) == Said("not-found")
    assert word(history(told(9)), 6, until=8) is None


def test_another_terminal_says_nothing_of_this_one() -> None:
    assert word(history(told(7)), 6, terminal="87654321") is None


def test_a_terminal_that_knew_of_nothing_may_begin_anywhere() -> None:
    assert word(history(), 0) == Said("not-found")
    assert word(history(told(7)), 0) == CAPTURED


def test_a_payment_of_somebody_else_is_passed_over() -> None:
    made = history(told(6), told(7))
    assert judged(made, Mark(HERE, 6), None, 1190, lambda place: place.trace == 7) == Said("not-found")
