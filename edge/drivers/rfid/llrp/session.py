"""The session with a reader: a table of what is asked next, from its greeting to rounds without end."""

from enum import Enum
from typing import Final

import msgspec

from edge.drivers.alarm import Alarm
from edge.drivers.rfid.llrp.asks import BODIES
from edge.drivers.rfid.llrp.messages import VERSIONS, Kind, Message, framed
from edge.drivers.rfid.llrp.settings import Settings
from edge.drivers.rfid.llrp.statements import Status
from edge.readings import DeviceFault, Nanoseconds

# A reader greets whoever connects at once; one whose port was open before we came does not, and is asked.
_GREETING_NS: Final = 1_000_000_000
# Answers take milliseconds, those to SET_READER_CONFIG longer; what was refused is tried again after as long.
_ANSWER_NS: Final = 5_000_000_000
# Two of the longest rounds: without the end of one the reader has not begun it by itself.
_ROUND_NS: Final = 1_000_000_000

# More unanswered keepalives than a reader endures; those of a stream that is only listened to go nowhere.
_ACKS_MAX: Final = 8

_ID_MAX: Final = 0xFFFFFFFF

_LLRP_1_0_1, _LLRP_1_1 = VERSIONS
_UNSUPPORTED_VERSION: Final = 110


class Step(Enum):
    """Where the session is: what the reader was asked last, or what it is waited for."""

    GREETING = "the reader's greeting"
    VERSION = "to speak LLRP 1.1"
    CAPABILITIES = "to tell what it can do"
    CONFIGURATION = "to tell how it is set"
    SETTINGS = "to take our settings"
    TIDYING = "to forget what it was told before"
    ADDING = "to learn how to look for tags"
    ENABLING = "to look for tags"
    AWAITING = "its first round"
    ROUNDS = "its next round"
    STARTING = "to look for tags again"


class _Move(msgspec.Struct, frozen=True):
    """One row of the table: what is asked, by which answer, and where the session goes from there."""

    ask: Kind
    answer: Kind
    then: Step
    refused: Step | None = None
    """Where it goes when the reader refuses; None where that is in the way of all that follows."""


_MOVES: Final = {
    Step.VERSION: _Move(
        Kind.SET_PROTOCOL_VERSION,
        Kind.SET_PROTOCOL_VERSION_RESPONSE,
        then=Step.CAPABILITIES,
        refused=Step.CAPABILITIES,
    ),
    Step.CAPABILITIES: _Move(
        Kind.GET_READER_CAPABILITIES,
        Kind.GET_READER_CAPABILITIES_RESPONSE,
        then=Step.CONFIGURATION,
        refused=Step.CONFIGURATION,
    ),
    Step.CONFIGURATION: _Move(
        Kind.GET_READER_CONFIG,
        Kind.GET_READER_CONFIG_RESPONSE,
        then=Step.SETTINGS,
        refused=Step.SETTINGS,
    ),
    Step.SETTINGS: _Move(Kind.SET_READER_CONFIG, Kind.SET_READER_CONFIG_RESPONSE, then=Step.TIDYING),
    # If something was left behind after all, the reader refuses the ROSpec that we add.
    Step.TIDYING: _Move(
        Kind.DELETE_ROSPEC, Kind.DELETE_ROSPEC_RESPONSE, then=Step.ADDING, refused=Step.ADDING
    ),
    Step.ADDING: _Move(Kind.ADD_ROSPEC, Kind.ADD_ROSPEC_RESPONSE, then=Step.ENABLING),
    Step.ENABLING: _Move(Kind.ENABLE_ROSPEC, Kind.ENABLE_ROSPEC_RESPONSE, then=Step.AWAITING),
    # A reader that has forgotten its ROSpec, since it was switched off for a moment, is told all of it anew.
    Step.STARTING: _Move(
        Kind.START_ROSPEC, Kind.START_ROSPEC_RESPONSE, then=Step.AWAITING, refused=Step.CAPABILITIES
    ),
}

_IDLE: Final = DeviceFault(
    "reader.idle", "The tag reader answers, but does not look for tags: restart it, and check its settings."
)

_PATIENCE_NS: Final = {Step.GREETING: _GREETING_NS, Step.ROUNDS: _ROUND_NS}


