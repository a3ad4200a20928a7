"""The driver of lamps, a lock and a door switch on the pins of the board.

Pins are named by their offsets on the chip, as in the URI: `gpio:/dev/gpiochip0:17,27,22`. What comes from
the port are the kernel's edge events (struct gpio_v2_line_event, include/uapi/linux/gpio.h); what goes to it
are pairs of offset and level.
"""

import struct
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from edge.commands import Command, Light, Signal, Unlock
from edge.drivers.records import RecordCutter
from edge.readings import DeviceReady, Garbled, LockSaid, Nanoseconds, Reading

_EVENT: Final = struct.Struct("<QIIII24x")
_RISING, _FALLING = 1, 2

# A pair of offset and level is two bytes.
OFFSET_MAX: Final = 255
Offset = Annotated[int, Meta(ge=0, le=OFFSET_MAX)]


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which pin of the chip is what; a signal that is not named lights nothing."""

    lamps: dict[Signal, tuple[Offset, ...]] = {}
    """Signal -> the pins that are high while it is shown; all other lamps are low."""
    lock: Offset | None = None
    """High opens the lock."""
    door: Offset | None = None
    """High while the door is closed."""
    open_ms_max: Annotated[int, Meta(ge=50, le=60_000)] = 10_000


class Signals:
    """Locked and dark as soon as its port is open; LockSaid when the door's switch changes."""

    def __init__(self, settings: Settings | None = None) -> None:
        self._settings = settings or Settings()
        self._lamps = sorted({pin for pins in self._settings.lamps.values() for pin in pins})
        self._edges = RecordCutter(_EVENT.size, _is_edge)
        self._greet = False
        self._wanted_ms: int | None = None
        self._lock_at_ns: Nanoseconds | None = None
        self._signal = Signal.OFF
        self._relight = False
        self._outgoing = b""

    @property
    def pending(self) -> int:
        """Bytes that are no whole event."""
        return self._edges.pending

    @property
    def deadline_ns(self) -> Nanoseconds | None:
        """At once when somebody asks, else when the lock closes or half an event is given up."""
        if self._greet or self._relight or self._wanted_ms is not None:
            return Nanoseconds(0)
        deadlines = (self._lock_at_ns, self._edges.deadline_ns)
        return min((deadline for deadline in deadlines if deadline is not None), default=None)

    def opened(self, _now_ns: Nanoseconds, /) -> None:
        """Lock, and show the signal again that was shown before."""
        self._edges = RecordCutter(_EVENT.size, _is_edge)
        self._greet = True
        self._wanted_ms = None
        self._lock_at_ns = None
        self._relight = True
        self._outgoing = self._locked(open_=False)

    def command(self, command: Command) -> None:
        """Show a signal, or open for a moment."""
        match command:
            case Light(signal=signal):
                self._signal = signal
                self._relight = True
            case Unlock(open_ms=open_ms) if self._settings.lock is not None:
                self._wanted_ms = min(max(open_ms, 0), self._settings.open_ms_max)
            case _:
                pass  # meant for another kind of device

    def receive(self, data: bytes) -> Iterator[Reading]:
        """The readings that these bytes complete."""
        for piece in self._edges.cut(data):
            if isinstance(piece, Garbled):
                yield piece
            else:
                _, edge, offset, *_ = _EVENT.unpack(piece)
                if offset == self._settings.door:
                    yield LockSaid(closed=edge == _RISING)

    def to_send(self) -> bytes:
        """What is to be sent now; it is handed out once."""
        outgoing, self._outgoing = self._outgoing, b""
        return outgoing

    def tick(self, now_ns: Nanoseconds) -> Iterator[Reading]:
        """Say once that the port is open; open, and close when the time is over."""
        if self._greet:
            self._greet = False
            yield DeviceReady()
        yield from self._edges.tick(now_ns)
        if self._relight:
            self._relight = False
            self._outgoing += self._shown()
        if self._wanted_ms is not None:
            self._lock_at_ns = Nanoseconds(now_ns + self._wanted_ms * 1_000_000)
            self._wanted_ms = None
            self._outgoing += self._locked(open_=True)
        if self._lock_at_ns is not None and now_ns >= self._lock_at_ns:
            self._lock_at_ns = None
            self._outgoing += self._locked(open_=False)

    def _locked(self, *, open_: bool) -> bytes:
        return b"" if self._settings.lock is None else bytes([self._settings.lock, open_])

    def _shown(self) -> bytes:
        lit = self._settings.lamps.get(self._signal, ())
        return b"".join(bytes([pin, pin in lit]) for pin in self._lamps)


def _is_edge(record: bytes) -> bool:
    _, edge, offset, *_ = _EVENT.unpack(record)
    return edge in {_RISING, _FALLING} and offset <= OFFSET_MAX and not any(record[24:])


def driver(settings: Mapping[str, Any]) -> Signals:
    """A new driver, set as a profile says."""
    return Signals(msgspec.convert(settings, Settings))
