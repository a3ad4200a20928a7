"""The driver of USB scales of the class HID Point of Sale: six bytes a report, many reports a second.

`id status unit exponent low high`. Source: USB-IF "HID Point of Sale Usage Tables" 1.02, usage page 8D
(scales), data report 32. A hidraw device gives one report for each read; a chain of them is understood too.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from edge.commands import Command, Zero
from edge.drivers.framing import garbled
from edge.drivers.pulse import Pulse
from edge.drivers.scales import mass, troubles
from edge.drivers.scales.frames import FrameCutter
from edge.drivers.scales.scale import ListeningScale
from edge.readings import DeviceFault, Milligrams, Reading, Weighed

_REPORT_BYTES: Final = 6

# Usages 51 to 5C, counted from 1; 5 is the tael, of which nobody says which one.
_UNITS: Final = {
    1: "mg", 2: "g", 3: "kg", 4: "ct", 6: "gr", 7: "dwt", 8: "t", 9: "ton", 10: "ozt", 11: "oz", 12: "lb",
}  # fmt: skip
_TAEL: Final = 5

# Kilograms in hundredths of a gram, and grams in kilograms, are the ends of what is sold by.
_EXPONENTS: Final = range(-5, 4)

# Usages 70 to 77, counted from 1.
_AT_ZERO: Final = 2
_MOVING: Final = 3
_STEADY: Final = 4
_UNDER_ZERO: Final = 5
_FAULTS: Final[dict[int, DeviceFault]] = {
    1: troubles.BROKEN,
    6: troubles.OVERLOAD,
    7: troubles.UNCALIBRATED,
    8: troubles.NEEDS_ZERO,
}
_STATUSES: Final = range(1, 9)

# So many reports, some ten seconds, may come before the one that shows that the zero was set.
_ZERO_REPORTS_MAX: Final = 100


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What differs between USB scales."""

    report_id: Annotated[int, Meta(ge=1, le=255)] = 3
    """The number of the data report."""
    zero_report: Annotated[str, Meta(pattern="^([0-9A-F]{2}){0,8}$")] = ""
    """The control report that sets the scale to zero, in hexadecimal; empty where it has none."""
    silence_ms: Annotated[int, Meta(gt=0)] = 5000
    """So long without a report is a fault: these scales report all the time while they are on."""


class HidScale(ListeningScale):
    """Weighed for each report, steady as its status says; under zero it is less than 0 and never steady."""

    def __init__(self, settings: Settings | None = None) -> None:
        self._settings = settings or Settings()
        self._id = bytes([self._settings.report_id])
        # Reports heard since somebody wished for a zero; None when nobody does.
        self._zero_reports: int | None = None
        super().__init__(
            lambda: FrameCutter(_measure, self._id, _REPORT_BYTES + 1),
            Pulse(self._settings.silence_ms * 1_000_000, troubles.silent("USB HID scale")),
        )

    def command(self, command: Command) -> None:
        """Zero, where the scale has a report for it."""
        match command:
            case Zero():
                self._outgoing = bytes.fromhex(self._settings.zero_report)
                self._zero_reports = 0 if self._outgoing else _ZERO_REPORTS_MAX
            case _:
                pass  # meant for another kind of device

    def _said(self, piece: bytes) -> Iterator[Reading]:
        status, unit = piece[1], piece[2]
        yield from self._zero(status)
        if fault := _FAULTS.get(status):
            yield from self._pulse.troubled(fault)
        elif unit == _TAEL:
            yield garbled(piece, "expected a unit that is the same everywhere, got the tael")
        else:
            yield from self._pulse.well()
            yield Weighed(_weight_mg(piece), steady=status in {_AT_ZERO, _STEADY})

    def _zero(self, status: int) -> Iterator[Reading]:
        if self._zero_reports is None:
            return
        self._zero_reports += 1
        if self._zero_reports > _ZERO_REPORTS_MAX:
            self._zero_reports = None
            yield from self._pulse.troubled(troubles.ZERO_REFUSED)
        elif status == _AT_ZERO:
            self._zero_reports = None
            yield from self._pulse.restarted()


def _measure(report: bytearray) -> int | None:
    """Six bytes that make sense: in a chain of reports that is begun in the middle, few others do."""
    plausible = (
        len(report) < 2 or report[1] in _STATUSES,
        len(report) < 3 or report[2] == _TAEL or report[2] in _UNITS,
        len(report) < 4 or _signed(report[3]) in _EXPONENTS,
    )
    if not all(plausible):
        return 0
    return _REPORT_BYTES if len(report) >= _REPORT_BYTES else None


def _signed(byte: int) -> int:
    return byte - 0x100 if byte & 0x80 else byte


def _weight_mg(report: bytes) -> Milligrams:
    """Under zero some scales leave the magnitude as it is: whatever its sign, it is less than 0."""
    digits = int.from_bytes(report[4:6], "little")
    if report[1] == _UNDER_ZERO:
        digits = -abs(digits if digits < 0x8000 else digits - 0x10000)
    return mass.milligrams(digits, -_signed(report[3]), _UNITS[report[2]])


def driver(settings: Mapping[str, Any]) -> HidScale:
    """A new driver, set as a profile says."""
    return HidScale(msgspec.convert(settings, Settings))
