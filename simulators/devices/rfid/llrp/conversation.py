"""The conversation with a host: answers, events for who wants them, reports through the gate, keepalives."""

from typing import Final

from simulators.devices.device import SAID_FRAMES_MAX
from simulators.devices.rfid.llrp import speech
from simulators.devices.rfid.llrp.model import VERSIONS, Model
from simulators.devices.rfid.llrp.settings import Settings
from simulators.devices.rfid.llrp.speech import Attempt, Kind
from simulators.devices.rfid.llrp.wire import Type, message

# As many TagReportData as the longest report of a public capture has; so a report fits into any port.
TAGS_A_REPORT: Final = 64
# What the reader keeps for a host that is away or does not want to hear yet.
KEPT_TAGS_MAX: Final = 4000
# After so much the line has a turn, with what it began in the middle of: together less than a port holds.
TURN_BYTES_MAX: Final = 4096


class Conversation:
    """All that is said, in order; `settings` are those that the host has set."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self.settings = Settings()
        self._kept: list[bytes] = []
        self._lost_tags = False
        self._alive_ns: int | None = None

    def power_on(self) -> None:
        """Forget what was set and what was kept."""
        self.settings = Settings()
        self._kept.clear()
        self._lost_tags = False

    # The host comes and goes.

    def open(self, now_ns: int) -> None:
        """Begin with a host: nothing comes before the word that it is welcome."""
        self._said: list[bytes] = []
        self._spoke_ns = now_ns
        self.here, self.ends = True, False
        self.version = VERSIONS["1.0.1"]
        self._message_id = 0
        self._held = self.settings.holds
        self.mind_alive(now_ns)
        self._notify(speech.attempt(Attempt.SUCCESS), now_ns)
        if not self._held:
            self.open_gate(now_ns)

    def close(self) -> None:
        """Go on without a host."""
        self._said.clear()
        self.here = self.ends = False

    def hang_up(self, now_ns: int) -> None:
        """End it from this side."""
        self._notify(speech.closing(), now_ns)
        self._alive_ns = None
        self.ends = True

    def turn_away(self, now_ns: int) -> bytes:
        """Give what a second host hears."""
        body = self._event(speech.attempt(Attempt.HOST_IS_HERE), now_ns)
        return message(VERSIONS["1.0.1"], Type.READER_EVENT_NOTIFICATION, 0, body)

    # What is said.

    @property
    def wakes_ns(self) -> int | None:
        """At once if more is to say, else when the next keepalive is due."""
        if self._said:
            return self._spoke_ns
        return self._alive_ns if self.here else None

    def due(self, now_ns: int) -> list[bytes]:
        """Give what is due by now, some messages at a time."""
        if self.here and self._alive_ns is not None and now_ns >= self._alive_ns:
            self._say_alive(now_ns)
        self._spoke_ns = now_ns
        said: list[bytes] = []
        while self._said and sum(map(len, said)) < TURN_BYTES_MAX:
            said.append(self._said.pop(0))
        return said

    def say(self, kind: int, body: bytes, number: int | None = None, *, at: int | None = None) -> None:
        """Say a message; an answer has the number of its question, all else the next one of its own.

        `at` says it before what came since so many messages waited.
        """
        if number is None:
            number, self._message_id = self._message_id, self._message_id + 1
        self.say_as_it_is(message(self.version, kind, number, body), at=at)

    def say_as_it_is(self, whole: bytes, *, at: int | None = None) -> None:
        """Say what is a message already."""
        if len(self._said) < SAID_FRAMES_MAX:
            self._said.insert(self.mark if at is None else at, whole)

    @property
    def mark(self) -> int:
        """How many messages wait."""
        return len(self._said)

    def tell(self, kind: Kind, what: bytes, now_ns: int) -> None:
        """Tell an event to a host that wants it; one that nobody can hear is forgotten."""
        wanted = self._model.chatty or kind in self.settings.events
        if wanted and self.here and not self._held:
            self._notify(what, now_ns)

    def _notify(self, what: bytes, now_ns: int) -> None:
        self.say(Type.READER_EVENT_NOTIFICATION, self._event(what, now_ns))

    def _event(self, what: bytes, now_ns: int) -> bytes:
        return speech.event(speech.clock_us(now_ns), what, has_utc=self._model.utc)

    # Keepalives.

    def mind_alive(self, now_ns: int) -> None:
        """Begin to count a period of keepalives."""
        self._acks_missed = 0
        self._next_alive(now_ns)

    def acknowledged(self) -> None:
        """Be sure of the host again."""
        self._acks_missed = 0

    def _next_alive(self, now_ns: int) -> None:
        period_ms = self.settings.keepalive_ms
        self._alive_ns = None if period_ms is None else now_ns + period_ms * 1_000_000

    def _say_alive(self, now_ns: int) -> None:
        if self._acks_missed >= self._model.acks_missed_max:
            self.hang_up(now_ns)
        else:
            self._acks_missed += 1
            self._next_alive(now_ns)
            self.say(Type.KEEPALIVE, b"")

    # Reports.

    def report(self, tags: list[bytes], *, at_end: bool) -> None:
        """Report tags, or keep them while the host is away or does not want to hear yet."""
        self._kept += tags
        if len(self._kept) > KEPT_TAGS_MAX:
            self._lost_tags = True
            del self._kept[KEPT_TAGS_MAX:]
        if self.here and not self._held:
            # At the end of an inventory that heard nothing a Zebra FX9600 sends an empty report, Impinj none.
            self._say_kept(even_nothing=at_end and self._model.maker != "impinj")

    def report_now(self, tags: list[bytes]) -> None:
        """Answer GET_REPORT, in at least one message."""
        self._kept += tags
        self._say_kept(even_nothing=True)

    def open_gate(self, now_ns: int) -> None:
        """Hold nothing back any more for this host."""
        self._held = False
        if self._lost_tags:
            self._lost_tags = False
            self._notify(speech.overflow(), now_ns)
        self._say_kept(even_nothing=False)

    def _say_kept(self, *, even_nothing: bool) -> None:
        for start in range(0, len(self._kept) or even_nothing, TAGS_A_REPORT):
            self.say(Type.RO_ACCESS_REPORT, b"".join(self._kept[start : start + TAGS_A_REPORT]))
        self._kept.clear()
