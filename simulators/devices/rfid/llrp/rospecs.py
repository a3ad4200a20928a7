"""The only ROSpec of the reader: absent, disabled, inactive or active, and the steps between them."""

import random
from collections.abc import Iterator, Mapping

from simulators.devices.rfid.field import Field
from simulators.devices.rfid.llrp import speech
from simulators.devices.rfid.llrp.capabilities import ROSPECS_MAX
from simulators.devices.rfid.llrp.conversation import Conversation
from simulators.devices.rfid.llrp.inventory import Ended, Happening, Hopped, Inventory, ReportDue, SpecEnded
from simulators.devices.rfid.llrp.model import Model
from simulators.devices.rfid.llrp.report import Book
from simulators.devices.rfid.llrp.rospec import (
    ACTIVE,
    DISABLED,
    INACTIVE,
    Report,
    RoSpec,
    read_rospec,
    with_state,
)
from simulators.devices.rfid.llrp.speech import Kind
from simulators.devices.rfid.llrp.wire import RefusedMessageError, Status


class RoSpecs:
    """What hosts add, enable and start; what comes of it goes into the conversation."""

    def __init__(self, model: Model, field: Field, luck: random.Random, conversation: Conversation) -> None:
        self._model = model
        self._field = field
        self._luck = luck
        self._conversation = conversation
        self.power_on()

    def power_on(self) -> None:
        """Know none."""
        self._rospec: RoSpec | None = None
        self._state = DISABLED
        self._inventory: Inventory | None = None
        self._starts_ns: int | None = None
        self._book = Book(has_utc=self._model.utc)

    @property
    def wakes_ns(self) -> int | None:
        """When an antenna's turn ends, or when a start by the clock is due."""
        turn_ends_ns = self._inventory.wakes_ns if self._inventory else None
        return min((each for each in (turn_ends_ns, self._starts_ns) if each is not None), default=None)

    def go_on(self, connected: Mapping[int, bool], now_ns: int) -> None:
        """Do what is due by now."""
        if self._starts_ns is not None and now_ns >= self._starts_ns:
            self._start_by_clock(now_ns)
        if self._inventory and now_ns >= self._inventory.wakes_ns:
            self._tell(self._inventory.turn(connected, now_ns), now_ns)

    # The steps.

    def add(self, body: bytes, _now_ns: int) -> bytes:
        """ADD_ROSPEC: absent -> disabled."""
        rospec = read_rospec(body, self._model.antennas)
        if self._rospec and self._rospec.id == rospec.id:
            raise RefusedMessageError(Status.INVALID, f"there is a ROSpec {rospec.id} already")
        if self._rospec:
            words = f"no more than {ROSPECS_MAX} ROSpec at a time: delete ROSpec {self._rospec.id} first"
            raise RefusedMessageError(Status.MESSAGE_OVERFLOW_PARAMETER, words)
        self._rospec, self._state = rospec, DISABLED
        return b""

    def delete(self, body: bytes, now_ns: int) -> bytes:
        """DELETE_ROSPEC: any -> absent."""
        self.disable(body, now_ns)
        self._rospec = None
        return b""

    def enable(self, body: bytes, now_ns: int) -> bytes:
        """ENABLE_ROSPEC: disabled -> inactive, and on to active where the start trigger is immediate."""
        rospec = self._named(body)
        if rospec and self._state == DISABLED:
            self._state = INACTIVE
            if rospec.period_ms is not None:
                self._starts_ns = now_ns + rospec.offset_ms * 1_000_000
            if rospec.starts_at_once:
                self._begin(rospec, now_ns)
        return b""

    def disable(self, body: bytes, now_ns: int) -> bytes:
        """DISABLE_ROSPEC: inactive or active -> disabled."""
        if self._named(body):
            self._end(now_ns)
            self._starts_ns = None
            self._state = DISABLED
        return b""

    def start(self, body: bytes, now_ns: int) -> bytes:
        """START_ROSPEC: inactive -> active; an active one goes on."""
        rospec = self._the_one(body)
        if self._state == DISABLED:
            raise RefusedMessageError(Status.INVALID, "a disabled ROSpec cannot be started")
        if self._state == INACTIVE:
            self._begin(rospec, now_ns)
        return b""

    def stop(self, body: bytes, now_ns: int) -> bytes:
        """STOP_ROSPEC: active -> inactive."""
        self._the_one(body)
        self._end(now_ns)
        return b""

    def told(self, _body: bytes, _now_ns: int) -> bytes:
        """GET_ROSPECS: as it was added, with its present state."""
        return with_state(self._rospec.raw, self._state) if self._rospec else b""

    def report_now(self) -> None:
        """GET_REPORT: what was heard since the last report."""
        self._conversation.report_now(self._book.tear_out(self._report))

    def _named(self, body: bytes) -> RoSpec | None:
        """Find the ROSpec that a message names; 0 names all, which may be none."""
        number = int.from_bytes(body[:4])
        if len(body) < 4 or (number and (self._rospec is None or self._rospec.id != number)):
            raise RefusedMessageError(Status.INVALID, f"there is no ROSpec {number}")
        return self._rospec

    def _the_one(self, body: bytes) -> RoSpec:
        rospec = self._named(body)
        if rospec is None or not int.from_bytes(body[:4]):
            raise RefusedMessageError(Status.INVALID, "one ROSpec must be named")
        return rospec

    # Running.

    @property
    def _report(self) -> Report:
        wanted = self._rospec.report if self._rospec else None
        return wanted or self._conversation.settings.report

    def _begin(self, rospec: RoSpec, now_ns: int) -> None:
        self._state = ACTIVE
        self._inventory = Inventory(rospec, self._report, self._field, self._book, luck=self._luck)
        self._inventory.begin(now_ns)
        self._conversation.tell(Kind.ROSPEC, speech.rospec(speech.ROSPEC_STARTED, rospec.id), now_ns)

    def _start_by_clock(self, now_ns: int) -> None:
        """Start a periodic one; a period that finds it running is passed over."""
        if self._rospec is None or self._rospec.period_ms is None:
            return
        self._starts_ns = now_ns + self._rospec.period_ms * 1_000_000
        if self._state == INACTIVE:
            self._begin(self._rospec, now_ns)

    def _end(self, now_ns: int) -> None:
        if self._inventory:
            self._tell(self._inventory.end(), now_ns)

    def _tell(self, happenings: Iterator[Happening], now_ns: int) -> None:
        number = self._rospec.id if self._rospec else 0
        for each in happenings:
            match each:
                case Hopped(channel=channel):
                    self._conversation.tell(Kind.HOPPING, speech.hopped(channel), now_ns)
                case ReportDue(at_end=at_end):
                    self._conversation.report(self._book.tear_out(self._report), at_end=at_end)
                case SpecEnded(spec=spec):
                    self._conversation.tell(Kind.AISPEC, speech.aispec_ended(number, spec), now_ns)
                case Ended(done=done):
                    self._inventory, self._state = None, INACTIVE
                    event = speech.rospec(speech.ROSPEC_ENDED, number)
                    self._conversation.tell(Kind.ROSPEC, event, now_ns)
                    # Where the start trigger is immediate, all that is done is done again: hosts rely on it.
                    if done and self._rospec and self._rospec.starts_at_once:
                        self._begin(self._rospec, now_ns)
