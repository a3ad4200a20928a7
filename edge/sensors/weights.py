"""Which goods a change of weight may be: an integer search over what can have moved, within tolerances."""

from collections.abc import Iterable, Sequence
from typing import Final, Self

import msgspec

# More units than two hands and a basket move between two rests of the scale.
UNITS_MAX: Final = 8

# Two ways that fit are one too many; a few more make a list that a person can choose from.
WAYS_MAX: Final = 6

# Every answer of ten products on one cell is found in some hundred steps; past this the search says that it
# has not seen everything, and nobody may believe that its only answer is the only one.
_STEPS_MAX: Final = 4_000

# More kinds than stand on one cell; of more than that nobody may believe an answer either.
_KINDS_MAX: Final = 64


class Pack(msgspec.Struct, frozen=True):
    """What one item weighs, how much it may differ, and of which product it is (empty if nobody said)."""

    mass_mg: int
    tolerance_mg: int
    gtin: str = ""


class Movable(msgspec.Struct, frozen=True):
    """Units of one kind that may have moved: each changes the weight by `effect_mg`, below 0 if taken."""

    name: str
    effect_mg: int
    tolerance_mg: int
    units_max: int = 1

    @classmethod
    def taken(cls, name: str, pack: Pack, units_max: int = 1) -> Self:
        """Units that lie there, and may have been taken."""
        return cls(name, -pack.mass_mg, pack.tolerance_mg, units_max)

    @classmethod
    def laid(cls, name: str, pack: Pack, units_max: int = 1) -> Self:
        """Units that are elsewhere, and may have been laid there."""
        return cls(name, pack.mass_mg, pack.tolerance_mg, units_max)


Way = tuple[tuple[Movable, int], ...]
"""One explanation: what has moved, and how many units of each; empty when nothing has."""


class Ways(msgspec.Struct, frozen=True):
    """The explanations that fit, one for each bill; `complete` says that no other one does."""

    found: tuple[Way, ...]
    complete: bool

    @property
    def only(self) -> Way | None:
        """The one explanation that fits, if it is sure to be the only one."""
        return self.found[0] if self.complete and len(self.found) == 1 else None


def explain(
    change_mg: int, error_mg: int, movables: Sequence[Movable], *, units_max: int = UNITS_MAX
) -> Ways:
    """Every way to explain `change_mg`, known to within `error_mg`, by at most `units_max` units in all.

    Tolerances of units that moved add up, since nobody has weighed them one by one. Of ways that come to the
    same bill (a unit that is laid back, and another one of its kind that is taken) the shortest is told.
    """
    search = _Search(movables)
    search.go(0, change_mg, error_mg, units_max)
    return Ways(tuple(search.found), search.complete)


class _Search:
    """A walk over the counts of each kind, the heaviest first, that turns back where nothing can fit."""

    def __init__(self, movables: Sequence[Movable]) -> None:
        heaviest = sorted(movables, key=lambda movable: (-abs(movable.effect_mg), movable.name))
        self._movables = heaviest[:_KINDS_MAX]
        self._most = [_reach(self._movables[at:]) for at in range(len(self._movables) + 1)]
        self._steps = 0
        self._way: list[tuple[Movable, int]] = []
        self._nets: list[dict[str, int]] = []
        self.found: list[Way] = []
        self.complete = len(heaviest) <= _KINDS_MAX

    def go(self, at: int, left_mg: int, slack_mg: int, units_left: int) -> None:
        """Explain `left_mg`, to within `slack_mg`, by the kinds from `at` on."""
        self._steps += 1
        if self._steps > _STEPS_MAX or len(self.found) >= WAYS_MAX:
            self.complete = False
            return
        least_mg, most_mg = self._most[at]
        if not units_left * least_mg - slack_mg <= left_mg <= units_left * most_mg + slack_mg:
            return
        if at == len(self._movables):
            self._find(tuple(self._way))
            return
        movable = self._movables[at]
        self.go(at + 1, left_mg, slack_mg, units_left)
        for units in range(1, min(movable.units_max, units_left) + 1):
            self._way.append((movable, units))
            self.go(
                at + 1,
                left_mg - units * movable.effect_mg,
                slack_mg + units * movable.tolerance_mg,
                units_left - units,
            )
            self._way.pop()

    def _find(self, way: Way) -> None:
        """Keep a way, unless one that comes to the same bill was found before it."""
        if (net := net_units(way)) not in self._nets:
            self._nets.append(net)
            self.found.append(way)


def net_units(way: Iterable[tuple[Movable, int]]) -> dict[str, int]:
    """What a way comes to on a bill: how many units of each kind more (or, below 0, fewer) are in hands."""
    net: dict[str, int] = {}
    for movable, units in way:
        net[movable.name] = net.get(movable.name, 0) + (units if movable.effect_mg < 0 else -units)
    return {name: units for name, units in net.items() if units}


def _reach(movables: Sequence[Movable]) -> tuple[int, int]:
    """The lowest and the highest that one unit may change the weight by, tolerance and all."""
    least_mg = min((movable.effect_mg - movable.tolerance_mg for movable in movables), default=0)
    most_mg = max((movable.effect_mg + movable.tolerance_mg for movable in movables), default=0)
    return min(least_mg, 0), max(most_mg, 0)
