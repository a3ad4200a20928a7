"""A ROSpec that runs: which antenna listens when, and what comes of it, as nouns without words yet."""

import random
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

import msgspec

from simulators.devices.rfid.field import Field, Sighting
from simulators.devices.rfid.llrp.capabilities import CHANNELS_KHZ
from simulators.devices.rfid.llrp.report import Book, Where
from simulators.devices.rfid.llrp.rospec import (
    MILLIS_PER_AISPEC,
    MILLIS_PER_ROSPEC,
    PER_AISPEC,
    PER_ROSPEC,
    SECONDS_PER_AISPEC,
    SECONDS_PER_ROSPEC,
    AiSpec,
    Report,
    RoSpec,
    TagStop,
)
from simulators.devices.rfid.llrp.speech import clock_us

MS_NS: Final = 1_000_000
# An antenna listens for a round of Gen2, then the next one does; a full field takes longer.
TURN_NS: Final = (20 * MS_NS, 40 * MS_NS)
TAG_NS: Final = MS_NS
# A reader under FCC rules leaves a channel before 400 ms are over.
HOP_NS: Final = 200 * MS_NS
# The unit of n in the report triggers that go by time.
PERIODS_MS: Final = {
    SECONDS_PER_AISPEC: 1000,
    SECONDS_PER_ROSPEC: 1000,
    MILLIS_PER_AISPEC: 1,
    MILLIS_PER_ROSPEC: 1,
}
WITH_AISPEC: Final = {PER_AISPEC, SECONDS_PER_AISPEC, MILLIS_PER_AISPEC}
WITH_ROSPEC: Final = {PER_ROSPEC, SECONDS_PER_ROSPEC, MILLIS_PER_ROSPEC}


class Hopped(NamedTuple):
    """The radio goes to another channel."""

    channel: int


class ReportDue(NamedTuple):
    """What was written down is to be told now; `at_end` even if it is nothing, where the maker does so."""

    at_end: bool


class SpecEnded(NamedTuple):
    """An AISpec is over."""

    spec: int


class Ended(NamedTuple):
    """The ROSpec is over; `done` when all of it was done, and not because somebody or a clock ended it."""

    done: bool


Happening = Hopped | ReportDue | SpecEnded | Ended


class Watch(msgspec.Struct):
    """What an AISpec has heard since it began, for the triggers that end it by tags."""

    began_ns: int
    new_ns: int
    seen: set[tuple[bytes, int]] = msgspec.field(default_factory=set)
    attempts: int = 0

    def look(self, sightings: list[Sighting], now_ns: int) -> None:
        """Note what is new."""
        heard = {(each.epc, each.antenna) for each in sightings}
        if heard - self.seen:
            self.new_ns = now_ns
        self.seen |= heard

    def over(self, stop: TagStop, now_ns: int) -> bool:
        """Whether the trigger fires: enough tags, quiet for long enough, enough attempts, or its time-out."""
        if stop.timeout_ms and now_ns >= self.began_ns + stop.timeout_ms * MS_NS:
            return True
        fired = (
            len(self.seen) >= stop.tags,
            now_ns >= self.new_ns + stop.quiet_ms * MS_NS,
            self.attempts >= stop.attempts,
        )
        return fired[stop.kind]


