"""When a code that the camera saw is certain."""

from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.readings import CodeSeen
from edge.sensors.votes import (
    FRAMES,
    PATIENCE_FRAMES,
    Accepted,
    Ask,
    HoldStill,
    Nothing,
    Watch,
    count,
    glances,
    same,
)

COFFEE, TEA = "04006381333931", "09780441014989"


def saw(reader: str, crop: str = "frame", gtin14: str | None = COFFEE, symbology: str = "EAN13") -> CodeSeen:
    return CodeSeen(symbology, gtin14[1:] if gtin14 else "HELLO", gtin14, reader, crop)


def anything(_: str) -> bool:
    return True


# What was seen, what the shop knows -> the votes of the first code, whether it is accepted.
CASES: list[tuple[str, list[CodeSeen], Callable[[str], bool], int, bool]] = [
    ("one look is not enough", [saw("measure")], anything, 1, False),
    ("two readers agree", [saw("measure"), saw("zxing")], anything, 2, True),
    ("one reader at two crops agrees", [saw("measure", "a"), saw("measure", "b")], anything, 2, True),
    ("one crop counts once", [saw("measure"), saw("measure")], anything, 1, False),
    ("bars by their edges alone deceive", [saw("zxing"), saw("zbar")], anything, 1, False),
    ("goods that the shop does not have", [saw("measure"), saw("zxing")], {TEA}.__contains__, 2, False),
    ("a rival", [saw("measure"), saw("zxing"), saw("zbar", gtin14=TEA)], anything, 2, False),
    (
        "a rival of another symbology",
        [saw("measure"), saw("zxing"), saw("zxing", gtin14=TEA, symbology="DataMatrix")],
        anything,
        2,
        False,
    ),
    (
        "a matrix corrects its own errors",
        [saw("zxing", crop, None, "QRCode") for crop in ("frame", "closer")],
        anything,
        2,
        True,
    ),
    (
        "two of five beside a longer code",
        [saw("zxing", crop, None, "ITF") for crop in ("frame", "closer")],
        anything,
        2,
        False,
    ),
]


@pytest.mark.parametrize(
    ("votes", "known", "number", "accepted"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_a_code_counts_when_two_looks_agree_and_nothing_speaks_against_it(
    votes: list[CodeSeen], known: Callable[[str], bool], number: int, accepted: bool
) -> None:
    first = count(votes, known)[0]
    assert (first.votes, first.accepted) == (number, accepted)


READERS = st.sampled_from(["zxing", "zbar", "measure"])
SEEN = st.builds(
    saw,
    READERS,
    st.sampled_from(["frame", "band 1", "band 2"]),
    st.sampled_from([COFFEE, TEA, None]),
    st.sampled_from(["EAN13", "DataBarOmni", "QRCode", "ITF"]),
)


@given(st.lists(SEEN, max_size=20))
def test_two_products_are_never_both_accepted(votes: list[CodeSeen]) -> None:
    assert len({code.gtin14 for code in count(votes, anything) if code.accepted and code.gtin14}) < 2


@given(st.lists(SEEN, max_size=20))
def test_the_order_of_looks_changes_nothing(votes: list[CodeSeen]) -> None:
    assert {(code.gtin14, code.votes, code.accepted) for code in count(votes, anything)} == {
        (code.gtin14, code.votes, code.accepted) for code in count(votes[::-1], anything)
    }


def test_a_shopper_who_holds_an_unclear_code_is_asked_to_hold_still_and_then_to_choose() -> None:
    watch = Watch(anything)
    verdicts = [watch.frame([saw("zxing")]) for _ in range(PATIENCE_FRAMES)]
    assert verdicts[:-1] == [HoldStill()] * (PATIENCE_FRAMES - 1)
    match verdicts[-1]:
        case Ask(candidates=(only,)):
            assert (only.gtin14, only.accepted) == (COFFEE, False)
        case other:
            pytest.fail(f"expected a question, got {other}")


def test_two_frames_agree_as_two_crops_do() -> None:
    watch = Watch(anything)
    assert watch.frame([saw("measure")]) == HoldStill()
    assert isinstance(watch.frame([saw("measure")]), Accepted)


def test_what_was_put_down_is_forgotten() -> None:
    watch = Watch(anything)
    watch.frame([saw("measure"), saw("zxing")])
    assert [watch.frame([]) for _ in range(FRAMES)][-1] == Nothing()


def test_a_second_product_in_view_takes_the_first_ones_certainty() -> None:
    watch = Watch(anything)
    watch.frame([saw("measure"), saw("zxing")])
    assert watch.frame([saw("measure", gtin14=TEA)]) == HoldStill()


def test_more_votes_for_the_same_are_no_news() -> None:
    watch = Watch(anything)
    first, second = (watch.frame([saw("measure"), saw("zxing")]) for _ in range(2))
    assert same(first, second)
    assert not same(first, Nothing())


def looks(*votes: list[CodeSeen]) -> Iterator[list[CodeSeen]]:
    yield from votes
    pytest.fail("looked on although enough was seen, or the time was over")


def test_looking_ends_when_all_that_was_seen_was_seen_twice() -> None:
    seen = glances(looks([saw("measure")], [saw("zxing")]), lambda: 0, budget_ns=1)
    assert len(seen) == 2


def test_looking_ends_with_the_time_of_the_frame() -> None:
    clock = iter((0, 9, 12)).__next__
    assert len(glances(looks([saw("zxing")], []), clock, budget_ns=10)) == 1
