"""Rests that nobody understood in time: later they may tell of a thing without a tag among the others."""

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from edge.sensors.account import Change
from edge.sensors.weights import Pack

# What was as strong then as now, but for the scatter of some sightings, lay there; a hand over the tray is
# some decibels weaker.
_IN_HAND_CDB: Final = 300

# More rests than these between two that are understood are a tray where things come and go all the time.
_RESTS_MAX: Final = 8

# Packs differ by a third of the square of their tolerance (variance), and seldom by more than 3.4 times the
# square root of that.
_SELDOM: Final = 12


class _Riddle(msgspec.Struct, frozen=True):
    """A change since the last rest that was understood, and how strongly tags were heard then."""

    change: Change
    levels_cdb: Mapping[str, int]


class Hidden:
    """Keeps the rests since the last one that was understood."""

    def __init__(self) -> None:
        self._riddles: deque[_Riddle] = deque(maxlen=_RESTS_MAX)

    def keep(self, change: Change, levels_cdb: Mapping[str, int]) -> None:
        """Remember a rest that is over, and was not understood."""
        self._riddles.append(_Riddle(change, levels_cdb))

    def clear(self) -> None:
        """All is understood: whatever follows begins anew."""
        self._riddles.clear()

    def found_mg(self, came: Mapping[str, Pack], off_mg: int, levels_cdb: Mapping[str, int]) -> int:
        """What lay there then without a tag, and by the weight now still does; 0 if nothing did.

        `came` is what has come since, `off_mg` how much more the load has grown than it weighs.
        """
        then = (_excess_mg(riddle, came, levels_cdb) for riddle in self._riddles)
        return max((excess_mg for excess_mg in then if 0 < excess_mg < 2 * off_mg), default=0)


def _excess_mg(riddle: _Riddle, came: Mapping[str, Pack], levels_cdb: Mapping[str, int]) -> int:
    """By how much a rest was too heavy for what lay there then."""
    lay = [came[epc] for epc in _laid(riddle, came, levels_cdb)]
    excess_mg = riddle.change.change_mg - sum(pack.mass_mg for pack in lay)
    thrice_variance = sum(pack.tolerance_mg**2 for pack in lay) + 3 * riddle.change.error_mg**2
    return excess_mg if 3 * excess_mg**2 > _SELDOM * thrice_variance else 0


def _laid(riddle: _Riddle, came: Iterable[str], levels_cdb: Mapping[str, int]) -> Iterable[str]:
    for epc in came:
        then_cdb, now_cdb = riddle.levels_cdb.get(epc), levels_cdb.get(epc)
        if then_cdb is not None and now_cdb is not None and then_cdb >= now_cdb - _IN_HAND_CDB:
            yield epc
