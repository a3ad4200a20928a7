"""The cashier: means each payment on the disk, has it pursued, and writes down what came of it.

1. The intent is durable before the first byte leaves.
2. A sale has one attempt at a time, and what nobody knows blocks the next one.
3. After a power cut it asks; it never sends a payment again.
4. Paid is what a provider says of the same amount and currency; any other money goes back.
5. Money that comes for an attempt that was closed is due to the shopper: never ignored.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Final

import msgspec

from cloud_sync.contract.entry import BODY_BYTES_MAX
from cloud_sync.contract.facts import Closing, Paid, Sale
from edge.checkout.payments.book import AttemptLine, PaymentBook, Standing
from edge.checkout.payments.entries import Entries, Register
from edge.checkout.payments.postings import TENDERED, settlement, source
from edge.checkout.payments.provider import Attempt, Provider, Said
from edge.checkout.payments.pursuit import OTHER_CURRENCY, Came, Clock, End, Pursuit
from edge.offline_queue.outcomes import Appended, JournalClosedError

_log: Final = logging.getLogger("opos.payments")

# What is paid must fit an entry together with what the attempts brought in: fifteen of them take 4 KiB.
_DRAFT_BYTES_MAX: Final = BODY_BYTES_MAX - 4 * 1024

# A terminal that has not said by then how far it has counted, or what it did, will not.
_ANSWER_S: Final = 30.0

_PAYS: Final[frozenset[Standing]] = frozenset({"part", "paid", "dishonoured"})

# Closed without money: what comes for these is late.
_LATE: Final[frozenset[Standing]] = frozenset({"declined", "cancelled", "person"})


class Result(Enum):
    """What became of an attempt, as the till has to know it."""

    PAID = "paid"  # the sale is on the disk: the goods are the shopper's
    PART = "part"  # this part is paid; the rest of the sale is not
    DECLINED = "declined"
    CANCELLED = "cancelled"
    GIVES_BACK = "gives-back"  # other money than asked for was taken, and goes back
    PERSON = "person"  # nobody knows: a person of the shop looks into it
    UNAVAILABLE = "unavailable"  # it was never begun


class Ended(msgspec.Struct, frozen=True):
    """The end of an attempt: `recorded` is the sale once it is on the disk, `reason` a stable code."""

    result: Result
    sale: str
    provider: str
    reason: str = ""
    recorded: Appended | None = None


class SaleBusyError(Exception):
    """A sale was to be paid by a second attempt while the first one is under way: ask `is_busy` before."""


class Cashier:
    """The payments of one object, on the event loop.

    `new_attempt` gives a fresh id each time. `on_more` is called when there is something to give back, to
    hand in or to look at again, `on_ended` with each attempt that ends after a restart.
    """

    def __init__(
        self,
        register: Register,
        book: PaymentBook,
        providers: Mapping[str, Provider],
        clock: Clock,
        new_attempt: Callable[[], str],
    ) -> None:
        self.book = book
        self.providers = providers
        self._entries = Entries(register, book)
        self._clock = clock
        self._new_attempt = new_attempt
        self._pursuits: dict[str, Pursuit] = {}
        self._begins: dict[str, str] = {}
        """Sale -> provider, of what is not meant on the disk yet."""
        self._stopped: set[str] = set()
        """The sales of those that their shopper has had enough of already."""
        self._given_up: set[str] = set()
        """The sales that will not be done although an attempt of them is under way."""
        self._late: set[asyncio.Task[None]] = set()
        # What hangs since before this start; a shopper may pay at once, and is none of it.
        self._before = [line.attempt for line in book.open()]
        self._unfinished = book.unfinished()
        # An end is written down before the next word about the same money is weighed.
        self._turn = asyncio.Lock()
        self.on_more: Callable[[], None] = lambda: None
        self.on_ended: Callable[[Ended], None] = lambda _ended: None

    def is_busy(self, sale: str) -> bool:
        """Whether it is not known of this sale what was paid: nobody pays for it again meanwhile."""
        return self._is_under_way(sale) or any(line.standing == "person" for line in self.book.of_sale(sale))

    def left_minor(self, draft: Sale) -> int:
        """What of a sale is still to be paid."""
        paid = [line for line in self.book.of_sale(draft.sale) if line.standing in _PAYS]
        return draft.total_minor - sum(line.attempt.amount_minor for line in paid)

    async def pay(self, draft: Sale, provider: str, amount_minor: int, code: str = "") -> Ended:
        """Have `amount_minor` of `draft` paid, and return how it ended.

        Raises SaleBusyError, JournalClosedError, and ValueError for a sale that is not this one any more, or
        that no entry can hold: nothing was begun then.
        """
        self._check(draft, amount_minor)
        if self._is_leased(provider):
            return Ended(Result.UNAVAILABLE, draft.sale, provider, "busy")
        self._given_up.discard(draft.sale)
        self._begins[draft.sale] = provider  # before anything is awaited: a second tap finds it
        try:
            begun = await self._begin(draft, provider, amount_minor, code)
        finally:
            del self._begins[draft.sale]
            self._stopped.discard(draft.sale)
        if isinstance(begun, Attempt):
            return await self._pursue(begun, start=True)
        self._given_up.discard(draft.sale)
        return begun

    def _is_under_way(self, sale: str) -> bool:
        return sale in self._begins or any(line.standing == "open" for line in self.book.of_sale(sale))

    def _check(self, draft: Sale, amount_minor: int) -> None:
        if self.is_busy(draft.sale):
            raise SaleBusyError(f"sale {draft.sale} is being paid: expected no second attempt")
        if self.book.draft(draft.sale) not in {None, draft}:
            raise ValueError(f"sale {draft.sale} was meant otherwise: a basket that changed is another sale")
        if not 0 < amount_minor <= self.left_minor(draft):
            raise ValueError(f"expected a part of {self.left_minor(draft)}, got {amount_minor}")
        if (size := len(msgspec.json.encode(draft))) > _DRAFT_BYTES_MAX:
            raise ValueError(f"expected a sale of at most {_DRAFT_BYTES_MAX} bytes, got {size}: split it")

    def _is_leased(self, provider: str) -> bool:
        """Whether a terminal is at work for somebody: it does one thing at a time."""
        if self.providers[provider].capabilities.shows != "terminal":
            return False
        at_work = [*self._begins.values(), *(line.attempt.provider for line in self.book.open())]
        return provider in at_work

    async def _begin(self, draft: Sale, provider: str, amount_minor: int, code: str) -> Attempt | Ended:
        """The attempt, once it is meant on the disk; or why nothing was begun."""
        try:
            async with asyncio.timeout(_ANSWER_S):
                fence = await self.providers[provider].fence()
        except OSError as error:  # a TimeoutError is one
            _log.warning("%s cannot be reached: %s", provider, error)
            return Ended(Result.UNAVAILABLE, draft.sale, provider, "unreachable")
        attempt = Attempt(
            self._new_attempt(), draft.sale, provider, amount_minor, draft.currency, fence, code
        )
        if draft.sale not in self._stopped:
            await self._entries.mean(attempt, draft)
            if draft.sale not in self._stopped:
                return attempt
            await self._close(attempt, "cancelled", "shopper")  # its provider has never heard of it
        return Ended(Result.CANCELLED, draft.sale, provider, "shopper")

    async def recover(self) -> None:
        """After a start: see every open attempt through, and give back the parts of sales that were not done.

        They are asked about side by side; each is told to `on_ended`.
        """
        for sale in {*self._unfinished} - {attempt.sale for attempt in self._before}:
            await self.give_up(sale, "power-cut")
        for seen in asyncio.as_completed([self._see_through(attempt) for attempt in self._before]):
            ended = await seen
            self.on_ended(ended)
            await self.give_up(ended.sale, "power-cut")

    async def give_up(self, sale: str, reason: str) -> None:
        """A sale will not be done: what is paid of it goes back, and so does what an attempt still brings."""
        self.stop(sale)
        if self._is_under_way(sale):
            self._given_up.add(sale)
        async with self._turn:
            for line in self.book.of_sale(sale):
                if line.standing == "part":
                    await self._owe(line.attempt, line.attempt.amount_minor, reason, TENDERED)
            if not self._is_under_way(sale):  # it came to its end while this waited
                self._given_up.discard(sale)

    def stop(self, sale: str) -> None:
        """The shopper does not want to pay like this any more: end the attempt, unless it is paid already."""
        if sale in self._begins:
            self._stopped.add(sale)
        for line in self.book.of_sale(sale):
            if (pursuit := self._pursuits.get(line.attempt.id)) is not None:
                pursuit.stop()

    def told(self, attempt: str, said: Said) -> None:
        """A provider has said something by itself: once, twice, late, or about something that is not ours."""
        if (pursuit := self._pursuits.get(attempt)) is not None:
            pursuit.tell(said)
        elif (line := self.book.line(attempt)) is not None:
            self._hear_late(line.attempt, said)
        else:
            _log.error("a provider speaks of attempt %s, which this object never meant", attempt[:64])

    async def look_again(self, line: AttemptLine) -> None:
        """Ask about an attempt that was closed without money: it may have been paid after all."""
        if (way := self.providers.get(line.attempt.provider)) is None:
            return  # it was taken out of the shop: the settlement will tell
        with contextlib.suppress(OSError):
            async with asyncio.timeout(_ANSWER_S):
                said = await way.query(self.book.bounded(line.attempt))
            await self._take_late(line.attempt, said)

    async def _see_through(self, attempt: Attempt) -> Ended:
        """An attempt that was open when the power went."""
        if attempt.provider in self.providers:
            return await self._pursue(self.book.bounded(attempt), start=False)
        _log.error("%r: nobody here can ask %s any more: a person must look", attempt, attempt.provider)
        async with self._turn:
            return await self._settle(attempt, End(Came.NOBODY_KNOWS, Said("unknown", reason="no-provider")))

    async def _pursue(self, attempt: Attempt, *, start: bool) -> Ended:
        pursuit = Pursuit(attempt, self.providers[attempt.provider], self._clock, self._hear_late)
        self._pursuits[attempt.id] = pursuit
        try:
            end = await pursuit.run(start=start)
        finally:
            del self._pursuits[attempt.id]
        async with self._turn:
            return await self._settle(attempt, end)

    async def _settle(self, attempt: Attempt, end: End) -> Ended:
        """Write down how an attempt ended; only then it has."""
        reason = end.said.reason
        match end.came:
            case Came.PAID | Came.STORED if attempt.sale in self._given_up:
                reason = "given-up"
                account = source(_paid(attempt, end))
                await self._owe(attempt, attempt.amount_minor, reason, account, end.said.reference)
                result = Result.GIVES_BACK
            case Came.PAID | Came.STORED:
                return await self._take(attempt, end)
            case Came.DECLINED:
                await self._close(attempt, "declined", reason)
                result = Result.DECLINED
            case Came.CANCELLED:
                await self._close(attempt, "cancelled", reason)
                result = Result.CANCELLED
            case Came.OTHER_MONEY:
                reason = "other-money"
                account = settlement(attempt.provider)
                await self._owe(attempt, end.said.amount_minor, reason, account, end.said.reference)
                result = Result.GIVES_BACK
            case Came.NOBODY_KNOWS:
                _log.error("nobody knows whether %r was paid: a person must look", attempt)
                reason = reason or "unknown"
                await self._close(attempt, "person", reason)
                result = Result.PERSON
        self._given_up.discard(attempt.sale)
        return Ended(result, attempt.sale, attempt.provider, reason)

    async def _take(self, attempt: Attempt, end: End) -> Ended:
        """The money is here: write the sale if that was all of it, or the part."""
        draft = self.book.draft(attempt.sale)
        assert draft is not None, "the first attempt of a sale carries its draft"
        paid = _paid(attempt, end)
        if self.left_minor(draft) == attempt.amount_minor:
            recorded = await self._entries.sell(draft, paid)
            self.on_more()
            return Ended(Result.PAID, attempt.sale, attempt.provider, recorded=recorded)
        await self._entries.part(attempt, paid)
        return Ended(Result.PART, attempt.sale, attempt.provider)

    async def _close(self, attempt: Attempt, outcome: Closing, reason: str) -> None:
        await self._entries.close(attempt, outcome, reason)
        self.on_more()

    async def _owe(
        self, attempt: Attempt, amount_minor: int, reason: str, account: str, reference: str = ""
    ) -> None:
        await self._entries.owe(attempt, amount_minor, reason, account, reference)
        self.on_more()

    def _hear_late(self, attempt: Attempt, said: Said) -> None:
        task = asyncio.ensure_future(self._take_late(attempt, said))
        self._late.add(task)
        task.add_done_callback(self._late.discard)

    async def _take_late(self, attempt: Attempt, said: Said) -> None:
        """A word about an attempt that is over: what was closed may still be paid, and is due then."""
        try:
            async with self._turn:
                is_held = await self._weigh_late(attempt, said)
        except JournalClosedError:
            return  # the runtime has heard of it; after the start it is asked for again
        if is_held:  # nobody else waits for the answer
            await self._ask_to_end(attempt)

    async def _weigh_late(self, attempt: Attempt, said: Said) -> bool:
        """Write down what a late word means; whether money is held that must not be taken any more."""
        line = self.book.line(attempt.id)
        # What is due already is given back, or a person has it: there is no second time.
        if line is None or line.standing not in _LATE or self.book.due(attempt.id) is not None:
            return False
        match said.outcome:
            case "captured" if said.amount_minor > 0 and said.currency == attempt.currency:
                _log.error("%r was %s, and was paid after all: it goes back", attempt, line.standing)
                account = settlement(attempt.provider)
                await self._owe(attempt, said.amount_minor, "late", account, said.reference)
            case "captured" if said.amount_minor > 0 and said.currency and line.standing != "person":
                _log.error(
                    "%r was %s, and paid in %s: a person must look", attempt, line.standing, said.currency
                )
                await self._entries.find_out(attempt, "person", OTHER_CURRENCY)
            case "declined" | "cancelled" | "refunded" if line.standing == "person":
                outcome: Closing = "declined" if said.outcome == "declined" else "cancelled"
                await self._entries.find_out(attempt, outcome, "found-out")
            case _:
                return said.outcome == "authorised"
        return False

    async def _ask_to_end(self, attempt: Attempt) -> None:
        """What is held for a sale that is over must not be taken; the next look finds out more."""
        with contextlib.suppress(OSError):
            async with asyncio.timeout(_ANSWER_S):
                await self.providers[attempt.provider].cancel(attempt)


def _paid(attempt: Attempt, end: End) -> Paid:
    """What an attempt brought in."""
    return Paid(
        *(attempt.id, attempt.provider, attempt.amount_minor, end.said.reference),
        True if end.came is Came.STORED else msgspec.UNSET,
        end.said.card or msgspec.UNSET,
    )