class Inventory:
    """The ROSpec under way; it hears into the reader's book."""

    def __init__(
        self, rospec: RoSpec, report: Report, field: Field, book: Book, *, luck: random.Random
    ) -> None:
        self._rospec = rospec
        self._report = report
        self._field = field
        self._book = book
        self._luck = luck
        self._loops_left = rospec.loops
        self._channel = 1

    def begin(self, now_ns: int) -> None:
        """Begin with the first AISpec."""
        duration_ms = self._rospec.duration_ms
        self._ends_ns = None if duration_ms is None else now_ns + duration_ms * MS_NS
        self._hops_ns = now_ns + HOP_NS
        self._told_ns = now_ns
        self._begin(0, now_ns)

    @property
    def wakes_ns(self) -> int:
        """When the antenna that listens has listened long enough."""
        return self._turn_ends_ns

    def turn(self, connected: Mapping[int, bool], now_ns: int) -> Iterator[Happening]:
        """End the turn of one antenna and begin the next one's."""
        self._listen(connected, now_ns)
        if now_ns >= self._hops_ns:
            self._hops_ns = now_ns + HOP_NS
            self._channel = self._channel % len(CHANNELS_KHZ) + 1
            yield Hopped(self._channel)
        if self._report_is_due(now_ns):
            self._told_ns = now_ns
            yield ReportDue(at_end=False)
        if self._ends_ns is not None and now_ns >= self._ends_ns:
            yield from self.end()
        elif self._spec_is_over(now_ns):
            yield from self._next(now_ns)
        else:
            self._begin_turn(now_ns)

    def end(self) -> Iterator[Happening]:
        """End in the middle, as a host or a stop trigger asks: the AISpec under way ends with it."""
        yield from self._end_spec()
        yield from self._end_all(done=False)

    @property
    def _spec(self) -> AiSpec:
        return self._rospec.specs[self._at]

    def _begin(self, at: int, now_ns: int) -> None:
        self._at = at
        duration_ms = self._spec.duration_ms
        self._spec_ends_ns = None if duration_ms is None else now_ns + duration_ms * MS_NS
        self._watch = Watch(now_ns, now_ns)
        self._place = 0
        self._begin_turn(now_ns)

    def _begin_turn(self, now_ns: int) -> None:
        self._antenna = self._spec.antennas[self._place]
        busy_ns = max(self._field.count(self._antenna) * TAG_NS, self._luck.randint(*TURN_NS))
        ends = (now_ns + busy_ns, self._spec_ends_ns, self._ends_ns)
        # A turn takes time even where a host wants an inventory of 0 ms.
        self._turn_ends_ns = max(now_ns + MS_NS, min(each for each in ends if each is not None))

    def _listen(self, connected: Mapping[int, bool], now_ns: int) -> None:
        sightings = self._field.round(now_ns, self._antenna) if connected[self._antenna] else []
        where = Where(self._rospec.id, self._at + 1, self._spec.parameter_id, self._channel)
        for each in sightings:
            self._book.note(each, where, clock_us(now_ns))
        self._watch.look(sightings, now_ns)
        self._place = (self._place + 1) % len(self._spec.antennas)
        # An attempt is over when every antenna has had its turn.
        self._watch.attempts += not self._place

    def _report_is_due(self, now_ns: int) -> bool:
        report = self._report
        if report.trigger in PERIODS_MS:
            return now_ns >= self._told_ns + max(1, report.n) * PERIODS_MS[report.trigger] * MS_NS
        return report.trigger in (PER_AISPEC, PER_ROSPEC) and 0 < report.n <= len(self._book)

    def _spec_is_over(self, now_ns: int) -> bool:
        if self._spec_ends_ns is not None and now_ns >= self._spec_ends_ns:
            return True
        return self._spec.tags is not None and self._watch.over(self._spec.tags, now_ns)

    def _next(self, now_ns: int) -> Iterator[Happening]:
        yield from self._end_spec()
        at = self._at + 1
        if at == len(self._rospec.specs):
            # A loop count of 0 is endless (LoopSpec of version 1.1).
            self._loops_left -= 1
            at = 0
            if not self._loops_left:
                yield from self._end_all(done=True)
                return
        self._begin(at, now_ns)

    def _end_spec(self) -> Iterator[Happening]:
        if self._report.trigger in WITH_AISPEC:
            yield ReportDue(at_end=True)
        yield SpecEnded(self._at + 1)

    def _end_all(self, *, done: bool) -> Iterator[Happening]:
        if self._report.trigger in WITH_ROSPEC:
            yield ReportDue(at_end=True)
        yield Ended(done)
