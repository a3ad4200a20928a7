"""How hands moved a load from one rest to the next: each pause on the way, and what two hands can do between.

A shelf of goods without tags is understood stroke by stroke: that three light units left in ten seconds, and
not a heavy one at once, shows in the pauses.
"""

from collections import deque
from itertools import pairwise
from typing import Final

import msgspec

from edge.readings import DeviceFault, DeviceReady, LoadMoving, Nanoseconds, Reading, Weighed

# Each hand takes or lays down one unit in a stroke.
HANDS_UNITS: Final = 2

# To bring a unit away and come back for another one takes a hand 1.1 s (MTM-1: reach 30 cm 12.8, grasp 3.5,
# move 30 cm 13.3, release 2 units of 36 ms).
STROKE_NS: Final = Nanoseconds(1_100_000_000)
LONG_UNITS: Final = 2 * HANDS_UNITS

# A scale that gives no weight while its load moves takes as long again to come to rest.
_SETTLES_NS: Final = Nanoseconds(1_000_000_000)

# Two readings that differ by more are a load that moves: scatter of 2 g does that once in a million.
SWING_MG: Final = 15_000

# A few readings within this are a pause; what is left of the swing by then, and scatter, is below the error.
_PAUSE_READINGS: Final = 3
_PAUSE_MG: Final = 8_000
_ERROR_MG: Final = 12_000

# More pauses than that are a hand that trembles, and no series of units.
_PAUSES_MAX: Final = 8


class Pause(msgspec.Struct, frozen=True):
    """A load that lay still for a moment, and what can have moved since the pause before.

    `high_mg` is the most that the scale showed in between: more than that was never laid down. From
    `began_ns` to `ended_ns` the load moved.
    """

    weight_mg: int
    error_mg: int
    high_mg: int
    began_ns: Nanoseconds = Nanoseconds(0)
    ended_ns: Nanoseconds = Nanoseconds(0)

    @property
    def units_max(self) -> int:
        """How many units two hands can have moved in that time."""
        return HANDS_UNITS * (1 + (self.ended_ns - self.began_ns) // STROKE_NS)


class Strokes:
    """Every reading of a scale in, steady or not; `pauses` are those since the load was last understood."""

    def __init__(self) -> None:
        self._last: deque[int] = deque(maxlen=_PAUSE_READINGS)
        self._heard_ns: Nanoseconds | None = None
        self._level_mg: int | None = None
        self._understood_mg = 0
        self._high_mg = 0
        self._began_ns: Nanoseconds | None = None
        self._ended_ns = Nanoseconds(0)
        self.pauses: list[Pause] = []

    def hear(self, reading: Reading, at_ns: Nanoseconds) -> None:
        """What one reading says of the way of the load."""
        match reading:
            case Weighed(weight_mg=weight_mg):
                self._weigh(weight_mg, at_ns)
            case LoadMoving() | DeviceFault() | DeviceReady():
                self._last.clear()
            case _:
                pass

    def understand(self, weight_mg: int) -> None:
        """The load rests, and everything that moved is known: begin anew."""
        self.pauses.clear()
        self._understood_mg = weight_mg
        self._stop(weight_mg)

    def until(self, weight_mg: int, error_mg: int) -> list[Pause]:
        """The pauses on the way to the load that rests now, which is weighed better than a pause."""
        pauses = list(self.pauses)
        end = self._now(weight_mg, error_mg)
        if pauses and self._began_ns is None and self._is_there(weight_mg):
            end = msgspec.structs.replace(pauses.pop(), weight_mg=weight_mg, error_mg=error_mg)
        return [*pauses, end]

    def rose(self, weight_mg: int) -> bool:
        """Whether the load became heavier on its way: goods that were laid down, or a hand that presses."""
        levels_mg = [self._understood_mg, *(pause.weight_mg for pause in self.pauses), weight_mg]
        return any(later - earlier > _ERROR_MG for earlier, later in pairwise(levels_mg))

    def _now(self, weight_mg: int, error_mg: int) -> Pause:
        ended_ns = self._ended_ns
        began_ns = ended_ns if self._began_ns is None else self._began_ns
        return Pause(weight_mg, error_mg, max(self._high_mg, weight_mg), began_ns, ended_ns)

    def _is_there(self, weight_mg: int) -> bool:
        """Whether that is still the level of the last pause."""
        return self._level_mg is not None and abs(weight_mg - self._level_mg) <= _ERROR_MG

    def _weigh(self, weight_mg: int, at_ns: Nanoseconds) -> None:
        if self._heard_ns is not None:
            if not self._last:
                self._move(self._heard_ns, max(self._heard_ns, Nanoseconds(at_ns - _SETTLES_NS)))
            elif abs(weight_mg - self._last[-1]) > SWING_MG:
                self._move(self._heard_ns, at_ns)
        self._heard_ns = at_ns
        self._high_mg = max(self._high_mg, weight_mg)
        self._last.append(weight_mg)
        if len(self._last) == _PAUSE_READINGS and max(self._last) - min(self._last) <= _PAUSE_MG:
            self._pause(sum(self._last) // _PAUSE_READINGS)

    def _move(self, since_ns: Nanoseconds, until_ns: Nanoseconds) -> None:
        self._began_ns = since_ns if self._began_ns is None else self._began_ns
        self._ended_ns = until_ns

    def _pause(self, weight_mg: int) -> None:
        if self._is_there(weight_mg) and self._began_ns is None:
            return
        if len(self.pauses) == _PAUSES_MAX:
            self._began_ns = self.pauses[0].began_ns  # one long stroke, for all that is known of it
            self.pauses.clear()
        self.pauses.append(self._now(weight_mg, _ERROR_MG))
        self._stop(weight_mg)

    def _stop(self, level_mg: int) -> None:
        self._level_mg = self._high_mg = level_mg
        self._began_ns = None
