"""The driver of LCUS relay boards before a lock: it opens for a moment and closes by itself.

Source: the sheet that boards of this kind are sold with (A0, channel, 01 or 00, sum of the three). The board
never answers, so only a switch at the door knows whether it is open (`gpio-signals`). If the object dies
while the lock is open, it stays open until the object starts again: choose one that closes by itself.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from edge.commands import Command, Unlock
from edge.drivers.framing import garbled
from edge.readings import DeviceReady, Nanoseconds, Reading

# The board never says that it has understood, and a lock that stays open is worse than a word too many: the
# order to close is said every five seconds for a minute, longer than a plug is out by accident.
AGAIN_NS: Final = 5_000_000_000
CLOSINGS: Final = 12


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which relay the lock hangs on, and how long it may stay open at most, whatever is asked for."""

    channel: Annotated[int, Meta(ge=1, le=8)] = 1
    open_ms_max: Annotated[int, Meta(ge=50, le=60_000)] = 10_000


class Relay:
    """Locked as soon as its port is open; one opening at a time, a second one makes it longer."""

    pending = 0

    def __init__(self, settings: Settings | None = None) -> None:
        self._settings = settings or Settings()
        self._greet = False
        self._wanted_ms: int | None = None
        self._lock_at_ns: Nanoseconds | None = None
        self._closings = 0
        self._outgoing = b""

    @property
    def deadline_ns(self) -> Nanoseconds | None:
        """At once when somebody asks, else when the lock closes, or is told so again."""
        return Nanoseconds(0) if self._greet or self._wanted_ms is not None else self._lock_at_ns

    def opened(self, _now_ns: Nanoseconds, /) -> None:
        """Lock: what the relay was told before the port was lost is not known."""
        self._greet = True
        self._wanted_ms = None
        self._lock_at_ns = None
        self._outgoing = self._switched(on=False)

    def command(self, command: Command) -> None:
        """Open for a moment."""
        if isinstance(command, Unlock):
            self._wanted_ms = min(max(command.open_ms, 0), self._settings.open_ms_max)

    def receive(self, data: bytes) -> Iterator[Reading]:
        """Whatever comes is no word of such a board."""
        if data:
            yield garbled(data, "expected nothing: this relay never talks")

    def to_send(self) -> bytes:
        """What is to be sent now; it is handed out once."""
        outgoing, self._outgoing = self._outgoing, b""
        return outgoing

    def tick(self, now_ns: Nanoseconds) -> Iterator[Reading]:
        """Say once that the port is open; open, and close when the time is over."""
        if self._greet:
            self._greet = False
            yield DeviceReady()
        if self._wanted_ms is not None:
            self._lock_at_ns = Nanoseconds(now_ns + self._wanted_ms * 1_000_000)
            self._wanted_ms = None
            self._closings = CLOSINGS
            self._outgoing += self._switched(on=True)
        if self._lock_at_ns is not None and now_ns >= self._lock_at_ns:
            self._closings -= 1
            self._lock_at_ns = Nanoseconds(now_ns + AGAIN_NS) if self._closings else None
            self._outgoing += self._switched(on=False)

    def _switched(self, *, on: bool) -> bytes:
        frame = bytes([0xA0, self._settings.channel, on])
        return frame + bytes([sum(frame) & 0xFF])


def driver(settings: Mapping[str, Any]) -> Relay:
    """A new driver, set as a profile says."""
    return Relay(msgspec.convert(settings, Settings))
