"""What a shelf had lost at rests that were over before anybody understood them.

A light pack that somebody holds before the reader would otherwise hide in the tolerance of heavy ones that
leave after it.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from edge.readings import Nanoseconds
from edge.sensors.account import Change
from edge.sensors.goods import Move
from edge.sensors.weights import explain

# What was lost is looked for this long: nobody holds a pack before a reader for longer without moving it, and
# a hand that leaned while another one took is forgotten in the end.
_LOOKED_FOR_NS: Final = Nanoseconds(10_000_000_000)
_LOSSES_MAX: Final = 8


class Losses:
    """Each loss is a change of weight, below zero, since the shelf was last understood."""

    def __init__(self) -> None:
        self._losses: list[Change] = []
        self._lost_ns = Nanoseconds(0)

    def remember(self, loss: Change, now_ns: Nanoseconds) -> None:
        """The load has moved on from this change, which nobody understood."""
        if loss.change_mg < -loss.error_mg and len(self._losses) < _LOSSES_MAX:
            self._losses.append(loss)
            self._lost_ns = now_ns

    def come_back(self, now: Change) -> None:
        """The shelf has lost no more than `now`: a greater loss was put back, or a hand that pulled."""
        least_mg = now.change_mg + now.error_mg
        self._losses = [loss for loss in self._losses if loss.change_mg + loss.error_mg >= least_mg]

    def clear(self) -> None:
        """All is understood."""
        self._losses.clear()

    def found(self, moves: Sequence[Move], now_ns: Nanoseconds) -> bool:
        """Whether each loss that can hide in the tolerance of these moves is one of them, or several."""
        if now_ns - self._lost_ns > _LOOKED_FOR_NS:
            self._losses.clear()
        units = [msgspec.structs.replace(movable, units_max=count) for movable, count in moves]
        slack_mg = sum(movable.tolerance_mg * count for movable, count in moves)
        return all(
            explain(loss.change_mg, loss.error_mg, units).found
            for loss in self._losses
            if -loss.change_mg <= slack_mg + 2 * loss.error_mg
        )
