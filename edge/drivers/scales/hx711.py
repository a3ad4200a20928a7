"""The driver of load cells behind an HX711, through the kernel's IIO file: a bare number, ten times a second.

The kernel's driver (Linux drivers/iio/adc/hx711.c, `value ^= 0x800000`) gives the converter's two's
complement as 0 to 16777215 with the middle at 8388608; other ways to read the chip give it as it is, with
the middle at 0. A cell counts and never prices: nobody has calibrated it.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from edge.drivers.framing import garbled
from edge.drivers.pulse import Pulse
from edge.drivers.scales import troubles
from edge.drivers.scales.frames import FrameCutter, line
from edge.drivers.scales.scale import AskedScale
from edge.readings import CellLoaded, Nanoseconds, Reading

# 24 bits are eight digits, with a sign and a line end.
_LONGEST: Final = 11
_NUMBER: Final = re.compile(rb"-?\d{1,8}")
# 24 bits, two's complement (AVIA "HX711" data sheet, "Serial Interface").
_LOWEST: Final = -(2**23)
_HIGHEST: Final = 2**23 - 1
# At its slow rate the converter has ten values a second.
_EVERY_NS: Final = 100_000_000


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What differs between ways to read the chip."""

    middle: int = 0x800000
    """The number that means no voltage at all: 8388608 from the kernel, 0 where numbers have a sign."""
    settling: Annotated[int, Meta(ge=0)] = 4
    """So many values after the port was opened are not told: the converter settles after power-up."""
    silence_ms: Annotated[int, Meta(gt=0)] = 3000
    """So long without a number is a fault; the kernel itself waits a second for a value."""


class Hx711(AskedScale):
    """CellLoaded for each value between the two ends of the converter's range."""

    def __init__(self, settings: Settings | None = None) -> None:
        self._settings = settings or Settings()
        self._settling = 0
        super().__init__(
            lambda: FrameCutter(line, b"", _LONGEST),
            Pulse(self._settings.silence_ms * 1_000_000, troubles.silent("HX711")),
            b"\n",
        )

    def opened(self, now_ns: Nanoseconds) -> None:
        """Start over on a file that has just been opened: the chip may have been switched on just now."""
        super().opened(now_ns)
        self._settling = self._settings.settling

    def _said(self, piece: bytes) -> Iterator[Reading]:
        text = piece.rstrip(b"\r\n")
        if not text:
            return
        self._answered(_EVERY_NS)
        counts = int(text) - self._settings.middle if _NUMBER.fullmatch(text) else None
        if counts is None or not _LOWEST <= counts <= _HIGHEST:
            yield garbled(piece, "expected a number of 24 bits, got something else")
        elif self._settling:
            self._settling -= 1
            yield from self._pulse.alive()
        elif counts in {_LOWEST, _HIGHEST}:
            yield from self._pulse.troubled(troubles.CELL_SATURATED)
        else:
            yield from self._pulse.well()
            yield CellLoaded(counts)


def driver(settings: Mapping[str, Any]) -> Hx711:
    """A new driver, set as a profile says."""
    return Hx711(msgspec.convert(settings, Settings))
