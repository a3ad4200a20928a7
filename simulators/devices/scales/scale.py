"""What every simulated scale has, whatever it speaks: a plate, an indicator with a display, and two keys."""

import random
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from simulators.devices.catalogue import BenchDevice
from simulators.devices.device import read_order
from simulators.devices.scales.display import Display
from simulators.devices.scales.indicator import Indicator, Seen
from simulators.devices.scales.plate import VERBS
from simulators.devices.scales.plate_device import REPAIR_VERBS, PlateDevice

KEY_VERBS: Final = ("press",)
# The longest that a host says to any of them, a price with tare and text, is half of it.
HEARD_BYTES_MAX: Final = 64


class PressKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="verb", tag="press"):
    """A hand presses a key of the scale; it does nothing unless the plate rests."""

    key: Literal["zero", "tare"]


class ScalePart(BenchDevice, frozen=True, forbid_unknown_fields=True):
    """What a bench's file says of any scale: how much it bears, and how long a change takes to settle."""

    capacity_g: Annotated[int, Meta(ge=1, le=45_000)] = 15_000
    settle_ms: Annotated[int, Meta(ge=1, le=60_000)] = 900


class RetailPart(ScalePart, frozen=True, forbid_unknown_fields=True):
    """What a bench's file says of a shop's scale; `step` is by how many of the last digit it counts."""

    unit: Literal["kg", "lb"] = "kg"
    step: Literal[1, 2, 5] = 1


class Scale(PlateDevice):
    """A scale without its language."""

    verbs = (*VERBS, *KEY_VERBS, *REPAIR_VERBS)

    def __init__(self, luck: random.Random, display: Display, capacity_g: int, settle_ms: int) -> None:
        self._display = display
        self._range = capacity_g, display.digit_mg
        super().__init__(luck, display.digit_mg, settle_ms)

    def power_on(self, now_ns: int, /) -> None:
        """Start over at the calibrated zero, without tare."""
        self._indicator = Indicator(self._plate, *self._range)
        super().power_on(now_ns)

    def obey(self, order: Mapping[str, Any], now_ns: int, /) -> None:
        """Do what a hand asks."""
        if order.get("verb") in KEY_VERBS:
            key: PressKey = read_order(order, self.verbs, PressKey)
            self._press(key.key, now_ns)
        else:
            super().obey(order, now_ns)

    def _press(self, key: str, now_ns: int) -> None:
        seen = self._look(now_ns)
        if not seen.steady or seen.beyond:
            return
        if key == "zero":
            self._indicator.set_zero(seen)
        else:
            self._indicator.set_tare(seen.gross_mg)

    def _look(self, now_ns: int) -> Seen:
        return self._indicator.look(now_ns)

    def _at_zero(self, seen: Seen) -> bool:
        return self._display.digits(seen.gross_mg) == 0
