"""Returns: goods come back, and their price goes back by the way it came; with a receipt, without, or a void.

What is owed is one `refund` entry for each attempt that gives money back; giving back asks the providers for
it, over power cuts. Only the object that sold pays back: elsewhere the goods go to quarantine, and a person
gets the money on its way. What no provider has to be asked for is posted at once, in the entry behind it.
"""

import asyncio
import logging
import re
from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from typing import Final, Protocol

import msgspec

from cloud_sync.contract.entry import decode_body
from cloud_sync.contract.facts import Closing, Fact, PaymentClosed, Posting, Refund, Sale
from edge.checkout.books import Books
from edge.checkout.credit import Note, Refusal, ReturnedUnits, Source, all_left, credit
from edge.checkout.payments.book import PaymentBook
from edge.checkout.payments.house import DESK
from edge.checkout.payments.postings import REFUND_DUE, settlement
from edge.checkout.sale import Shop
from edge.checkout.sold import Past, Shown, Sold, note_key
from edge.checkout.staff import RETURN, UNPROVEN, VOID, Allowed, deed_of
from edge.checkout.state import HOUSE_ACCOUNT
from edge.checkout.unproven import Unproven, note_of, worth
from edge.offline_queue.outcomes import Appended, Recorded
from retail.custody import QUARANTINE
from retail.locale import business_date
from retail.pricing.book import Prices
from retail.return_policy import DAY_MS, MINUTE_MS, PriceFrom, ReturnPolicy

_log: Final = logging.getLogger("opos.payments")

_CODE: Final = re.compile(r"([a-z][a-z0-9.-]{0,63})?")

ELSEWHERE: Final = "sold-elsewhere"
"""Why a person has to give money back: another object took it."""


class Refused(Enum):
    """Why nothing was taken back; what the goods themselves stand against is a `Refusal`."""

    NEEDS_STAFF = "needs-staff"
    TOO_LATE = "too-late"  # the sale is too long ago
    CHANGED = "changed"  # something of it came back since it was looked at: look again
    NO_SALE = "no-sale"  # nothing was sold that could be voided
    NOT_WHOLE = "not-whole"  # a part of it came back, or all of it: there is nothing whole to void
    NO_CLOCK = "no-clock"  # minutes are counted, and the hour is not known
    NOT_BELIEVED = "not-believed"  # a receipt of another object that nobody vouches for
    NO_PRICE = "no-price"  # without a receipt, what had no price in all those days is worth nothing
    TOO_MUCH = "too-much"  # more than is taken back without a receipt


class TakenBack(msgspec.Struct, frozen=True):
    """The notes of credit that are on the disk; their money is on its way."""

    notes: tuple[Appended, ...]

    @property
    def refunds(self) -> tuple[Refund, ...]:
        """What they say."""
        return tuple(_refund(each) for each in self.notes)

    @property
    def total_minor(self) -> int:
        """What goes back in all."""
        return sum(refund.total_minor for refund in self.refunds)


Answer = TakenBack | Refused | Refusal


class Register(Protocol):
    """All that returns ask of the register."""

    async def credit(self, draft: Refund) -> Appended:
        """Write a note of credit with the next number of its row; return once it is on the disk."""
        ...

    async def write(self, fact: Fact, idem: str) -> Appended:
        """Write any other fact; return once it is on the disk."""
        ...


class Clock(Protocol):
    """All that returns ask of time."""

    def wall_ms(self) -> int:
        """Milliseconds since 1970."""
        ...

    def quality(self) -> str:
        """Whether `wall_ms` can be believed: `trusted` or `untrusted`."""
        ...


class Rooms(msgspec.Struct, frozen=True):
    """What returns work with: the journal as it was, the books, and the payments."""

    sold: Sold
    books: Books
    payments: PaymentBook
    register: Register


class _Head(msgspec.Struct, frozen=True):
    """What a note says beside its goods: the sale, which note of it this is, and why."""

    sale: str
    number: int
    language: str
    currency: str
    reason: str


