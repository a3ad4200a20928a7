"""The end of a terminal's day: at its hour, and when the shop says so, it hands in what it took.

What it says then is written down beside our own books. Nothing is posted, and a difference is a person's. A
power cut between the terminal's word and our entry leaves the day unwritten: it is closed again, the terminal
has nothing more to hand in, and the difference calls that person.
"""

import asyncio
import contextlib
import logging
from datetime import datetime, timedelta
from typing import Final, Literal, Protocol
from zoneinfo import ZoneInfo

import msgspec

from cloud_sync.contract.facts import DayClosed, Handed
from edge.checkout.payments.book import PaymentBook
from edge.checkout.payments.entries import Register
from edge.checkout.payments.givingback import Wall
from edge.checkout.payments.pursuit import SECOND_NS
from edge.checkout.payments.results import DayEnd
from edge.offline_queue.outcomes import JournalClosedError
from edge.readings import TerminalTotals
from retail.locale import business_date

_log: Final = logging.getLogger("opos.payments")

# Nobody waits for the end of a day: half a minute late is on time.
_LOOK_S: Final = 30.0

# A shopper pays within four minutes, and a terminal without a line finds it again or does not.
_AGAIN_NS: Final = 120 * SECOND_NS

# A day that cannot be closed for so long needs a person; most hosts take it until the next noon.
_LATE_NS: Final = 2 * 3_600 * SECOND_NS

_ISO_4217_NO_CURRENCY: Final = 3 * "X"
"""ISO 4217's own code for "no currency": where neither the terminal nor a payment names one."""

UNANSWERED: Final = "terminal.unanswered"
"""The reason beside a day that was closed after an end of day that nobody answered: it may have handed in
what is missing."""


class Hours(msgspec.Struct, frozen=True):
    """The time of a site, and the hour (03:00) at which a day ends there; None ends none by itself."""

    timezone: str
    end_of_day: str | None = None

    def last_end_ms(self, now_ms: int) -> int | None:
        """When a day last had to end, in milliseconds since 1970."""
        if self.end_of_day is None:
            return None
        hour, minute = map(int, self.end_of_day.split(":"))
        local = datetime.fromtimestamp(now_ms / 1_000, ZoneInfo(self.timezone))
        moment = local.replace(hour=hour, minute=minute, second=0, microsecond=0, fold=0)
        if _ms(moment) > now_ms:
            moment -= timedelta(days=1)
        return _ms(moment)


class EndsDays(Protocol):
    """All that the end of a day asks of a way to pay."""

    @property
    def name(self) -> str:
        """Its code, as entries have it."""
        ...

    @property
    def counts_in(self) -> str:
        """The currency that it counts in, as it has said itself; '' while it has not."""
        ...

    async def end_day(self) -> DayEnd:
        """Have it hand in what it took."""
        ...


class _Try(msgspec.Struct):
    """A day that is to be closed: since when, when it is tried next, and whether a try went unanswered."""

    since_ns: int
    at_ns: int
    unanswered: bool = False
    told_late: bool = False


class DayEnds:
    """`await run()` beside the cashier; `ask` ends a day besides."""

    def __init__(
        self, way: EndsDays, book: PaymentBook, register: Register, clock: Wall, hours: Hours
    ) -> None:
        self._way = way
        self._book = book
        self._register = register
        self._clock = clock
        self._hours = hours
        self._began_ms = clock.wall_ms()
        self._try: _Try | None = None
        self._asked = asyncio.Event()

    def ask(self) -> None:
        """The shop wants the day to end: as soon as nobody pays."""
        self._asked.set()

    async def run(self) -> None:
        """End each day, for ever; ends when the journal writes no more."""
        with contextlib.suppress(JournalClosedError):  # the runtime has heard of it, and starts again
            while True:
                await self._look()
                # Not `wait_for`: in Python 3.11 it loses a cancel that comes together with what it waits for.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_LOOK_S):
                        await self._asked.wait()

    async def _look(self) -> None:
        """Close the day if it is time to."""
        now_ns = self._clock.now_ns()
        if self._asked.is_set():
            self._asked.clear()
            self._try = self._try or _Try(now_ns, now_ns)
            self._try.at_ns = now_ns
        elif self._try is None and self._is_due():
            self._try = _Try(now_ns, now_ns)
        if self._try is not None and now_ns >= self._try.at_ns:
            await self._close(self._try)

    def _is_due(self) -> bool:
        ended_ms = self._hours.last_end_ms(self._clock.wall_ms())
        return ended_ms is not None and self._since_ms < ended_ms

    @property
    def _since_ms(self) -> int:
        """When the day began: with the last end, else with the first payment, else with this start."""
        ended_ms = self._book.day_closed_ms(self._way.name)
        first = next((line.wall_ms for line in self._book.at(self._way.name)), self._began_ms)
        return min(first, self._began_ms) if ended_ms is None else ended_ms

    async def _close(self, tried: _Try) -> None:
        end = await self._way.end_day()
        if end.outcome == "closed":
            self._try = None
            await self._write_closed(end.totals, UNANSWERED if tried.unanswered else "")
            return
        _log.info("the day at %s cannot be closed yet: %s %s", self._way.name, end.outcome, end.reason)
        tried.unanswered = tried.unanswered or end.outcome == "unknown"
        now_ns = self._clock.now_ns()
        tried.at_ns = now_ns + _AGAIN_NS
        if now_ns - tried.since_ns >= _LATE_NS and not tried.told_late:
            tried.told_late = True
            await self._write_late(end.reason or f"day.{end.outcome}")

    async def _write_closed(self, totals: TerminalTotals | None, reason: str) -> None:
        told = None if totals is None else _sum(totals)
        day = self._day("closed", reason)
        if told is not None:
            day = msgspec.structs.replace(day, told=told)
        if day.differs:
            _log.error("%s hands in %s, and was paid %s here", day.provider, day.told, day.own)
        await self._write(day, str(self._clock.wall_ms()))

    async def _write_late(self, reason: str) -> None:
        """Once for each day, however often the object starts meanwhile."""
        await self._write(self._day("open", reason), f"open/{self._since_ms}")

    async def _write(self, day: DayClosed, which: str) -> None:
        written = await self._register.write(day, f"close/{day.provider}/{which}")
        self._book.apply(written.body)

    def _day(self, outcome: Literal["closed", "open"], reason: str) -> DayClosed:
        came = self._book.of_the_day(self._way.name)
        line = next((line for line in self._book.at(self._way.name)), None)
        return DayClosed(
            provider=self._way.name,
            business_date=business_date(self._clock.wall_ms(), self._hours.timezone),
            outcome=outcome,
            currency=self._way.counts_in or (line.attempt.currency if line else _ISO_4217_NO_CURRENCY),
            own=Handed(len(came), sum(each.amount_minor for each in came)),
            reason=reason,
        )


def _sum(totals: TerminalTotals) -> Handed:
    return Handed(sum(each.count for each in totals.kinds), sum(each.amount_minor for each in totals.kinds))


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000)
