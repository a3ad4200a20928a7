"""The driver of payment terminals that speak ZVT: it tells what became of money, and asks for it once."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from edge.commands import Command
from edge.drivers.pulse import Pulse
from edge.drivers.terminals.zvt.links import Link, SerialLink, TcpLink
from edge.drivers.terminals.zvt.messages import parsed
from edge.drivers.terminals.zvt.session import SILENT, Session
from edge.drivers.terminals.zvt.settings import Settings
from edge.readings import (
    DeviceFault,
    Garbled,
    Nanoseconds,
    Reading,
    TerminalOutcome,
    TerminalReady,
    TerminalResult,
)

# A terminal that came to an end with what it was asked does its work, whatever the card was worth.
_WELL: Final = frozenset({TerminalOutcome.DONE, TerminalOutcome.DECLINED, TerminalOutcome.CANCELLED})


class Zvt:
    """A TerminalResult for all that was asked, TerminalSaid and TerminalLine on the way to it.

    Readings are handed out before the answer that they were read from: who keeps them durably, keeps them
    before the terminal hears that they were taken.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._link = self._new_link()
        self._session = Session(self._settings)
        # An idle terminal never speaks: only the session knows when its silence is one.
        self._pulse = Pulse(0, SILENT)

    @property
    def pending(self) -> int:
        """Bytes that are not, or not yet, a message and of which nothing has been said."""
        return self._link.pending

    @property
    def deadline_ns(self) -> Nanoseconds | None:
        """When `tick` has something to do."""
        deadlines = (self._link.deadline_ns, self._session.deadline_ns)
        return min((deadline for deadline in deadlines if deadline is not None), default=None)

    def opened(self, now_ns: Nanoseconds) -> None:
        """Start over on a port that has just been opened: register, and tell what has become unknown."""
        self._link = self._new_link()
        self._pulse.opened(now_ns)
        self._session.opened(now_ns)

    def command(self, command: Command) -> None:
        """Have the terminal do it, or tell that it was refused."""
        self._session.command(command)

    def receive(self, data: bytes) -> Iterator[Reading]:
        """The readings that these bytes complete."""
        for piece in self._link.receive(data):
            yield from self._understood(piece)

    def to_send(self) -> bytes:
        """What is to be sent now; it is handed out once."""
        for message, once in self._session.to_send():
            self._link.send(message, once=once)
        return self._link.to_send()

    def tick(self, now_ns: Nanoseconds) -> Iterator[Reading]:
        """Take note of the time: give up half a message, say again what may be, tell of silence."""
        for piece in self._link.tick(now_ns):
            yield from self._understood(piece)
        yield from self._judged(self._session.tick(now_ns))

    def _understood(self, piece: bytes | Garbled) -> Iterator[Reading]:
        if isinstance(piece, Garbled):
            yield piece
            return
        message = parsed(piece)
        if message.wrong is not None:
            # What could be read of it counts all the same: it may be all the proof of a payment.
            yield Garbled(piece[:2].hex().upper(), message.wrong)
        yield from self._pulse.alive()
        yield from self._judged(self._session.said(message))

    def _judged(self, readings: Iterator[Reading]) -> Iterator[Reading]:
        """A fault is told once, until it is over."""
        for reading in readings:
            match reading:
                case DeviceFault():
                    yield from self._pulse.troubled(reading)
                    continue
                case TerminalReady():
                    yield from self._pulse.well()
                case TerminalResult(complete=True) if reading.outcome in _WELL:
                    yield from self._pulse.well()
                case _:
                    pass
            yield reading

    def _new_link(self) -> Link:
        return TcpLink() if self._settings.link == "tcp" else SerialLink()


def driver(settings: Mapping[str, Any]) -> Zvt:
    """A new driver, set as a profile says."""
    return Zvt(msgspec.convert(settings, Settings))
