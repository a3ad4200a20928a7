"""The payments of an object: its ways to pay, what was open when it started, and what has to go back."""

import secrets
from collections.abc import Callable, Coroutine, Iterator
from random import SystemRandom
from typing import Any, Final

import msgspec

from cloud_sync.contract.encoding import b64
from edge.checkout.payments.book import PaymentBook
from edge.checkout.payments.cashier import Cashier, Ended
from edge.checkout.payments.cloud import WAYS, CloudProvider
from edge.checkout.payments.counter import Counter
from edge.checkout.payments.desk import Desk
from edge.checkout.payments.givingback import GivingBack
from edge.checkout.payments.house import DESK, HouseBook
from edge.checkout.payments.provider import Provider
from edge.checkout.payments.terminal import TerminalProvider
from edge.checkout.till import Till
from edge.clock import Clock
from edge.commands import Command
from edge.config import (
    AccountSection,
    CloudSection,
    DeskSection,
    ObjectConfig,
    TenderSection,
    TerminalSection,
)
from edge.drivers.registry import driver_for
from edge.drivers.transports import Conversation
from edge.drivers.uris import parse_uri
from edge.offline_queue.outcomes import JournalClosedError
from edge.offline_queue.questions import Questions

# An attempt is its own idempotency key at the provider: 96 random bits, as a sale has.
_ATTEMPT_BYTES: Final = 12


class PayBooks(msgspec.Struct, frozen=True):
    """What the ledger knows of payments when the object starts."""

    payments: PaymentBook
    house: HouseBook


class PayRoom:
    """The payments of one object, paid at `till`.

    `reveal` opens what a shopper has shown. Raises PeripheralUriError and ProfileError for a terminal that
    nobody can speak to.
    """

    def __init__(
        self,
        config: ObjectConfig,
        books: PayBooks,
        till: Till,
        clock: Clock,
        reveal: Callable[[int], str | None],
    ) -> None:
        self._till = till
        self._clock = clock
        self._books = books
        self._luck = SystemRandom()
        self._lines: list[Conversation] = []
        asks_hub = any(isinstance(each, CloudSection) for each in config.tenders)
        self.questions = Questions(config.object.id, config.trust.receipt) if asks_hub else None
        providers = {each.name: way for each in config.tenders if (way := self._way(each)) is not None}
        self.cashier = Cashier(till.register, books.payments, providers, clock, _new_id)
        self._giving_back = GivingBack(self.cashier, till.register, clock)
        self.desk: Desk | None = None
        for way in providers.values():
            if isinstance(way, Desk):
                self.desk, way.on_confirmed = way, self.cashier.told
            elif isinstance(way, TerminalProvider):
                way.on_told = self.cashier.told
        self.cashier.on_ended = self._ended
        # At the desk somebody is still expected; of every other open attempt nobody knows how it stands.
        opened = (line.attempt for line in books.payments.open())
        self._unknown = {attempt.sale for attempt in opened if attempt.provider != DESK}
        till.take(Counter(self.cashier, tuple(providers), reveal))
        till.checks(payment=bool(self._unknown))

    def work(self) -> Iterator[Coroutine[Any, Any, None]]:
        """What has to go on for as long as the object works."""
        yield self._recover()
        yield self._giving_back.run()
        for line in self._lines:
            yield line.run()

    async def _recover(self) -> None:
        try:
            await self.cashier.recover()
        except JournalClosedError:
            return  # the runtime has heard of it, and starts again
        self._unknown.clear()
        self._till.checks(payment=False)

    def _ended(self, ended: Ended) -> None:
        """An attempt of before the start has come to its end."""
        self._unknown.discard(ended.sale)
        self._till.checks(payment=bool(self._unknown))
        self._till.recovered(ended)

    def _way(self, tender: TenderSection) -> Provider | None:
        match tender:
            case AccountSection():
                return None  # nobody has to be asked for that money: the till itself bills it
            case DeskSection():
                return Desk(self._books.payments, self._books.house, self._till.register, self._clock)
            case TerminalSection(uri=uri):
                return self._terminal(uri)
            case CloudSection(provider=name):
                assert self.questions is not None
                return CloudProvider(name, WAYS[name], self.questions, _new_id)

    def _terminal(self, text: str) -> TerminalProvider:
        uri = parse_uri(text)
        driver = driver_for(uri.profile)
        wire = _Wire()
        way = TerminalProvider(wire, self._books.payments)
        wire.line = Conversation(uri, driver, way.heard, self._clock, self._luck)
        self._lines.append(wire.line)
        return way


class _Wire:
    """What a terminal is told by: it stands between two ends of which each speaks to the other."""

    line: Conversation

    def command(self, command: Command) -> None:
        """Have it done; the readings tell what became of it."""
        self.line.command(command)


def _new_id() -> str:
    return b64(secrets.token_bytes(_ATTEMPT_BYTES))
