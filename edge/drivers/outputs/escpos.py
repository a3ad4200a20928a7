"""The driver of ESC/POS receipt printers: it knows whether a receipt is on paper, not only that it was sent.

Each piece of a document ends with GS r, which the printer answers only after it has printed all that came
before it. DLE EOT is acted on at once, even amid a picture's data: nothing is said into a command.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from edge.commands import Command, OpenDrawer, Print
from edge.drivers.outputs.escpos_page import Paper as PaperSettings
from edge.drivers.outputs.escpos_page import page
from edge.drivers.outputs.escpos_status import REALTIME_KINDS, Confirmed, State, StatusReader
from edge.drivers.outputs.print_queue import PrintQueue
from edge.drivers.pulse import Pulse
from edge.readings import (
    DeviceFault,
    DeviceReady,
    Garbled,
    Nanoseconds,
    Paper,
    Printed,
    PrinterSaid,
    Reading,
)

_ASK: Final = b"".join(bytes([0x10, 0x04, kind]) for kind in REALTIME_KINDS)
# Drawer, online, error and paper: every change is told unasked.
_TELL_CHANGES: Final = b"\x1da\x0f"
_CONFIRM: Final = b"\x1dr\x01"
_DRAWER: Final = {2: b"\x1bp\x00\x32\x32", 5: b"\x1bp\x01\x32\x32"}

_SILENT: Final = DeviceFault(
    "device.silent", "The receipt printer does not answer: check its power, its cable and its baud rate."
)
_COVER: Final = DeviceFault("printer.cover-open", "The cover of the receipt printer is open: close it.")
_PAPER: Final = DeviceFault("printer.paper-out", "The receipt printer has no paper: put in a new roll.")
_BROKEN: Final = DeviceFault(
    "printer.error", "The receipt printer cannot print: switch it off, look for jammed paper, switch it on."
)
_OFFLINE: Final = DeviceFault(
    "printer.offline", "The receipt printer is off line: press its feed button, or switch it off and on."
)


class Settings(PaperSettings, frozen=True, forbid_unknown_fields=True):
    """What differs between printers of this family, beside how they put a document on paper."""

    status: Literal["automatic", "asked", "none"] = "automatic"
    """Automatic: it tells changes (GS a). Asked: it only answers DLE EOT. None: it never says a word."""
    bytes_per_s: Annotated[int, Meta(ge=100, le=1_000_000)] = 900
    """How fast it may be sent to: 9600 baud are 960 bytes a second."""
    ask_every_ms: Annotated[int, Meta(ge=500, le=600_000)] = 5000
    silence_ms: Annotated[int, Meta(gt=0)] = 16_000
    """So long without an answer is a fault: three questions, and time for the longest receipt."""
    patience_ms: Annotated[int, Meta(gt=0)] = 60_000
    """So long a document may wait for a person who changes the roll."""
    drawer_pin: Literal[2, 5] = 2
    drawer_open_high: bool | None = None
    """Whether a high level says that the drawer is open; None where no drawer, or its switch, is there."""


class EscPos:
    """PrinterSaid for each change, a fault while it cannot print, Printed for each document."""

    def __init__(self, settings: Settings | None = None) -> None:
        self._settings = settings or Settings()
        self._pulse = Pulse(self._settings.silence_ms * 1_000_000, _SILENT)
        self._reader = StatusReader()
        self._queue = PrintQueue(
            self._settings.bytes_per_s,
            self._settings.patience_ms * 1_000_000,
            b"" if self._mute else _CONFIRM,
        )
        self._told: PrinterSaid | None = None
        self._kick = False
        self._opened = False
        self._able = False
        self._doubtful = False
        self._outgoing = b""
        self._ask_at_ns: Nanoseconds | None = None

    @property
    def pending(self) -> int:
        """Bytes of a status that is not whole yet."""
        return self._reader.pending

    @property
    def deadline_ns(self) -> Nanoseconds | None:
        """When `tick` has something to do."""
        if self._opened or (self._kick and self._queue.between_commands):
            return Nanoseconds(0)
        silent_ns = None if self._mute else self._pulse.deadline_ns
        deadlines = (self._reader.deadline_ns, self._queue.deadline_ns, silent_ns, self._may_ask_at_ns)
        return min((deadline for deadline in deadlines if deadline is not None), default=None)

    def opened(self, now_ns: Nanoseconds) -> None:
        """Start over: a document that was on its way when the port was lost is told as failed."""
        self._reader = StatusReader()
        self._told = None
        self._pulse.opened(now_ns)
        self._queue.opened(able=self._mute)
        self._able = False
        self._doubtful = False
        self._opened = True
        self._outgoing = b""
        if not self._mute:
            self._ask(now_ns)

    def command(self, command: Command) -> None:
        """Print, or open the drawer."""
        match command:
            case Print():
                watch = _TELL_CHANGES if self._settings.status == "automatic" else b""
                self._queue.add(command.id, page(command, self._settings, watch))
            case OpenDrawer():
                self._kick = True
            case _:
                pass  # meant for another kind of device

    def receive(self, data: bytes) -> Iterator[Reading]:
        """The readings that these bytes complete."""
        for told in self._reader.read(data):
            match told:
                case Garbled():
                    yield told
                case Confirmed():
                    yield from self._pulse.alive()
                    yield from self._confirmed()
                case State():
                    yield from self._changed(told)

    def to_send(self) -> bytes:
        """What is to be sent now; it is handed out once."""
        outgoing, self._outgoing = self._outgoing, b""
        return outgoing

    def tick(self, now_ns: Nanoseconds) -> Iterator[Reading]:
        """Take note of the time: send the next slice, ask, give up."""
        yield from self._reader.tick(now_ns)
        if not self._mute:
            yield from self._pulse.tick(now_ns)
        elif self._opened:  # a printer that never says a word is ready as soon as its port is open
            yield PrinterSaid()
            yield from self._pulse.well()
        self._opened = False
        yield from self._queue.tick(now_ns)
        if self._kick and self._queue.between_commands:
            self._kick = False
            self._outgoing += _DRAWER[self._settings.drawer_pin]
        self._outgoing += self._queue.to_send(now_ns)
        if self._may_ask_at_ns is not None and now_ns >= self._may_ask_at_ns:
            self._ask(now_ns)

    @property
    def _mute(self) -> bool:
        return self._settings.status == "none"

    @property
    def _may_ask_at_ns(self) -> Nanoseconds | None:
        """When to ask next; never into the middle of a command's data."""
        return self._ask_at_ns if self._queue.between_commands else None

    def _ask(self, now_ns: Nanoseconds) -> None:
        self._reader.kind = REALTIME_KINDS[0]
        self._outgoing += _ASK
        self._ask_at_ns = Nanoseconds(now_ns + self._settings.ask_every_ms * 1_000_000)

    def _confirmed(self) -> Iterator[Printed]:
        """One that comes while the printer cannot print is noise, or its state has just changed: ask."""
        if self._able:
            yield from self._queue.confirmed()
        else:
            self._doubtful = True
            self._ask_at_ns = Nanoseconds(0)

    def _changed(self, state: State) -> Iterator[Reading]:
        said = PrinterSaid(state.online, state.paper, state.cover_open, self._drawer(state))
        if said != self._told:
            self._told = said
            yield said
        if state.whole:
            self._able = bool(state.online) and state.paper != Paper.OUT and not state.broken
            self._queue.able(able=self._able)
            judged = list(self._judged(state))
            if DeviceReady() in judged and self._settings.status == "automatic":
                self._outgoing += _TELL_CHANGES  # one that was switched off has forgotten it
            yield from judged
            if self._doubtful and self._able:
                yield from self._queue.confirmed()
            self._doubtful = False

    def _judged(self, state: State) -> Iterator[DeviceFault | DeviceReady]:
        if state.broken:
            yield from self._pulse.troubled(_BROKEN)
        elif state.cover_open:
            yield from self._pulse.troubled(_COVER)
        elif state.paper == Paper.OUT:
            yield from self._pulse.troubled(_PAPER)
        elif state.online is False:
            yield from self._pulse.troubled(_OFFLINE)
        else:
            yield from self._pulse.well()

    def _drawer(self, state: State) -> bool | None:
        high = self._settings.drawer_open_high
        return None if high is None or state.pin_high is None else state.pin_high == high


def driver(settings: Mapping[str, Any]) -> EscPos:
    """A new driver, set as a profile says."""
    return EscPos(msgspec.convert(settings, Settings))
