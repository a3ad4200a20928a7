"""A load cell at an HX711, as Linux shows it: a file that holds the next conversion as an integer.

The kernel's driver (drivers/iio/adc/hx711.c) flips the top bit, so that in_voltage0_raw runs from 0 to
16777215 with 8388608 for no voltage; both ends are saturation. Here a line end from the host is a reading of
the file.
"""

import random
from typing import Annotated, Final, Literal

from msgspec import Meta

from simulators.devices.catalogue import BenchDevice
from simulators.devices.scales.plate_device import PlateDevice

LINE_END: Final = b"\n"
SECOND_NS: Final = 1_000_000_000
NO_VOLTAGE, COUNTS_MAX = 0x80_0000, 0xFF_FFFF
# The data sheet's settling time after power-up: 400 ms at 10 conversions a second, 50 ms at 80.
SETTLING_CONVERSIONS: Final = 4
# Readings that wait at a time: a file has one reader, who waits.
READERS_MAX: Final = 16
# The plate trembles by a tenth of this: the noise of a cell of some kilograms.
NOISE_MG: Final = 500


class Part(BenchDevice, frozen=True, forbid_unknown_fields=True):
    """Such a cell on a bench; `empty_counts` is what its bridge gives without a load, from the middle on.

    `signed` is how a microcontroller tells the chip's own numbers, -8388608 to 8388607.
    """

    settle_ms: Annotated[int, Meta(ge=1, le=60_000)] = 900
    counts_per_g: Annotated[int, Meta(ge=1, le=10_000)] = 400
    empty_counts: Annotated[int, Meta(ge=-4_000_000, le=4_000_000)] = 100_000
    rate_hz: Literal[10, 80] = 10
    signed: bool = False

    def device(self, luck: random.Random) -> "Hx711":
        """Make the cell."""
        return Hx711(luck, self)


class Hx711(PlateDevice):
    """The cell itself: it knows no unit, no zero and no rest."""

    kind = "hx711"
    baud = 115_200
    terminator = LINE_END
    breakable = ("cell", "wire")

    def __init__(self, luck: random.Random, part: Part) -> None:
        self._part = part
        self._period_ns = SECOND_NS // part.rate_hz
        super().__init__(luck, NOISE_MG, part.settle_ms)

    def _start(self, now_ns: int) -> None:
        self._begun_ns = now_ns
        self._readers = 0
        self._ready_ns = now_ns

    @property
    def wakes_ns(self) -> int | None:
        """When the conversion that somebody waits for is done."""
        return self._ready_ns if self._readers else None

    def hear(self, data: bytes, now_ns: int, /) -> None:
        """Let the host read the file; with a broken wire the reading fails, which has no text."""
        if self._broken == "wire":
            return
        if not self._readers:
            self._ready_ns = self._next_ns(now_ns)
        self._readers = min(READERS_MAX, self._readers + data.count(LINE_END))

    def speak(self, now_ns: int, /) -> list[bytes]:
        """Give one conversion to the reader that waits for it."""
        if self._readers and now_ns >= self._ready_ns:
            self._readers -= 1
            self._ready_ns = self._next_ns(now_ns)
            self._say(b"%d\n" % self._told(now_ns))
        return super().speak(now_ns)

    def _next_ns(self, now_ns: int) -> int:
        """When the conversion under way ends: they follow one another from power-up on, asked for or not."""
        return now_ns + self._period_ns - (now_ns - self._begun_ns) % self._period_ns

    def _told(self, now_ns: int) -> int:
        counts = self._counts(now_ns)
        return counts - NO_VOLTAGE if self._part.signed else counts

    def _counts(self, now_ns: int) -> int:
        if self._broken == "cell":
            return COUNTS_MAX
        grams_of_counts = self._plate.load_mg(now_ns) * self._part.counts_per_g // 1000
        counts = NO_VOLTAGE + self._part.empty_counts + grams_of_counts
        if now_ns < self._begun_ns + SETTLING_CONVERSIONS * self._period_ns:
            counts = NO_VOLTAGE + round((counts - NO_VOLTAGE) * self._luck.random())
        return min(COUNTS_MAX, max(0, counts))
