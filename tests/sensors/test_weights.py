"""A change of weight is explained in every way that fits, and by no other."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.sensors.weights import WAYS_MAX, Movable, Pack, explain

CRISPS, COFFEE, HONEY = Pack(50_000, 1_500), Pack(262_000, 5_000), Pack(500_000, 10_000)
TAKEN = [
    Movable.taken("crisps", CRISPS, 4),
    Movable.taken("coffee", COFFEE, 4),
    Movable.taken("honey", HONEY, 4),
]

CHANGES = [
    (0, [{}]),
    (-262_500, [{"coffee": 1}]),
    (-312_000, [{"coffee": 1, "crisps": 1}]),
    (-500_000, [{"honey": 1}]),
    (-524_000, [{"coffee": 2}]),
    (-30_000, []),
    (262_000, []),
]


@pytest.mark.parametrize(("change_mg", "ways"), CHANGES)
def test_a_change_is_explained_by_the_goods_that_weigh_as_much(
    change_mg: int, ways: list[dict[str, int]]
) -> None:
    found = explain(change_mg, 2_000, TAKEN).found
    assert [{movable.name: units for movable, units in way} for way in found] == ways


def test_goods_of_the_same_weight_are_two_explanations_and_none_is_the_only_one() -> None:
    twins = [Movable.taken("tea", COFFEE), Movable.taken("coffee", COFFEE)]
    ways = explain(-262_000, 2_000, twins)
    assert len(ways.found) == 2
    assert ways.only is None


def test_what_was_not_searched_to_the_end_has_no_only_answer() -> None:
    kinds = [Movable.taken(f"sku-{n}", Pack(1_000 + n, 500), 50) for n in range(60)]
    ways = explain(-6_000, 1_000, kinds)
    assert len(ways.found) <= WAYS_MAX
    assert not ways.complete
    assert ways.only is None


def test_more_kinds_than_anybody_can_tell_apart_have_no_only_answer() -> None:
    kinds = [Movable.taken(f"sku-{n}", Pack(10_000 * (n + 1), 0)) for n in range(65)]
    assert explain(-650_000, 0, kinds, units_max=1).only is None


MOVABLES = st.lists(
    st.builds(
        Movable,
        st.uuids().map(str),
        st.integers(-900_000, 900_000),
        st.integers(0, 20_000),
        st.integers(1, 2),
    ),
    max_size=4,
)


@given(MOVABLES, st.integers(-2_000_000, 2_000_000), st.integers(0, 50_000))
def test_the_search_finds_what_trying_everything_finds(
    movables: list[Movable], change_mg: int, error_mg: int
) -> None:
    fitting = set()
    for counts in product(*(range(movable.units_max + 1) for movable in movables)):
        moved = list(zip(movables, counts, strict=True))
        effect_mg = sum(movable.effect_mg * units for movable, units in moved)
        slack_mg = error_mg + sum(movable.tolerance_mg * units for movable, units in moved)
        if sum(counts) <= 8 and abs(change_mg - effect_mg) <= slack_mg:
            fitting.add(frozenset((movable.name, units) for movable, units in moved if units))
    ways = explain(change_mg, error_mg, movables)
    found = {frozenset((movable.name, units) for movable, units in way) for way in ways.found}
    assert found <= fitting
    assert found == fitting or not ways.complete
    assert ways.complete or len(fitting) >= WAYS_MAX
