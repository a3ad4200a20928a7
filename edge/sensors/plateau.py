"""When the load on a scale lies still, and what it weighs then: a mean, and how far it may be off."""

from collections import deque
from math import isqrt
from typing import Final

import msgspec

from edge.readings import DeviceFault, DeviceReady, LoadMoving, Nanoseconds, Reading, Weighed

# How far the readings of a load at rest scatter (one standard deviation): 0.5 to 2 g are usual for a cell of
# a shelf. Three of them are what a mean of n readings, n times the square root weaker, may be off by.
_SCATTER_MG: Final = 2_000
_OFF_MG: Final = 3 * _SCATTER_MG

# A reading so far from the mean is another load, not scatter: one in 16 000 readings is taken for one
# wrongly, and costs a quarter of a second.
_JUMP_MG: Final = 4 * _SCATTER_MG

# No hand changes goods within so short a time: a scale that says meanwhile that it is unsteady only trembles.
_BLINK_NS: Final = Nanoseconds(250_000_000)

# Fewer readings are no rest, more no better: a scale of four readings a second needs one second, one of
# twenty takes 0.2 s, and the last sixteen are young enough to follow a slow creep.
_READINGS_MIN: Final = 4
_READINGS_MAX: Final = 16


class Still(msgspec.Struct, frozen=True):
    """A load at rest: its mean weight, how far off that may be, since when it rests, of how many readings."""

    weight_mg: int
    error_mg: int
    since_ns: Nanoseconds
    readings: int


class Plateau:
    """Readings of one scale in; `still` is the load at rest, or None while it moves or nobody knows.

    Only readings that are steady in the scale's own terms count; one that is not begins the rest anew.
    """

    def __init__(self) -> None:
        self._run: deque[int] = deque(maxlen=_READINGS_MAX)
        self._since_ns = Nanoseconds(0)
        self._rested_ns = Nanoseconds(0)
        self._before_mg: int | None = None
        self.still: Still | None = None

    def hear(self, reading: Reading, at_ns: Nanoseconds) -> None:
        """What one reading of the scale says about its rest."""
        match reading:
            case Weighed(weight_mg=weight_mg, steady=steady):
                self._weigh(weight_mg, at_ns, steady=steady)
            case LoadMoving() | DeviceFault() | DeviceReady():
                self._move()
                self._before_mg = None  # nobody sees where the load goes now
            case _:
                return
        self.still = self._rest()
        if self.still is not None:
            self._rested_ns = at_ns

    def _weigh(self, weight_mg: int, at_ns: Nanoseconds, *, steady: bool) -> None:
        if not steady or (self._run and abs(weight_mg - _mean_mg(*self._run)) > _JUMP_MG):
            self._move()
        if steady:
            if not self._run and not self._was_blink(weight_mg, at_ns):
                self._since_ns = at_ns
            self._run.append(weight_mg)

    def _was_blink(self, weight_mg: int, at_ns: Nanoseconds) -> bool:
        """Whether the scale was unsteady for a moment only, over the load that lay there before."""
        if self._before_mg is None or at_ns - self._rested_ns > _BLINK_NS:
            return False
        return abs(weight_mg - self._before_mg) <= _JUMP_MG

    def _move(self) -> None:
        """The rest is over."""
        self._run.clear()
        if self.still is not None:
            self._before_mg = self.still.weight_mg
            self.still = None

    def _rest(self) -> Still | None:
        readings = len(self._run)
        if readings < _READINGS_MIN:
            return None
        # A small load that was laid down within these readings shows as two halves that differ.
        run, half = tuple(self._run), readings // 2
        if abs(_mean_mg(*run[:half]) - _mean_mg(*run[half:])) > 2 * _off_mg(readings):
            return None
        return Still(_mean_mg(*run), _off_mg(readings), self._since_ns, readings)


def _mean_mg(*weights_mg: int) -> int:
    return (2 * sum(weights_mg) + len(weights_mg)) // (2 * len(weights_mg))


def _off_mg(readings: int) -> int:
    return _OFF_MG * 100 // isqrt(readings * 10_000)
