"""A shelf that somebody planned who knows that a scale cannot tell all goods apart."""

import random
from collections.abc import Sequence
from itertools import combinations, combinations_with_replacement, product
from typing import Final

from simulators.shoppers.goods import GRAMS
from simulators.shoppers.noise import PACK_PERMILLE

# Packs that differ by three per cent fill the range soon: more kinds than three are hardly ever told apart.
PLANNED_KINDS_MAX: Final = 3
_OFFERED: Final = 40
WEIGHED_TO_MG: Final = 5_000
"""What a planner believes a scale in a shop to be off by: a few readings that scatter by 2 g, and creep."""


def plan(luck: random.Random) -> list[int]:
    """What the kinds of a shelf weigh whose planner knows which goods a scale cannot tell apart.

    Of the goods that are offered one after the other, each is laid there that leaves nothing alike.
    """
    kinds: list[int] = []
    for _ in range(_OFFERED):
        offered = [*kinds, any_mg(luck)]
        if len(kinds) < PLANNED_KINDS_MAX and is_told_apart(offered):
            kinds = offered
    return kinds


def is_told_apart(nominal_mg: Sequence[int]) -> bool:
    """Whether no two things that hands can do in one movement weigh the same, however packs differ.

    Hands take one or two, or lay one back and take one; one that is taken is also told from three and four.
    What does not change a bill is all the same.
    """
    kinds = range(len(nominal_mg))
    nothing: tuple[int, ...] = ()
    few = [deed for units in (1, 2) for deed in combinations_with_replacement(kinds, units)]
    many = [deed for units in (3, 4) for deed in combinations_with_replacement(kinds, units)]
    swaps = [(a, ~b) for a in kinds for b in kinds if a != b]
    rivals = [*combinations([nothing, *few, *swaps], 2), *product(few[: len(kinds)], many)]
    # One pack against another one of its kind is no other bill, and still a change of weight.
    rivals += [(deed, (kind, ~kind)) for kind in kinds for deed in (*few, *swaps)]
    return not any(_are_alike(nominal_mg, *pair) for pair in rivals)


def _are_alike(nominal_mg: Sequence[int], one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    packs_mg = sum(nominal_mg[max(kind, ~kind)] for kind in (*one, *other)) * PACK_PERMILLE // 1000
    off_mg = abs(_change_mg(nominal_mg, one) - _change_mg(nominal_mg, other))
    return off_mg <= packs_mg + 2 * WEIGHED_TO_MG


def _change_mg(nominal_mg: Sequence[int], deed: tuple[int, ...]) -> int:
    return sum(nominal_mg[kind] if kind >= 0 else -nominal_mg[~kind] for kind in deed)


def any_mg(luck: random.Random) -> int:
    """What a kind of goods may weigh."""
    return luck.randint(*GRAMS) * 1000
