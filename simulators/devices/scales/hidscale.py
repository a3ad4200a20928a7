"""A USB scale of the HID point-of-sale class: a report of six bytes again and again, as /dev/hidraw gives it.

USB HID Point of Sale Usage Tables 1.02, page 0x8D: report id, status, unit, exponent of ten, weight.
"""

import random
import struct
from typing import Annotated, Final, Literal

from msgspec import Meta

from simulators.devices.personas import HidPersona
from simulators.devices.scales.display import Display
from simulators.devices.scales.hid_descriptor import descriptor
from simulators.devices.scales.indicator import OVERLOAD, Seen
from simulators.devices.scales.scale import Scale, ScalePart

SECOND_NS: Final = 1_000_000_000
REPORT: Final = struct.Struct("<BBBbH")
DATA_ID: Final = 3
WEIGHT_MAX: Final = 0xFFFF
# An id that pid.codes keeps free for tests: this is nobody's model.
VENDOR, PRODUCT = 0x1209, 0x0002
# The numbers that the tables give the states and the units.
FAULT, AT_ZERO, MOVING, STABLE, UNDER_ZERO, OVER_LIMIT, CALIBRATE, REZERO = range(1, 9)
UNITS: Final = {"g": 2, "kg": 3, "oz": 11, "lb": 12}
DECIMALS: Final = {"g": 0, "kg": 3, "oz": 1, "lb": 2}
BROKEN: Final = {"electronics": FAULT, "calibration": CALIBRATE, "zero": REZERO}
# The scale control report (usage 0x31) as one byte of flags; a descriptor says which bit is which, we chose.
ZERO_SCALE, ENFORCED_ZERO = 1 << 0, 1 << 1


class Part(ScalePart, frozen=True, forbid_unknown_fields=True):
    """Such a scale on a bench.

    `below_zero`: what stands in the unsigned weight of a report that says `under zero`. `control_id` is the
    id of the report that sets zero; 0 is a scale that has none, as many are.
    """

    unit: Literal["g", "kg", "oz", "lb"] = "g"
    rate_hz: Annotated[int, Meta(ge=1, le=50)] = 5
    below_zero: Literal["magnitude", "complement", "zero"] = "magnitude"
    control_id: Annotated[int, Meta(ge=0, le=255)] = 0

    def device(self, luck: random.Random) -> "HidScale":
        """Make the scale."""
        return HidScale(luck, self)


class HidScale(Scale):
    """The scale itself; a bus has no baud rate and a report no end, so neither means anything here."""

    kind = "hid-scale"
    baud = 115_200
    terminator = b""
    breakable = tuple(BROKEN)

    def __init__(self, luck: random.Random, part: Part) -> None:
        self._period_ns = SECOND_NS // part.rate_hz
        self._below_zero = part.below_zero
        self._control_id = part.control_id
        super().__init__(luck, Display(part.unit, DECIMALS[part.unit]), part.capacity_g, part.settle_ms)

    def _start(self, now_ns: int) -> None:
        self._due_ns = now_ns

    @property
    def hid_persona(self) -> HidPersona:
        """What the kernel is told of it."""
        described = descriptor(DATA_ID, self._control_id)
        return HidPersona("Simulated HID scale", described, REPORT.size, VENDOR, PRODUCT)

    @property
    def wakes_ns(self) -> int:
        """When the next report is due."""
        return self._due_ns

    def hear(self, data: bytes, now_ns: int, /) -> None:
        """Take output reports of two bytes; a scale without a control report is deaf."""
        if not self._control_id:
            return
        self._pending += data
        while len(self._pending) >= 2:
            report_id, flags = self._pending[:2]
            if report_id != self._control_id:
                del self._pending[0]
                continue
            del self._pending[:2]
            if flags & (ZERO_SCALE | ENFORCED_ZERO):
                self._press("zero", now_ns)

    def speak(self, now_ns: int, /) -> list[bytes]:
        """Give the report that is due."""
        if now_ns >= self._due_ns:
            self._due_ns = now_ns + self._period_ns
            self._say(self._report(self._look(now_ns)))
        return super().speak(now_ns)

    def _report(self, seen: Seen) -> bytes:
        digits = self._display.digits(seen.net_mg)
        unit, exponent = UNITS[self._display.unit], -self._display.decimals
        return REPORT.pack(DATA_ID, self._status(seen, digits), unit, exponent, self._weight(digits))

    def _status(self, seen: Seen, digits: int) -> int:
        if self._broken:
            return BROKEN[self._broken]
        if seen.beyond == OVERLOAD:
            return OVER_LIMIT
        if digits < 0:
            return UNDER_ZERO
        if not seen.steady:
            return MOVING
        return STABLE if digits else AT_ZERO

    def _weight(self, digits: int) -> int:
        if self._broken:
            return 0
        if digits >= 0 or self._below_zero == "magnitude":
            return min(abs(digits), WEIGHT_MAX)
        return digits & WEIGHT_MAX if self._below_zero == "complement" else 0
