"""The driver of readers that speak LLRP: it sets up rounds without end, and says what they find."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from edge.drivers.framing import FrameCutter, garbled
from edge.drivers.pulse import Pulse
from edge.drivers.rfid.llrp import statements
from edge.drivers.rfid.llrp.messages import HOSTS, SHAPE, Kind, Message, parsed
from edge.drivers.rfid.llrp.parameters import Param, chain
from edge.drivers.rfid.llrp.reports import tags
from edge.drivers.rfid.llrp.session import Session
from edge.drivers.rfid.llrp.settings import Settings
from edge.readings import DeviceDescribed, DeviceFault, Garbled, Nanoseconds, Reading, RoundEnded

_SILENT: Final = DeviceFault(
    "device.silent", "The tag reader is connected but does not answer: check its power and its network."
)
_TAKEN: Final = DeviceFault(
    "reader.taken",
    "The tag reader talks to another program already: stop that program, or restart the reader.",
)
_OVERFLOW: Final = DeviceFault(
    "reader.overflow", "The tag reader has lost sightings, since they were not taken from it fast enough."
)

_CONNECTED: Final = 0
# Another program has tried to connect, and was sent away: nothing has changed for us.
_ATTEMPTED_AGAIN: Final = 4

_RO_SPEC_ENDED: Final = 1


class Llrp:
    """A TagSeen for each tag of a report, a RoundEnded for each round; any message is a sign of life."""

    def __init__(self, settings: Settings | None = None) -> None:
        self._settings = settings or Settings()
        self._cutter = FrameCutter(SHAPE)
        self._session = Session(self._settings)
        self._pulse = Pulse(self._settings.silence_ms * 1_000_000, _SILENT)
        self._described = DeviceDescribed()
        self._antennas_gone: set[int] = set()
        self._taken = False

    @property
    def pending(self) -> int:
        """Bytes that are not, or not yet, a message and of which nothing has been said."""
        return self._cutter.pending

    @property
    def deadline_ns(self) -> Nanoseconds | None:
        """When `tick` has something to do."""
        deadlines = (self._cutter.deadline_ns, self._pulse.deadline_ns, self._session.deadline_ns)
        return min((deadline for deadline in deadlines if deadline is not None), default=None)

    def opened(self, now_ns: Nanoseconds) -> None:
        """Start over on a port that has just been opened: the reader speaks first."""
        self._cutter = FrameCutter(SHAPE)
        self._pulse.opened(now_ns)
        self._session.opened(now_ns)
        self._described = DeviceDescribed()
        self._antennas_gone.clear()

    def receive(self, data: bytes) -> Iterator[Reading]:
        """The readings that these bytes complete; what a host says in a recording of both is passed over."""
        for piece in self._cutter.cut(data):
            yield from self._understood(piece)

    def to_send(self) -> bytes:
        """What is to be sent now; it is handed out once."""
        return self._session.to_send()

    def tick(self, now_ns: Nanoseconds) -> Iterator[Reading]:
        """Take note of the time: give up half a message, tell of silence, ask again."""
        for piece in self._cutter.tick(now_ns):
            yield from self._understood(piece)
        yield from self._pulse.tick(now_ns)
        if idle := self._session.tick(now_ns):
            yield from self._pulse.troubled(idle)

    def _understood(self, piece: bytes | Garbled) -> Iterator[Reading]:
        if isinstance(piece, Garbled):
            yield piece
        elif (message := parsed(piece)).kind not in HOSTS:
            yield from self._said(message)

    def _said(self, message: Message) -> Iterator[Reading]:
        match message.kind:
            case Kind.RO_ACCESS_REPORT:
                yield from self._report(message)
            case Kind.READER_EVENT_NOTIFICATION:
                yield from self._event(message)
            case Kind.KEEPALIVE:
                self._session.keepalive(message)
                yield from self._pulse.alive()
            case _:
                yield from self._pulse.alive()
                yield from self._answer(message)

    def _report(self, message: Message) -> Iterator[Reading]:
        self._session.round_ended()
        yield from self._well()
        yield from tags(message)

    def _answer(self, message: Message) -> Iterator[Reading]:
        match message.kind:
            case Kind.GET_READER_CAPABILITIES_RESPONSE:
                yield from self._capabilities(message)
            case Kind.GET_READER_CONFIG_RESPONSE:
                yield from self._configuration(message)
            case _:
                pass  # it answers, and that is all
        if refusal := self._session.answered(message, statements.status(message)):
            yield from self._pulse.troubled(refusal)

    def _capabilities(self, message: Message) -> Iterator[Reading]:
        if described := statements.capabilities(message):
            self._described = msgspec.structs.replace(described, serial=self._described.serial)
            yield self._described

    def _configuration(self, message: Message) -> Iterator[Reading]:
        if name := statements.identity(message):
            self._described = msgspec.structs.replace(self._described, serial=name)
            yield self._described
        for number, connected in statements.antennas(message):
            if number in self._settings.antennas:  # a port that nobody uses has none, and that is no trouble
                yield from self._antenna(number, connected=connected)

    def _event(self, message: Message) -> Iterator[Reading]:
        for kind, at, end in message.parameters:
            happened = chain(message.body, at, end) if kind == Param.READER_EVENT_NOTIFICATION_DATA else []
            if happened is None:
                yield garbled(message.body, "event: expected whole parameters, got others")
            for what, begins, ends in happened or []:
                yield from self._happened(what, message.body[begins:ends], message.version)
        yield from self._pulse.alive()

    def _happened(self, what: int, value: bytes, version: int) -> Iterator[Reading]:
        match what:
            case Param.CONNECTION_ATTEMPT_EVENT:
                yield from self._connection(int.from_bytes(value), version)
            case Param.AI_SPEC_EVENT:
                yield from self._round_ended()
            case Param.RO_SPEC_EVENT if value[:1] == bytes([_RO_SPEC_ENDED]):
                yield from self._round_ended()
            case Param.ANTENNA_EVENT:
                yield from self._antenna(int.from_bytes(value[1:3]), connected=value[:1] != b"\0")
            case Param.READER_EXCEPTION_EVENT:
                yield from self._pulse.troubled(_exception(value))
            case Param.REPORT_BUFFER_OVERFLOW:
                yield from self._pulse.troubled(_OVERFLOW)
            case _:
                pass  # its time, a hop, a change of an input: only a sign of life

    def _connection(self, outcome: int, version: int) -> Iterator[Reading]:
        if outcome == _CONNECTED:
            self._taken = False
            self._antennas_gone.clear()
            self._session.greeted(version)
            yield from self._pulse.restarted()
        elif outcome != _ATTEMPTED_AGAIN:
            # It hangs up now, and says the same to each of our attempts: a person reads it once.
            faults = [*self._pulse.troubled(_TAKEN)]
            yield from faults if not self._taken else ()
            self._taken = True

    def _round_ended(self) -> Iterator[Reading]:
        self._session.round_ended()
        yield from self._well()
        yield RoundEnded()

    def _antenna(self, number: int, *, connected: bool) -> Iterator[Reading]:
        if connected:
            self._antennas_gone.discard(number)  # whether all is well again, the next round shows
        elif self._looks_with(number) and number not in self._antennas_gone:
            self._antennas_gone.add(number)
            fault = _antenna_gone(number)
            # The pulse tells a code once, and a second antenna has the same one.
            yield from [*self._pulse.troubled(fault)] or [fault]

    def _looks_with(self, number: int) -> bool:
        return not self._settings.antennas or number in self._settings.antennas

    def _well(self) -> Iterator[Reading]:
        """The reader does its work; it has not got over its trouble while an antenna is off."""
        yield from self._pulse.alive() if self._antennas_gone else self._pulse.well()


def _exception(value: bytes) -> DeviceFault:
    said = statements.text(value) or "it does not say which"
    return DeviceFault("reader.exception", f"The tag reader reports a fault: {said}.")


def _antenna_gone(number: int) -> DeviceFault:
    return DeviceFault(
        "reader.antenna-gone", f"Antenna {number} of the tag reader has come off: check its cable."
    )


def driver(settings: Mapping[str, Any]) -> Llrp:
    """A new driver, set as a profile says."""
    return Llrp(msgspec.convert(settings, Settings))
