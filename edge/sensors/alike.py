"""Which goods without tags a scale cannot tell apart: for whoever plans a shelf."""

from collections.abc import Iterator, Mapping
from itertools import combinations, combinations_with_replacement, product
from typing import Final

import msgspec

from edge.sensors.strokes import HANDS_UNITS, LONG_UNITS
from edge.sensors.weights import Pack

# Half a second of readings that scatter by 2 g, before and after something moved, and some creep.
CELL_ERROR_MG: Final = 5_000

# More kinds than anybody puts on one cell: packs that differ by 3 % are told apart up to three or four. It is
# asked on the event loop when the goods of a shelf change, and eight take 30 ms of a desktop core.
KINDS_MAX: Final = 8

# The first ones are enough to see which kind has to go elsewhere.
ALIKE_MAX: Final = 50


class TooManyKindsError(ValueError):
    """More kinds than one cell is planned for."""


class Deed(msgspec.Struct, frozen=True):
    """What hands do in one movement: the kinds of the units that they take and that they lay back."""

    taken: tuple[str, ...] = ()
    laid: tuple[str, ...] = ()


class Alike(msgspec.Struct, frozen=True):
    """Two deeds that may change the weight by the same, and come to different bills."""

    one: Deed
    other: Deed


def confusable(packs: Mapping[str, Pack], error_mg: int = CELL_ERROR_MG) -> tuple[Alike, ...]:
    """What a shelf of these kinds (by their names) could not tell apart, the fewest units first.

    Empty means that whatever two hands do there in one movement is told from anything else that they can do
    (taking one or two, laying one back and taking one), and a unit that is taken from any three or four.
    `error_mg` is how far one weighing may be off. Raises TooManyKindsError.
    """
    if len(packs) > KINDS_MAX:
        raise TooManyKindsError(f"expected at most {KINDS_MAX} kinds on one cell, got {len(packs)}")
    found = (pair for pair in _rivals(sorted(packs)) if _overlap(pair, packs, 2 * error_mg))
    return tuple(sorted(found, key=_units)[:ALIKE_MAX])


def _rivals(kinds: list[str]) -> Iterator[Alike]:
    few = [Deed(taken) for units in range(1, HANDS_UNITS + 1) for taken in _heaps(kinds, units)]
    many = [Deed(taken) for units in range(HANDS_UNITS + 1, LONG_UNITS + 1) for taken in _heaps(kinds, units)]
    swaps = [Deed((taken,), (laid,)) for taken, laid in product(kinds, kinds) if taken != laid]
    yield from (Alike(one, other) for one, other in combinations([Deed(), *few, *swaps], 2))
    yield from (Alike(one, other) for one, other in product(few[: len(kinds)], many))
    # Another unit of the same kind is no other bill than nothing at all, and still a change of weight.
    same = [Deed((kind,), (kind,)) for kind in kinds]
    yield from (Alike(one, other) for one, other in product(same, [*few, *swaps]))


def _heaps(kinds: list[str], units: int) -> Iterator[tuple[str, ...]]:
    return combinations_with_replacement(kinds, units)


def _overlap(pair: Alike, packs: Mapping[str, Pack], error_mg: int) -> bool:
    deeds = (pair.one, pair.other)
    moved = [packs[kind] for deed in deeds for kind in (*deed.taken, *deed.laid)]
    one_mg, other_mg = (_loss_mg(deed, packs) for deed in deeds)
    return abs(one_mg - other_mg) <= error_mg + sum(pack.tolerance_mg for pack in moved)


def _loss_mg(deed: Deed, packs: Mapping[str, Pack]) -> int:
    """By how much the load becomes lighter."""
    return sum(packs[kind].mass_mg for kind in deed.taken) - sum(packs[kind].mass_mg for kind in deed.laid)


def _units(pair: Alike) -> int:
    return sum(len(each) for deed in (pair.one, pair.other) for each in (deed.taken, deed.laid))
