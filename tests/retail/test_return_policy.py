"""What goods are worth without a receipt: the lowest price of the days before, however they are listed."""

import random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail.return_policy import DAY_MS, PriceFrom, ReturnPolicy, lowest_minor

MUG = "09520001000027"
NOW_MS = 1_790_000_000_000

PRICES = [
    (90, 100, "over before the days began"),
    (40, 350, "it held when they began"),
    (20, 300, "an offer"),
    (5, 380, "it holds now"),
]


def prices(*days: int) -> list[PriceFrom]:
    return [PriceFrom(MUG, minor, NOW_MS - ago * DAY_MS) for ago, minor, _ in PRICES if ago in days]


@pytest.mark.parametrize(
    ("known", "days", "lowest"),
    [
        ((90, 40, 20, 5), 30, 300),
        ((90, 40, 20, 5), 10, 300),
        ((90, 40, 20, 5), 4, 380),
        ((90, 40, 5), 30, 350),
        ((90, 40, 20, 5), 60, 100),
        ((5,), 30, 380),
        ((), 30, None),
    ],
)
def test_the_lowest_price_of_the_days_counts(known: tuple[int, ...], days: int, lowest: int | None) -> None:
    assert lowest_minor(prices(*known), MUG, NOW_MS, days) == lowest


def test_a_price_of_tomorrow_and_of_other_goods_does_not_count() -> None:
    others = [PriceFrom(MUG, 1, NOW_MS + 1), PriceFrom("09520001000010", 1, NOW_MS - DAY_MS)]
    assert lowest_minor([*others, *prices(5)], MUG, NOW_MS, 30) == 380


@given(
    st.lists(
        st.tuples(st.integers(-100, 5), st.integers(0, 1_000)), max_size=8, unique_by=lambda row: row[0]
    ),
    st.integers(1, 60),
    st.randoms(use_true_random=False),
)
def test_it_is_the_least_of_the_prices_of_each_day(
    rows: list[tuple[int, int]], days: int, luck: random.Random
) -> None:
    known = [PriceFrom(MUG, minor, NOW_MS + at * DAY_MS) for at, minor in rows]
    held = []
    for ago in range(days + 1):
        before = [row for row in rows if row[0] <= -ago]
        if before:
            held.append(max(before)[1])
    luck.shuffle(known)
    assert lowest_minor(known, MUG, NOW_MS, days) == min(held, default=None)


def test_a_policy_is_data_within_its_limits() -> None:
    assert msgspec.json.decode(b"{}", type=ReturnPolicy) == ReturnPolicy()
    for text in (b'{"days":90}', b'{"days":0}', b'{"void_minutes":61}', b'{"anything":1}'):
        with pytest.raises(msgspec.ValidationError):
            msgspec.json.decode(text, type=ReturnPolicy)
