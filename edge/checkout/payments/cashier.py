"""The cashier: means each payment on the disk, has it pursued, and writes down what came of it.

1. The intent is durable before the first byte leaves.
2. A sale has one attempt at a time, and what nobody knows blocks the next one.
3. After a power cut it asks; it never sends a payment again.
4. Paid is what a provider says of the same amount and currency; any other money goes back.
5. Money that comes for an attempt that was closed is due to the shopper: never ignored.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Final, Protocol

import msgspec

from cloud_sync.contract.entry import BODY_BYTES_MAX, Closing, Fact, Paid, PaymentClosed, PaymentIntent, Sale
from edge.checkout.payments.book import AttemptLine, PaymentBook
from edge.checkout.payments.postings import of_money_due, of_part
from edge.checkout.payments.provider import Attempt, Provider, Said
from edge.checkout.payments.pursuit import Came, Clock, End, Pursuit
from edge.offline_queue.outcomes import Appended, Recorded

_log: Final = logging.getLogger("opos.payments")


# What is paid must fit an entry together with what the attempts brought in: fifteen of them take 4 KiB.
_DRAFT_BYTES_MAX: Final = BODY_BYTES_MAX - 4 * 1024


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


class Register(Protocol):
    """All that the cashier asks of the register: see `edge.checkout.register`."""

    async def record(self, draft: Sale, payments: tuple[Paid, ...], before: frozenset[str]) -> Appended:
        """Write a sale that is paid; those of `payments` in `before` were posted when they came."""
        ...

    async def write(self, fact: Fact, idem: str) -> Appended:
        """Write any other fact; return once it is on the disk."""
        ...


class SaleBusyError(Exception):
    """A sale was to be paid by a second attempt while the first one is under way: ask `is_busy` before."""


class Cashier:
    """The payments of one object, on the event loop.

    `new_attempt` gives a fresh id each time. `on_due` is called when there is money to give back, `on_ended`
    with each attempt that ends after a restart.
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
        self._register = register
        self._clock = clock
        self._new_attempt = new_attempt
        self._pursuits: dict[str, Pursuit] = {}
        self._late: set[asyncio.Task[None]] = set()
        # An end is written down before the next word about the same money is weighed.
        self._turn = asyncio.Lock()
        self.on_due: Callable[[], None] = lambda: None
        self.on_ended: Callable[[Ended], None] = lambda _ended: None

    def is_busy(self, sale: str) -> bool:
        """Whether it is not known of this sale what was paid: nobody pays for it again meanwhile."""
        return any(line.standing in {"open", "person"} for line in self.book.of_sale(sale))

    def left_minor(self, draft: Sale) -> int:
        """What of a sale is still to be paid."""
        return draft.total_minor - sum(paid.amount_minor for paid in self.book.parts(draft.sale))

    async def pay(self, draft: Sale, provider: str, amount_minor: int, code: str = "") -> Ended:
        """Have `amount_minor` of `draft` paid, and return how it ended.

        Raises SaleBusyError, JournalClosedError, and ValueError for a sale that no entry can hold: nothing
        was begun then.
        """
        if self.is_busy(draft.sale):
            raise SaleBusyError(f"sale {draft.sale} is being paid: expected no second attempt")
        if not 0 < amount_minor <= self.left_minor(draft):
            raise ValueError(f"expected a part of {self.left_minor(draft)}, got {amount_minor}")
        if (size := len(msgspec.json.encode(draft))) > _DRAFT_BYTES_MAX:
            raise ValueError(f"expected a sale of at most {_DRAFT_BYTES_MAX} bytes, got {size}: split it")
        way = self.providers[provider]
        try:
            fence = await way.fence()
        except OSError as error:
            _log.warning("%s cannot be reached: %s", provider, error)
            return Ended(Result.UNAVAILABLE, draft.sale, provider, "unreachable")
        attempt = Attempt(
            self._new_attempt(), draft.sale, provider, amount_minor, draft.currency, fence, code
        )
        await self._mean(attempt, draft)
        return await self._pursue(attempt, start=True)

    async def recover(self) -> None:
        """After a start: see every open attempt through, and give back the parts of sales that were not done.

        They are asked about side by side; each is told to `on_ended`.
        """
        opened = [line.attempt for line in self.book.open()]
        for ended in asyncio.as_completed([self._pursue(attempt, start=False) for attempt in opened]):
            self.on_ended(await ended)
        for sale in self.book.unfinished():
            await self.give_up(sale, "power-cut")

    async def give_up(self, sale: str, reason: str) -> None:
        """A sale will not be done: the parts of it that are paid go back."""
        for line in self.book.of_sale(sale):
            if line.standing == "part":
                await self._owe(line.attempt, line.attempt.amount_minor, reason, tendered=True)

    def stop(self, sale: str) -> None:
        """The shopper does not want to pay like this any more: end the attempt, unless it is paid already."""
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
        try:
            said = await self.providers[line.attempt.provider].query(line.attempt)
        except OSError:
            return
        await self._take_late(line.attempt, said)

    async def _mean(self, attempt: Attempt, draft: Sale) -> None:
        """Write down what is about to be done: from here on the money can be asked for."""
        intent = PaymentIntent(
            attempt.sale,
            attempt.id,
            attempt.provider,
            attempt.amount_minor,
            attempt.currency,
            attempt.fence or msgspec.UNSET,
            draft if self.book.draft(draft.sale) is None else msgspec.UNSET,
        )
        await self._write(intent, f"intent/{attempt.id}")

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
            case Came.PAID | Came.STORED:
                return await self._take(attempt, end)
            case Came.DECLINED:
                await self._close(attempt, "declined", reason)
                result = Result.DECLINED
            case Came.CANCELLED:
                await self._close(attempt, "cancelled", reason)
                result = Result.CANCELLED
            case Came.OTHER_MONEY:
                await self._owe(attempt, end.said.amount_minor, "other-money")
                result = Result.GIVES_BACK
            case Came.NOBODY_KNOWS:
                _log.error("nobody knows whether %r was paid: a person must look", attempt)
                await self._close(attempt, "person", "unknown")
                result = Result.PERSON
        return Ended(result, attempt.sale, attempt.provider, reason)

    async def _take(self, attempt: Attempt, end: End) -> Ended:
        """The money is here: write the sale if that was all of it, or the part."""
        draft = self.book.draft(attempt.sale)
        assert draft is not None, "the first attempt of a sale carries its draft"
        paid = Paid(
            attempt.id,
            attempt.provider,
            attempt.amount_minor,
            end.said.reference,
            True if end.came is Came.STORED else msgspec.UNSET,
            end.said.card or msgspec.UNSET,
        )
        parts = self.book.parts(attempt.sale)
        if self.left_minor(draft) == attempt.amount_minor:
            recorded = await self._register.record(
                draft, (*parts, paid), frozenset(part.attempt for part in parts)
            )
            self.book.apply(recorded.body)
            return Ended(Result.PAID, attempt.sale, attempt.provider, recorded=recorded)
        closed = PaymentClosed(
            *(attempt.sale, attempt.id, attempt.provider, "captured", attempt.amount_minor, attempt.currency),
            reference=paid.reference,
            postings=of_part(paid, attempt.currency),
        )
        await self._write(closed, f"closed/{attempt.id}")
        return Ended(Result.PART, attempt.sale, attempt.provider)

    async def _close(self, attempt: Attempt, outcome: Closing, reason: str) -> None:
        closed = PaymentClosed(
            *(attempt.sale, attempt.id, attempt.provider, outcome, attempt.amount_minor, attempt.currency),
            reason=reason,
        )
        await self._write(closed, f"closed/{attempt.id}")

    async def _owe(self, attempt: Attempt, amount_minor: int, reason: str, *, tendered: bool = False) -> None:
        """Money has to go back: durable before the provider is asked to."""
        closed = PaymentClosed(
            *(attempt.sale, attempt.id, attempt.provider, "refund-due", amount_minor, attempt.currency),
            reason=reason,
            postings=of_money_due(attempt.provider, amount_minor, attempt.currency, tendered=tendered),
        )
        await self._write(closed, f"due/{attempt.id}")
        self.on_due()

    async def _write(self, fact: Fact, idem: str) -> None:
        written = await self._register.write(fact, idem)
        if written.recorded is Recorded.NOW:  # what was written before, the book knows, and what came since
            self.book.apply(written.body)

    def _hear_late(self, attempt: Attempt, said: Said) -> None:
        task = asyncio.ensure_future(self._take_late(attempt, said))
        self._late.add(task)
        task.add_done_callback(self._late.discard)

    async def _take_late(self, attempt: Attempt, said: Said) -> None:
        """A word about an attempt that is over: what was closed may still be paid, and is due then."""
        async with self._turn:
            await self._weigh_late(attempt, said)

    async def _weigh_late(self, attempt: Attempt, said: Said) -> None:
        line = self.book.line(attempt.id)
        if line is None or line.standing not in {"declined", "cancelled", "person"}:
            return
        match said.outcome:
            case "captured" if said.amount_minor > 0:
                _log.error("%r was %s, and was paid after all: it goes back", attempt, line.standing)
                await self._owe(attempt, said.amount_minor, "late")
            case "authorised":
                await self._ask_to_end(attempt)
            case "declined" | "cancelled" | "refunded" if line.standing == "person":
                outcome: Closing = "declined" if said.outcome == "declined" else "cancelled"
                closed = PaymentClosed(
                    *(attempt.sale, attempt.id, attempt.provider, outcome),
                    *(attempt.amount_minor, attempt.currency),
                    reason="found-out",
                )
                await self._write(closed, f"found-out/{attempt.id}")
            case _:
                pass

    async def _ask_to_end(self, attempt: Attempt) -> None:
        """What is held for a sale that is over must not be taken; the next look finds out more."""
        try:
            await self.providers[attempt.provider].cancel(attempt)
        except OSError:
            return
