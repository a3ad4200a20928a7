"""What a shelf should weigh now: two accounts of one load, and how far each of them may be off.

The short one begins anew each time the shelf is understood, so that only what moved since then has to be
explained. The long one adds up what the goods that moved should weigh, and begins anew only after a quiet
time: it remembers how much of a light item may have been lost in the tolerance of a heavy one.
"""

from typing import Final

import msgspec

from edge.readings import Nanoseconds
from edge.sensors.plateau import Still
from edge.sensors.strokes import Pause

# Drift (1 g an hour is usual) and creep after a heavy change (some grams in minutes) are followed this fast,
# in milligrams a second; a gum that is taken weighs more than that in no time.
_FOLLOWED_MG_S: Final = 20
_FOLLOW_NS: Final = Nanoseconds(200_000_000)
_FOLLOW_NS_MAX: Final = Nanoseconds(1_000_000_000)

# A load that has been weighed this well counts from its mean, and no better: some creep is always under way.
_ERROR_MG_MIN: Final = 1_500


class Change(msgspec.Struct, frozen=True):
    """How much the weight has changed, and how far off that may be."""

    change_mg: int
    error_mg: int


class Account:
    """Begins with a load that is understood as it is."""

    def __init__(self, still: Still, now_ns: Nanoseconds) -> None:
        self._followed_ns = now_ns
        self._settle(still, now_ns)
        self._long_mg = still.weight_mg
        self._slack_mg = 0

    def change(self, still: Still) -> Change:
        """What has to be explained by what moved since the shelf was last understood."""
        return Change(still.weight_mg - self._weight_mg, still.error_mg + self._error_mg)

    def since(self, pause: Pause) -> Pause:
        """A pause of the load as a change of weight, to be explained in the same way."""
        zero_mg, error_mg = self._weight_mg, pause.error_mg + self._error_mg
        change_mg, high_mg = pause.weight_mg - zero_mg, pause.high_mg - zero_mg
        return Pause(change_mg, error_mg, high_mg, pause.began_ns, pause.ended_ns)

    def long_change(self, still: Still) -> Change:
        """What has to be explained since the last quiet time, in excess of what was understood since."""
        error_mg = still.error_mg + self._error_mg + self._slack_mg
        return Change(still.weight_mg - self._long_mg, error_mg)

    def moved(self, still: Still, effect_mg: int, tolerance_mg: int, now_ns: Nanoseconds) -> None:
        """Goods that should change the weight by so much have moved, and that explains the load."""
        self._settle(still, now_ns)
        self._long_mg += effect_mg
        self._slack_mg += tolerance_mg

    def follow(self, still: Still, now_ns: Nanoseconds) -> None:
        """Nothing has moved: weigh better while it lies there, and go along with drift and creep."""
        if still.since_ns == self._since_ns and still.error_mg < self._measured_mg:
            self._settle(still, now_ns)
            return
        passed_ns = now_ns - self._followed_ns
        if passed_ns >= _FOLLOW_NS:
            limit_mg = min(passed_ns, _FOLLOW_NS_MAX) * _FOLLOWED_MG_S // 1_000_000_000
            step_mg = max(-limit_mg, min(limit_mg, still.weight_mg - self._weight_mg))
            self._weight_mg += step_mg
            self._long_mg += step_mg
            self._followed_ns = now_ns

    def rest(self) -> None:
        """It has been quiet for long: nothing is left in the tolerance of what moved before."""
        self._long_mg, self._slack_mg = self._weight_mg, 0

    def _settle(self, still: Still, now_ns: Nanoseconds) -> None:
        self._weight_mg = still.weight_mg
        self._measured_mg = still.error_mg
        self._error_mg = max(still.error_mg, _ERROR_MG_MIN)
        self._since_ns = still.since_ns
        self._followed_ns = now_ns
