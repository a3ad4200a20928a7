"""The attendant: somebody of the shop at the glass, from the badge to the money that goes back.

A badge opens the PIN pad, a right PIN the menu; a minute without a touch closes it. Every deed is done by
`Returns`, so nothing here writes an entry, and a power cut at any moment leaves what `Returns` left.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from typing import Final, Protocol

import msgspec

from edge.checkout import staff
from edge.checkout.credit import Refusal, units_left
from edge.checkout.handling import Work, acts_of, pages_of, staffed_of
from edge.checkout.payments.book import PaymentBook
from edge.checkout.ports import AgeDesk
from edge.checkout.receiving import Goods, read_receipt
from edge.checkout.returns import Answer, Refused, Returns, TakenBack
from edge.checkout.sold import Past, Shown, Sold
from edge.checkout.staff import RETURN, UNPROVEN, VOID, Admitted, Allowed, Denied
from edge.checkout.staffed import Staffed
from edge.checkout.state import Tap
from edge.events import CodeShown, Event, Presented, Purpose, Scanned
from edge.offline_queue.outcomes import JournalClosedError
from retail.pricing.book import Prices
from retail.return_policy import PriceFrom
from retail.units import Money

# Whoever looks for the next pack of a return has a minute; who has gone leaves nothing open.
IDLE_NS: Final = 60_000_000_000

_PIN_DIGITS_MAX: Final = 12
_NUMBER_DIGITS_MAX: Final = 10
_BADGE_DIGITS_MAX: Final = 8


class Door(Protocol):
    """All that the attendant asks of the list of staff."""

    def knows(self, badge: str) -> bool:
        """Whether this is a badge of the shop."""
        ...

    async def admit(self, badge: str, pin: str) -> Admitted | Denied:
        """Who has this badge and PIN. Raises JournalClosedError."""
        ...


class Clock(Protocol):
    """All that the attendant asks of time."""

    def now_ns(self) -> int:
        """Monotonic time."""
        ...


class Bench(msgspec.Struct, frozen=True):
    """What the attendant works with.

    `reveal` opens what was shown, `book` is the price book in force, `prices` what goods have cost.
    """

    door: Door
    returns: Returns
    sold: Sold
    payments: PaymentBook
    reveal: Callable[[int], str | None]
    book: Callable[[], Prices | None]
    prices: Callable[[frozenset[str]], Awaitable[Sequence[PriceFrom]]]


class Attendant:
    """One glass's attendant; `on_change` is called with each change, `on_stock` with the tags that came back.

    `on_left` is called when somebody of the shop is done, with whether they had proved who they are.
    """

    def __init__(self, bench: Bench, clock: Clock) -> None:
        self._bench = bench
        self._clock = clock
        self._work: Work | None = None
        self.age: AgeDesk | None = None
        """What waits for somebody to see how old a shopper is."""
        self.on_change: Callable[[], None] = lambda: None
        self.on_stock: Callable[[Iterable[str]], None] = lambda _epcs: None
        self.on_left: Callable[[bool], None] = lambda _proved: None

    @property
    def works(self) -> bool:
        """Whether somebody is here."""
        return self._work is not None

    def badge(self, ticket: int, *, free: bool) -> bool:
        """A badge was shown; True if it is one of the shop. The PIN pad opens where the glass is `free`."""
        text = self._bench.reveal(ticket) or ""
        badge = text.rpartition(":")[2]
        if not (badge.isascii() and badge.isdecimal() and len(badge) <= _BADGE_DIGITS_MAX):
            return False
        if free and (self._work is None or not self._work.busy):
            if self._work is None or self._work.badge != badge:
                self._leave()
            # Nobody is told whether a badge is known: what opens is the same.
            self._work = self._work or Work(badge, self._clock.now_ns())
            self._touch()
        return self._bench.door.knows(badge)

    def hear(self, event: Event) -> bool:
        """Goods and receipts that staff shows; True if nobody else has to hear of it."""
        work = self._work
        if work is None:
            return False
        match event:
            case Scanned() | CodeShown() if work.busy:
                return True
            case CodeShown(purpose=Purpose.RECEIPT, ticket=ticket):
                self._read(self._bench.reveal(ticket))
            case CodeShown():
                work.said = "not-a-receipt" if work.step == "receipt" else work.said
            case Scanned():
                self._see(event)
            case Presented(epc=epc):
                if work.step == "lines" and work.past is not None and work.pick_item(work.past, epc):
                    self._touch()
                return False
            case _:
                return False
        self._touch()
        return True

    async def tap(self, tap: Tap, value: str | None) -> bool:
        """Do what staff asks for; False where there is no such control."""
        work = self._work
        if work is None or work.busy:
            return False
        self._touch()
        match tap:
            case Tap.LEAVE:
                self._leave()
            case Tap.BACK:
                self._back(work)
            case Tap.DIGIT if value and work.step in {"pin", "receipt"}:
                return self._type(work, value)
            case Tap.ERASE if work.typed:
                work.typed = work.typed[:-1]
            case Tap.DEED if work.step == "age" and value == staff.AGE_REFUSED:
                await self._busy(work, partial(self._look_at_age, old_enough=False))
            case Tap.DEED if work.step == "menu" and value in acts_of(work):
                self._begin(work, value)
            case Tap.LINE if value and value.isdecimal():
                return self._tap_line(work, int(value))
            case Tap.PAGE if pages_of(work) > 1:
                work.page = (work.page + 1) % pages_of(work)
            case Tap.ENTER:
                return await self._enter(work)
            case _:
                return False
        return True

    def tick(self) -> None:
        """Time has passed: who has gone leaves nothing open; what is being written is seen through."""
        work = self._work
        if work is not None and not work.busy and self._clock.now_ns() - work.touched_ns >= IDLE_NS:
            self._leave()

    def shown(self) -> Staffed | None:
        """What the glass shows of it."""
        if self._work is None:
            return None
        return staffed_of(self._work, self._bench.sold, self._bench.payments)

    # What is tapped

    @staticmethod
    def _type(work: Work, digit: str) -> bool:
        most = _PIN_DIGITS_MAX if work.step == "pin" else _NUMBER_DIGITS_MAX
        if len(digit) != 1 or digit not in "0123456789" or len(work.typed) >= most:
            return False
        work.typed, work.said = work.typed + digit, ""
        return True

    def _begin(self, work: Work, deed: str | None) -> None:
        match deed:
            case staff.RETURN:
                work.begin("receipt", RETURN)
            case staff.VOID:
                self._offer_void(work)
            case _:
                work.begin("goods", UNPROVEN)
                book = self._bench.book()
                work.goods = None if book is None else Goods(book)

    def _back(self, work: Work) -> None:
        """One step back; from the menu, and from the PIN, out."""
        match work.step:
            case "pin" | "menu" | "age":
                self._leave()
            case "confirm" if work.deed == RETURN:
                work.step, work.said = "lines", ""
            case "confirm" if work.deed == UNPROVEN:
                work.step, work.said = "goods", ""
            case "lines":
                work.begin("receipt", RETURN)
            case _:
                work.begin("menu", "")

    async def _enter(self, work: Work) -> bool:
        match work.step:
            case "pin":
                await self._busy(work, self._admit)
            case "age":
                await self._busy(work, partial(self._look_at_age, old_enough=True))
            case "receipt" if work.typed:
                self._look_up(f"{self._bench.sold.prefix}-{work.typed}")
            case "lines" if work.past is not None:
                self._offer_return(work, work.past)
            case "goods":
                await self._busy(work, self._offer_unproven)
            case "confirm":
                await self._busy(work, self._do)
            case "done":
                work.begin("menu", "")
            case _:
                return False
        return True

    def _tap_line(self, work: Work, at: int) -> bool:
        if work.step == "lines" and work.past is not None:
            return work.tap_line(work.past, at)
        return work.step == "goods" and work.goods is not None and work.goods.fewer(at)

    # What is shown

    def _see(self, label: Scanned) -> None:
        """A label of goods: one more of them came back."""
        work = self._work
        assert work is not None
        if work.step == "lines" and work.past is not None:
            work.said = work.pick(work.past, label)
        elif work.step == "goods" and work.goods is not None:
            work.said = work.goods.more(label)

    def _read(self, text: str | None) -> None:
        """A receipt was shown."""
        work = self._work
        assert work is not None
        if work.step != "receipt":
            return
        receipt = read_receipt(text or "", self._bench.sold)
        if isinstance(receipt, Shown):
            past = self._bench.returns.look_at(receipt)
            self._open(work, past, receipt)
        else:
            self._open(work, receipt or Refused.NOT_BELIEVED, None)

    def _look_up(self, number: str) -> None:
        work = self._work
        assert work is not None
        self._open(work, self._bench.sold.by_number(number) or Refused.NO_SALE, None)

    def _open(self, work: Work, past: Past | Refused, shown: Shown | None) -> None:
        """A receipt is on the counter: what of it can come back."""
        if isinstance(past, Refused):
            work.typed, work.said = "", past.value
            return
        work.begin("lines", RETURN)
        work.past = past
        # Of a sale of this object the journal speaks; the paper is for one of another.
        work.shown = shown if shown is not None and self._bench.sold.by_sale(past.sale.sale) is None else None
        if not any(units_left(past.sale, past.refunds)):
            work.said = "all-back"

    # What it comes to

    def _offer_return(self, work: Work, past: Past) -> None:
        self._offer(work, self._bench.returns.quote(past, work.returned), past.sale.currency)

    def _offer_void(self, work: Work) -> None:
        past = self._bench.returns.voidable()
        if isinstance(past, Refused):
            work.said = past.value
            return
        work.begin("confirm", VOID)
        work.past, work.amount = past, Money(past.sale.total_minor, past.sale.currency)

    async def _offer_unproven(self, work: Work) -> None:
        if work.goods is None:
            work.said = Refused.NO_PRICE.value
            return
        book, prices = work.goods.book, await self._bench.prices(frozenset(work.goods.units))
        self._offer(
            work, self._bench.returns.quote_unproven(work.goods.unproven(), book, prices), book.currency
        )

    @staticmethod
    def _offer(work: Work, quoted: int | Refused | Refusal, currency: str) -> None:
        if isinstance(quoted, int):
            work.amount, work.step, work.said, work.page = Money(quoted, currency), "confirm", "", 0
        else:
            work.said = quoted.value

    # What is done

    async def _busy(self, work: Work, deed: Callable[[Work], Awaitable[None]]) -> None:
        """See something through; the glass says that it goes on, and takes no other tap meanwhile."""
        work.busy, work.said = True, ""
        self.on_change()
        try:
            await deed(work)
        except JournalClosedError:
            work.said = "journal"
        finally:
            work.busy = False
            self._touch()
            self.on_change()

    async def _admit(self, work: Work) -> None:
        typed, work.typed = work.typed, ""
        admitted = await self._bench.door.admit(work.badge, typed)
        if isinstance(admitted, Denied):
            work.said = admitted.value
            return
        work.who = admitted
        waits = None if self.age is None else self.age.asked
        work.begin("menu" if waits is None else "age", "" if waits is None else staff.AGE)
        work.age = waits

    async def _look_at_age(self, work: Work, *, old_enough: bool) -> None:
        """The shopper waits for this alone: once it is said, the glass is theirs again."""
        assert work.who is not None, "nobody is asked before a right PIN"
        assert self.age is not None, "something waits for it"
        work.said = await self.age.answer(work.who, old_enough=old_enough)
        if not work.said:
            self._leave()

    async def _do(self, work: Work) -> None:
        assert work.who is not None, "nobody confirms before a right PIN"
        by = work.who.may(work.deed)
        answer = Refused.NEEDS_STAFF if by is None else await self._done(work, by)
        if isinstance(answer, TakenBack):
            work.done, work.step = answer, "done"
            work.amount = Money(answer.total_minor, work.amount.currency) if work.amount else None
            self.on_stock(epc for note in answer.refunds for line in note.lines for epc in line.epcs)
            return
        work.said = answer.value
        if answer is Refused.CHANGED and work.past is not None:
            self._look_again(work, work.past)

    async def _done(self, work: Work, by: Allowed) -> Answer:
        returns = self._bench.returns
        if work.goods is not None:
            prices = await self._bench.prices(frozenset(work.goods.units))
            now = returns.quote_unproven(work.goods.unproven(), work.goods.book, prices)
            # What the glass has said is what is paid: a price that fell meanwhile is said first.
            if work.amount is None or now != work.amount.amount_minor:
                self._offer(work, now, work.goods.book.currency)
                return Refused.CHANGED
            return await returns.without_receipt(work.goods.unproven(), work.goods.book, prices, by)
        assert work.past is not None, "there is a sale, or there are goods"
        if work.deed == VOID:
            return await returns.void(by, work.past.sale.sale)
        if work.shown is not None:
            return await returns.of_another(work.shown, work.returned, by)
        return await returns.take_back(work.past, work.returned, by)

    def _look_again(self, work: Work, past: Past) -> None:
        """Something of the sale came back meanwhile: the lines as they are now."""
        now = self._bench.sold.by_sale(past.sale.sale)
        if work.deed == RETURN and now is not None:
            work.begin("lines", RETURN)
            work.past = now
        elif work.deed == VOID:
            work.begin("menu", "")
        work.said = Refused.CHANGED.value

    # Coming and going

    def _touch(self) -> None:
        if self._work is not None:
            self._work.touched_ns = self._clock.now_ns()

    def _leave(self) -> None:
        work, self._work = self._work, None
        if work is not None:
            self.on_left(work.who is not None)
