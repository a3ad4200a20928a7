"""The driver of buttons on lines of a GPIO chip: switches, and touch keys with an output (TTP223).

Source: the kernel's header linux/gpio.h, `struct gpio_v2_line_event`. A contact bounces for a few
milliseconds, and a spark nearby is an edge too: a level counts once it has lasted, by the edges' own time.
"""

from collections.abc import Iterator, Mapping
from struct import Struct
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from edge.drivers.alarm import Alarm
from edge.drivers.records import RecordCutter
from edge.readings import ButtonPressed, Garbled, Nanoseconds, Reading

EVENT_BYTES: Final = 48
_LAYOUT: Final = Struct("<QIIII24s")
_RISING: Final = 1
_FALLING: Final = 2
# No chip that we know has more lines; an offset beyond is noise.
_LINES_MAX: Final = 512
_TIME_NS_MAX: Final = 1 << 63
_PADDING: Final = bytes(24)


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the buttons are wired."""

    active_low: bool = False
    """Whether a pressed button pulls its line down."""
    settle_ms: Annotated[int, Meta(ge=0, le=1000)] = 20
    """So long must a level last to count."""


class _Line(msgspec.Struct):
    """One line: its level since the last edge, and what has been said of its button."""

    level: bool
    edge_ns: int
    down: bool = False


class GpioButtons:
    """A ButtonPressed for each press and each release; the button's number is the offset of its line."""

    def __init__(self, settings: Settings | None = None) -> None:
        self._settings = settings or Settings()
        self._settle_ns = self._settings.settle_ms * 1_000_000
        self._reopened = False
        self._lines: dict[int, _Line] = {}
        self._start()

    @property
    def pending(self) -> int:
        """Bytes that are no whole event."""
        return self._events.pending

    @property
    def deadline_ns(self) -> Nanoseconds | None:
        """When `tick` has something to do."""
        deadlines = (self._events.deadline_ns, self._alarm.deadline_ns)
        return min((deadline for deadline in deadlines if deadline is not None), default=None)

    def opened(self, now_ns: Nanoseconds) -> None:  # noqa: ARG002 - nothing is due before the first edge
        """Start over on a chip that has just been opened."""
        self._start()
        self._reopened = True

    def receive(self, data: bytes) -> Iterator[Reading]:
        """What these edges, together with the time between them, tell."""
        for piece in self._events.cut(data):
            if isinstance(piece, Garbled):
                yield piece
            else:
                at_ns, edge, offset, *_ = _LAYOUT.unpack(piece)
                yield from self._edge(offset, at_ns, edge == _RISING)
        if any(line.level != line.down for line in self._lines.values()):
            self._alarm.set(self._settle_ns)
        else:
            self._alarm.off()

    def to_send(self) -> bytes:
        """Nothing: inputs are not asked."""
        return b""

    def tick(self, now_ns: Nanoseconds) -> Iterator[Reading]:
        """Take note of the time: a level has lasted long enough, and what a lost chip held is let go."""
        if self._reopened:
            self._reopened = False
            yield from self._released()
        yield from self._events.tick(now_ns)
        if self._alarm.rings(now_ns):
            for offset in self._lines:
                yield from self._settled(offset)

    def _start(self) -> None:
        self._events = RecordCutter(EVENT_BYTES, _plausible)
        self._alarm = Alarm()

    def _edge(self, offset: int, at_ns: int, high: bool) -> Iterator[ButtonPressed]:
        level = high != self._settings.active_low
        line = self._lines.setdefault(offset, _Line(not level, at_ns))
        # Time that runs backwards is another clock: the level before it has lasted, for all we know.
        if not 0 <= at_ns - line.edge_ns < self._settle_ns:
            yield from self._settled(offset)
        line.level, line.edge_ns = level, at_ns

    def _settled(self, offset: int) -> Iterator[ButtonPressed]:
        line = self._lines[offset]
        if line.level != line.down:
            line.down = line.level
            yield ButtonPressed(offset, line.down)

    def _released(self) -> Iterator[ButtonPressed]:
        """What was pressed before the chip was lost is not held any more, as far as anybody can tell."""
        lines, self._lines = self._lines, {}
        for offset, line in lines.items():
            if line.down:
                yield ButtonPressed(offset, down=False)


def _plausible(record: bytes) -> bool:
    at_ns, edge, offset, number, line_number, padding = _LAYOUT.unpack(record)
    numbered = 0 < line_number <= number
    edges = edge in {_RISING, _FALLING}
    return at_ns < _TIME_NS_MAX and edges and offset < _LINES_MAX and numbered and padding == _PADDING


def driver(settings: Mapping[str, Any]) -> GpioButtons:
    """A new driver, set as a profile says."""
    return GpioButtons(msgspec.convert(settings, Settings))