class Session:
    """Knows what to send; it hears of answers, rounds and the time, and tells of a reader that does no work.

    Before `opened` there is nobody to talk to: it only listens.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._open = False
        self._step = Step.GREETING
        self._alarm = Alarm()
        self._version = _LLRP_1_0_1
        self._switched = False
        self._number = 0
        self._asked: int | None = None
        self._outgoing = b""
        self._acks: list[bytes] = []

    @property
    def deadline_ns(self) -> Nanoseconds | None:
        """When the patience with the reader is over."""
        return self._alarm.deadline_ns

    def opened(self, now_ns: Nanoseconds) -> None:
        """Wait for the greeting of a reader on a port that has just been opened."""
        self._open = True
        self._version = _LLRP_1_0_1
        self._switched = False
        self._outgoing = b""
        self._acks = []
        self._go(Step.GREETING, now_ns)

    def greeted(self, version: int) -> None:
        """The reader is there, or has begun anew: whatever it was told is forgotten."""
        self._version = version
        self._begin()

    def answered(self, message: Message, status: Status) -> DeviceFault | None:
        """Go on where this answers what was asked; a refusal that is in the way of it all is a fault."""
        move = _MOVES.get(self._step)
        if move is None or not self._is_answer(message, move, status):
            return None
        if self._step is Step.VERSION and not status.code:
            self._version = _LLRP_1_1
        then = move.refused if status.code else move.then
        if status.code == _UNSUPPORTED_VERSION and self._step is not Step.VERSION and not self._switched:
            self._switched = True
            self._version = _LLRP_1_1 if self._version == _LLRP_1_0_1 else _LLRP_1_0_1
            then = self._step
        if then is not None:
            self._go(then)
            return None
        self._asked = None
        self._alarm.set(_ANSWER_NS)  # then it is tried again
        return DeviceFault("reader.refused", f"The tag reader refuses {self._step.value}: {status}.")

    def round_ended(self) -> None:
        """The reader looks for tags."""
        if self._step in {Step.AWAITING, Step.ROUNDS}:
            self._go(Step.ROUNDS)

    def keepalive(self, message: Message) -> None:
        """Acknowledge it, or the reader hangs up after a while."""
        if self._open and len(self._acks) < _ACKS_MAX:
            self._acks.append(framed(message.version, Kind.KEEPALIVE_ACK, message.id))

    def to_send(self) -> bytes:
        """What is to be sent now; it is handed out once."""
        outgoing = b"".join((*self._acks, self._outgoing))
        self._acks = []
        self._outgoing = b""
        return outgoing

    def tick(self, now_ns: Nanoseconds) -> DeviceFault | None:
        """Take note of the time; whatever does not come is asked for anew, from the beginning."""
        if not self._alarm.rings(now_ns):
            return None
        waited = self._step
        if waited is Step.ROUNDS:
            self._go(Step.STARTING, now_ns)
        else:
            self._begin(now_ns)
        return _IDLE if waited is Step.AWAITING else None

    def _begin(self, now_ns: Nanoseconds | None = None) -> None:
        self._go(Step.VERSION if self._settings.version == "1.1" else Step.CAPABILITIES, now_ns)

    def _go(self, step: Step, now_ns: Nanoseconds | None = None) -> None:
        if not self._open:
            return  # there is nobody to talk to
        self._step = step
        self._alarm.set(_PATIENCE_NS.get(step, _ANSWER_NS), now_ns)
        self._asked = None
        if move := _MOVES.get(step):
            version = _LLRP_1_1 if step is Step.VERSION else self._version
            self._ask(version, move.ask, BODIES[move.ask](self._settings))
            self._asked = self._number
        elif step is Step.AWAITING:
            # Who was connected before us may have told it to hold its reports back until it hears this.
            self._ask(self._version, Kind.ENABLE_EVENTS_AND_REPORTS, b"")

    def _ask(self, version: int, kind: Kind, body: bytes) -> None:
        self._number = self._number % _ID_MAX + 1
        self._outgoing = framed(version, kind, self._number, body)

    def _is_answer(self, message: Message, move: _Move, status: Status) -> bool:
        if message.kind == Kind.ERROR_MESSAGE:
            # Not every reader says which message it did not understand.
            return self._asked is not None and status.code != 0
        return message.kind == move.answer and message.id == self._asked