class Returns:
    """The returns of one object. Await `recover` at the start, before anything is given back.

    `new_id` names what has no sale. `on_more` is called when money has to go back, as the cashier's is;
    `vouches` says whether a receipt of another object is real.
    """

    def __init__(
        self, shop: Shop, rooms: Rooms, clock: Clock, policy: ReturnPolicy, new_id: Callable[[], str]
    ) -> None:
        self._shop = shop
        self._rooms = rooms
        self._clock = clock
        self._policy = policy
        self._new_id = new_id
        # A return sees all notes before it.
        self._turn = asyncio.Lock()
        self.on_more: Callable[[], None] = lambda: None
        self.vouches: Callable[[Shown], bool] = lambda _shown: False

    async def take_back(
        self, past: Past, returned: Sequence[ReturnedUnits], by: Allowed | None = None, reason: str = ""
    ) -> Answer:
        """Take units of a sale of this object back into quarantine. `past` is what `Sold` said of it.

        `reason` is a stable code (`too-small`), no sentence: nothing that people say stands in an entry.
        Raises ValueError on another one, and JournalClosedError, as all of these do: after the start
        `recover` finishes what was begun.
        """
        if self._policy.needs_staff and (by is None or by.act != RETURN):
            return Refused.NEEDS_STAFF
        if self._is_too_late(past):
            return Refused.TOO_LATE
        if not returned:
            return Refusal.NOTHING
        if not _CODE.fullmatch(reason):
            raise ValueError(f"sale {past.sale.sale}: expected a code for a reason, got {reason[:40]!r}")
        async with self._turn:
            return await self._credit(past, returned, QUARANTINE, by, reason)

    def quote(self, past: Past, returned: Sequence[ReturnedUnits]) -> int | Refused | Refusal:
        """What `take_back` would give back for these units now; nothing is written."""
        if self._is_too_late(past):
            return Refused.TOO_LATE
        if not returned:
            return Refusal.NOTHING
        notes = credit(past.sale, past.refunds, returned, self._sources(past.sale, past.refunds), QUARANTINE)
        return notes if isinstance(notes, Refusal) else sum(note.total_minor for note in notes)

    def voidable(self) -> Past | Refused:
        """The last sale, if it can be voided now."""
        last = self._rooms.books.last_sale
        past = None if last is None else self._rooms.sold.by_sale(last.sale)
        if past is None:
            return Refused.NO_SALE
        if self._clock.quality() != "trusted":
            return Refused.NO_CLOCK
        if self._clock.wall_ms() - past.wall_ms > self._policy.void_minutes * MINUTE_MS:
            return Refused.TOO_LATE
        return Refused.NOT_WHOLE if past.refunds else past

    async def void(self, by: Allowed, sale: str = "") -> Answer:
        """The whole of the last sale did not happen: goods and money are where they were before it.

        With `sale` only if that is the last one still.
        """
        if by.act != VOID:
            return Refused.NEEDS_STAFF
        async with self._turn:
            past = self.voidable()
            if isinstance(past, Refused):
                return past
            if sale and past.sale.sale != sale:
                return Refused.CHANGED
            everything = all_left(past.sale, ())
            return await self._credit(past, everything, self._shop.sells_from, by, "void")

    async def without_receipt(
        self, goods: Sequence[Unproven], book: Prices, prices: Iterable[PriceFrom], by: Allowed
    ) -> Answer:
        """Take goods back of no sale that can be told, at the lowest price that they had; `by` pays cash."""
        if by.act != UNPROVEN:
            return Refused.NEEDS_STAFF
        name = self._new_id()
        note = self._unproven(name, goods, book, [*prices])
        if not isinstance(note, Note):
            return note
        async with self._turn:
            await self._write(*deed_of(by, name, note_key(name, 1)))
            draft = self._draft(note, _Head(name, 1, book.language, book.currency, "no-receipt"))
            written = await self._put_down(draft)
        return TakenBack((written,))

    def quote_unproven(
        self, goods: Sequence[Unproven], book: Prices, prices: Iterable[PriceFrom]
    ) -> int | Refused | Refusal:
        """What `without_receipt` would pay for these goods now; nothing is written."""
        note = self._unproven("", goods, book, [*prices])
        return note.total_minor if isinstance(note, Note) else note

    def _unproven(
        self, name: str, goods: Sequence[Unproven], book: Prices, prices: Sequence[PriceFrom]
    ) -> Note | Refused | Refusal:
        units = sum(each.units for each in goods)
        if units <= 0 or any(each.units <= 0 or len(each.epcs) > each.units for each in goods):
            return Refusal.NOTHING
        priced = worth(goods, book, prices, self._clock.wall_ms(), self._policy.lowest_days)
        if priced is None:
            return Refused.NO_PRICE
        note = note_of(name, priced, book, QUARANTINE)
        if note.total_minor > self._policy.unproven_minor or units > self._policy.unproven_units:
            return Refused.TOO_MUCH
        return note

    async def of_another(
        self, shown: Shown, returned: Sequence[ReturnedUnits], by: Allowed, reason: str = ""
    ) -> Answer:
        """Take goods back that another object sold: what they cost, a person of the shop gives back."""
        if by.act != RETURN:
            return Refused.NEEDS_STAFF
        ours = self._rooms.sold.by_entry(shown.entry)
        if ours is not None:
            return await self.take_back(ours, returned, by, reason)
        past = self.look_at(shown)
        if isinstance(past, Refused):
            return past
        return await self.take_back(past, returned, by, reason or ELSEWHERE)

    def look_at(self, shown: Shown) -> Past | Refused:
        """The sale of a receipt: of this object, or of another whose receipt somebody vouches for."""
        ours = self._rooms.sold.by_entry(shown.entry)
        if ours is not None:
            return ours
        body = decode_body(shown.entry.body)
        if not isinstance(body.fact, Sale) or not self.vouches(shown):
            return Refused.NOT_BELIEVED
        return Past(body.fact, body.wall_ms, self._rooms.sold.refunds(body.fact.sale))

    async def recover(self) -> None:
        """After a start: finish the return that a power cut has stopped between two entries."""
        async with self._turn:
            last = self._rooms.books.last_refund
            past = None if last is None else self._rooms.sold.by_sale(last.sale)
            if past is not None and past.refunds:
                reason = past.refunds[-1].reason
                rest = await self._credit(past, (), QUARANTINE, None, reason)
                if not isinstance(rest, TakenBack):
                    _log.error("sale %s: the rest of a return is owed (%s)", past.sale.sale, rest.value)
            for due in self._rooms.payments.dues():
                refund = self._rooms.sold.refund(due.id)
                if refund is not None:
                    await self._settle(refund)

    def _is_too_late(self, past: Past) -> bool:
        return self._clock.wall_ms() - past.wall_ms > self._policy.days * DAY_MS

    async def _credit(
        self, past: Past, returned: Sequence[ReturnedUnits], taker: str, by: Allowed | None, reason: str
    ) -> Answer:
        """The notes of one return, one after the other; each knows those before it."""
        sale, refunds = past.sale, self._rooms.sold.refunds(past.sale.sale)
        if refunds != past.refunds:
            return Refused.CHANGED
        notes = credit(sale, refunds, returned, self._sources(sale, refunds), taker)
        if isinstance(notes, Refusal):
            return notes
        if by is not None:
            await self._write(*deed_of(by, sale.sale, note_key(sale.sale, len(refunds) + 1)))
        written = []
        for number, note in enumerate(notes, len(refunds) + 1):
            head = _Head(sale.sale, number, sale.language, sale.currency, reason)
            written.append(await self._put_down(self._draft(note, head)))
        return TakenBack(tuple(written))

    def _draft(self, note: Note, head: _Head) -> Refund:
        return Refund(
            refund=note_key(head.sale, head.number),
            sale=head.sale,
            attempt=note.source.attempt,
            provider=note.source.provider,
            number="",
            business_date=business_date(self._clock.wall_ms(), self._shop.timezone),
            language=head.language,
            currency=head.currency,
            total_minor=note.total_minor,
            lines=note.lines,
            taxes=note.taxes,
            postings=note.postings,
            moves=note.moves,
            reason=head.reason,
        )

    async def _put_down(self, draft: Refund) -> Appended:
        """Write one note, and see that its money goes on its way."""
        written = await self._rooms.register.credit(draft)
        if written.recorded is Recorded.NOW:
            self._rooms.payments.apply(written.body)
        await self._settle(_refund(written))
        self.on_more()
        return written

    def _sources(self, sale: Sale, refunds: Sequence[Refund]) -> tuple[Source, ...]:
        """Where the money of a sale can go back to, in the order in which it came."""
        if not isinstance(sale.payments, tuple):
            given_minor = sum(each.total_minor for each in refunds)
            return (Source(sale.sale, sale.tender, sale.total_minor - given_minor),)
        known = any(self._rooms.payments.line(paid.attempt) for paid in sale.payments)
        if not known and self._rooms.sold.by_sale(sale.sale) is None:
            # Another object's: what it has given back, nobody here knows; a person finds out.
            given_minor = sum(each.total_minor for each in refunds)
            first = sale.payments[0]
            return (Source(first.attempt, first.provider, sale.total_minor - given_minor),)
        return tuple(
            Source(paid.attempt, paid.provider, self._left_minor(paid.attempt)) for paid in sale.payments
        )

    def _left_minor(self, attempt: str) -> int:
        """What an attempt has captured and has not given back; what is stored only, nobody has yet."""
        line = self._rooms.payments.line(attempt)
        if line is None or line.paid is None or line.standing != "paid" or line.paid.stored is True:
            return 0
        return line.paid.amount_minor - self._rooms.payments.given_back_minor(attempt)

    async def _settle(self, refund: Refund) -> None:
        """End what no provider of this object has to be asked for: post it, or call a person."""
        due = self._rooms.payments.due(refund.refund)
        if due is None or due.standing != "open":
            return
        if refund.total_minor == 0:
            await self._close(refund, "refunded", "")
        elif refund.provider == HOUSE_ACCOUNT and (account := self._account(refund)):
            await self._close(refund, "refunded", account)
        elif refund.attempt == refund.sale and refund.provider == DESK:
            await self._close(refund, "refunded", settlement(DESK))
        elif self._rooms.payments.line(refund.attempt) is None:
            await self._close(refund, "person", "", ELSEWHERE)

    def _account(self, refund: Refund) -> str:
        """The house account that a sale of ours was billed to."""
        past = self._rooms.sold.by_sale(refund.sale)
        billed = past.sale.postings if past is not None else ()
        return next((each.account for each in billed if each.account.startswith("receivable/")), "")

    async def _close(self, refund: Refund, outcome: Closing, account: str, reason: str = "") -> None:
        total_minor, currency = refund.total_minor, refund.currency
        back = Posting(REFUND_DUE, total_minor, currency), Posting(account, -total_minor, currency)
        closed = PaymentClosed(
            *(refund.sale, refund.attempt, refund.provider, outcome, total_minor, currency),
            reason=reason,
            postings=back if account else (),
            refund=refund.refund,
        )
        await self._write(closed, f"{outcome}/{refund.refund}")

    async def _write(self, fact: Fact, idem: str) -> None:
        written = await self._rooms.register.write(fact, idem)
        if written.recorded is Recorded.NOW:
            self._rooms.payments.apply(written.body)
            self._rooms.books.apply(written.body)


def _refund(written: Appended) -> Refund:
    assert isinstance(written.body.fact, Refund)
    return written.body.fact
