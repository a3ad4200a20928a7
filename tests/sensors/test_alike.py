"""Whoever plans a shelf is told which goods a scale cannot tell apart, and only those."""

import random

import pytest

from edge.sensors.alike import ALIKE_MAX, KINDS_MAX, Alike, Deed, TooManyKindsError, confusable
from edge.sensors.weights import Pack
from simulators.shoppers.planned import WEIGHED_TO_MG, is_told_apart, plan


def packs(*grams: int, permille: int = 30) -> dict[str, Pack]:
    return {f"{each} g": Pack(each * 1_000, each * permille) for each in grams}


@pytest.mark.parametrize(
    ("grams", "first"),
    [
        ((262, 265), Alike(Deed(("262 g",)), Deed(("265 g",)))),
        ((300, 600), Alike(Deed(("600 g",)), Deed(("300 g", "300 g")))),
        ((8,), Alike(Deed(), Deed(("8 g",)))),
        ((200, 350, 560), Alike(Deed(("560 g",)), Deed(("200 g", "350 g")))),
        ((200, 610), Alike(Deed(("610 g",)), Deed(("200 g", "200 g", "200 g")))),
        ((130, 500, 640), Alike(Deed(("130 g",)), Deed(("640 g",), ("500 g",)))),
        ((50, 1_000), Alike(Deed(("1000 g",), ("1000 g",)), Deed(("50 g",)))),
    ],
)
def test_goods_that_weigh_the_same_in_some_way_are_named(grams: tuple[int, ...], first: Alike) -> None:
    found = confusable(packs(*grams))
    assert first in found


@pytest.mark.parametrize("grams", [(), (200,), (100, 580, 950), (80, 1_000)])
def test_goods_that_differ_in_every_way_are_not_named(grams: tuple[int, ...]) -> None:
    assert confusable(packs(*grams)) == ()


def test_packs_that_differ_less_let_more_kinds_stand_together() -> None:
    assert confusable(packs(262, 290))
    assert confusable(packs(262, 290, permille=5)) == ()


def test_a_better_scale_tells_more_apart() -> None:
    close = packs(60, 66, permille=0)
    assert confusable(close)
    assert confusable(close, 1_000) == ()


def test_the_fewest_units_come_first_and_a_list_is_no_book() -> None:
    found = confusable(packs(*range(200, 208)))
    units = [
        sum(len(each) for deed in (pair.one, pair.other) for each in (deed.taken, deed.laid))
        for pair in found
    ]
    assert units == sorted(units)
    assert len(found) == ALIKE_MAX


def test_a_cell_with_more_kinds_than_anybody_plans_is_refused() -> None:
    with pytest.raises(TooManyKindsError, match=f"at most {KINDS_MAX} kinds on one cell, got 9"):
        confusable(packs(*range(100, 109)))


@pytest.mark.parametrize("seed", range(20))
def test_the_planner_of_the_simulated_shelves_follows_the_same_rule(seed: int) -> None:
    luck = random.Random(seed)
    planned = [mass_mg // 1_000 for mass_mg in plan(luck)]
    assert len(planned) > 1
    assert confusable(packs(*planned), WEIGHED_TO_MG) == ()
    offered = [luck.randint(60, 1_000) for _ in range(2)]
    assert is_told_apart([each * 1_000 for each in offered]) == (
        not confusable(packs(*offered), WEIGHED_TO_MG)
    )
