"""The card terminals of an object: their lines, what they ask of a shopper, the end of their days."""

from collections.abc import Callable, Coroutine, Iterator
from random import SystemRandom
from typing import Any

from edge.checkout.payments.book import PaymentBook
from edge.checkout.payments.cashier import Cashier
from edge.checkout.payments.counter import Counter
from edge.checkout.payments.dayend import DayEnds, Hours
from edge.checkout.payments.terminal import TerminalProvider
from edge.checkout.register import Register
from edge.clock import Clock
from edge.commands import Command
from edge.config import TerminalSection
from edge.drivers.registry import driver_for
from edge.drivers.transports import Conversation
from edge.drivers.uris import parse_uri
from edge.readings import Reading, TerminalLine


class Terminals:
    """The terminals of the object's file, as many as there are."""

    def __init__(self, book: PaymentBook, register: Register, clock: Clock, timezone: str) -> None:
        self._book = book
        self._register = register
        self._clock = clock
        self._timezone = timezone
        self._luck = SystemRandom()
        self._ways: list[TerminalProvider] = []
        self._lines: list[Conversation] = []
        self._days: list[DayEnds] = []
        self.on_heard: Callable[[str, Reading], None] = lambda _source, _reading: None
        """Hears each reading of a terminal, under the name of its way to pay."""

    def way(self, section: TerminalSection) -> TerminalProvider:
        """One terminal as a way to pay. Raises PeripheralUriError and ProfileError."""
        uri = parse_uri(section.uri)
        driver = driver_for(uri.profile)
        wire = _Wire()
        way = TerminalProvider(wire, self._book, section.name)

        def heard(reading: Reading) -> None:
            way.heard(reading)
            self.on_heard(way.name, reading)

        wire.line = Conversation(uri, driver, heard, self._clock, self._luck)
        hours = Hours(self._timezone, section.end_of_day)
        self._ways.append(way)
        self._lines.append(wire.line)
        self._days.append(DayEnds(way, self._book, self._register, self._clock, hours))
        return way

    def open(self, cashier: Cashier, counter: Counter) -> None:
        """From here on they are heard: of money by the cashier, of what they wait for at the counter."""
        for way in self._ways:
            way.on_told = cashier.told
            way.on_prompt = counter.prompted

    def work(self) -> Iterator[Coroutine[Any, Any, None]]:
        """What has to go on for as long as the object works."""
        for line in self._lines:
            yield line.run()
        for day in self._days:
            yield day.run()

    def end_day(self) -> bool:
        """Have each hand in its day as soon as nobody pays; False where there is none."""
        for day in self._days:
            day.ask()
        return bool(self._days)

    def receipt_lines(self, attempt: str) -> tuple[TerminalLine, ...]:
        """What a terminal wants printed of an attempt, card numbers masked; the last few are kept."""
        return tuple(line for way in self._ways for line in way.receipt_lines(attempt))


class _Wire:
    """What a terminal is told by: it stands between two ends of which each speaks to the other."""

    line: Conversation

    def command(self, command: Command) -> None:
        """Have it done; the readings tell what became of it."""
        self.line.command(command)
