"""The payments of an object: its ways to pay, what was open when it started, and what has to go back."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from typing import Any, Final

import msgspec

from cloud_sync.contract.encoding import b64
from cloud_sync.contract.facts import Sale
from edge.checkout.payments.book import PaymentBook
from edge.checkout.payments.cashier import Cashier, Ended
from edge.checkout.payments.cloud import WAYS, CloudProvider
from edge.checkout.payments.counter import Counter
from edge.checkout.payments.desk import Desk
from edge.checkout.payments.givingback import GivingBack
from edge.checkout.payments.house import DESK, HouseBook
from edge.checkout.payments.provider import Provider
from edge.checkout.payments.wallet import Books, Journal, Wallet
from edge.checkout.receipts import customer_lines
from edge.checkout.till import Till
from edge.clock import Clock
from edge.config import (
    AccountSection,
    CloudSection,
    DeskSection,
    ObjectConfig,
    TenderSection,
    TerminalSection,
    WalletSection,
)
from edge.offline_queue.outcomes import JournalClosedError
from edge.offline_queue.questions import Questions
from edge.runtime.terminals import Terminals
from edge.runtime.wallets import HouseRegister, Lender, tend, wallet_of
from edge.training import check_rehearsed, rehearsals

# An attempt is its own idempotency key at the provider: 96 random bits, as a sale has.
_ATTEMPT_BYTES: Final = 12


class PayBooks(msgspec.Struct, frozen=True):
    """What the ledger knows of payments when the object starts."""

    payments: PaymentBook
    house: HouseBook
    epoch: str = ""


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
        self.terminals = Terminals(books.payments, till.register, clock, config.object.timezone)
        self.questions = Questions(config.object.id, config.trust.receipt)
        self._wallet: Wallet | None = None
        self._register = HouseRegister(till.register, books.house)
        self._config = config
        providers = {each.name: way for each in config.tenders if (way := self._way(each)) is not None}
        if config.rehearses:
            providers = rehearsals(config.rehearses)
            check_rehearsed(providers)
            self._wallet = None
        self.cashier = Cashier(self._register, books.payments, providers, clock, _new_id)
        self._giving_back = GivingBack(self.cashier, self._register, clock)
        self.first: Callable[[], Awaitable[None]] = _nothing
        """What has to be finished at the start before money goes back: see `Returns.recover`."""
        self._begun = asyncio.Event()
        self.desk: Desk | None = None
        for way in providers.values():
            if isinstance(way, Desk):
                self.desk, way.on_confirmed = way, self.cashier.told
        self.cashier.on_ended = self._ended
        # At the desk somebody is still expected; of every other open attempt nobody knows how it stands.
        opened = (line.attempt for line in books.payments.open())
        self._unknown = {attempt.sale for attempt in opened if attempt.provider != DESK}
        counter = Counter(self.cashier, tuple(providers), reveal, self._wallet)
        self.terminals.open(self.cashier, counter)
        till.take(counter)
        till.checks(payment=bool(self._unknown))

    def work(self) -> Iterator[Coroutine[Any, Any, None]]:
        """What has to go on for as long as the object works."""
        yield self._recover()
        yield self._give_back()
        if self._wallet is not None:
            yield tend(self._wallet)
        yield from self.terminals.work()

    async def _give_back(self) -> None:
        await self._begun.wait()
        await self._giving_back.run()

    async def _recover(self) -> None:
        try:
            await self.first()
            self._begun.set()
            await self.cashier.recover()
        except JournalClosedError:
            return  # the runtime has heard of it, and starts again
        self._unknown.clear()
        self._till.checks(payment=False)

    def _ended(self, ended: Ended) -> None:
        """An attempt of before the start has come to its end."""
        self._unknown.discard(ended.sale)
        self._till.checks(payment=bool(self._unknown))
        self._till.comeback.recovered(ended)

    def receipt_lines(self, sale: Sale) -> tuple[str, ...]:
        """What card terminals want their customer to have on paper of a sale, numbers of cards masked."""
        paid = sale.payments if isinstance(sale.payments, tuple) else ()
        attempts = [each.attempt for each in paid]
        said = (line for each in attempts for line in self.terminals.receipt_lines(each))
        return customer_lines(said, attempts)

    def _way(self, tender: TenderSection) -> Provider | None:
        match tender:
            case AccountSection():
                return None  # nobody has to be asked for that money: the till itself bills it
            case DeskSection():
                return Desk(self._books.payments, self._books.house, self._till.register, self._clock)
            case TerminalSection():
                return self.terminals.way(tender)
            case CloudSection(provider=name):
                return CloudProvider(name, WAYS[name], self.questions, _new_id)
            case WalletSection():
                self._wallet = self._lent_to()
                return self._wallet

    def _lent_to(self) -> Wallet:
        lender = Lender(self.questions, _new_id)
        journal = Journal(self._config.object.id, self._books.epoch, self._register)
        books = Books(self._books.payments, self._books.house)
        return wallet_of(self._config, books, journal, lender, self._clock)


async def _nothing() -> None:
    """A start after which nothing has to be finished."""


def _new_id() -> str:
    return b64(secrets.token_bytes(_ATTEMPT_BYTES))
