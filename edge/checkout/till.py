"""The till: events and taps in, entries and a State out; what is owed, its reckoning says."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from cloud_sync.contract.facts import Sale
from edge.checkout.books import Books
from edge.checkout.catalogue import Catalogue
from edge.checkout.notices import OF_AN_END, Notices
from edge.checkout.obstacles import Obstacles
from edge.checkout.payments.cashier import Ended, Result
from edge.checkout.ports import Clock, Ledger, Payments
from edge.checkout.purchase import SHOWN_AS, Deal, Purchase
from edge.checkout.reckoning import Reckoning
from edge.checkout.register import Register
from edge.checkout.sale import SaleStage, Shop, sold_of
from edge.checkout.state import OPEN_STAGES, Answer, Notice, NoticeKind, Sold, Stage, State, Tap, meaning
from edge.checkout.wares import Wares
from edge.checkout.window import Window, put_back
from edge.events import OF_NOBODY, CodeCleared, CodeShown, Event, Interest, Scanned
from edge.offline_queue.outcomes import Appended
from retail.pricing.rules import Priced
from retail.units import Money

# A shopper reads "It's yours" and scans the receipt within a minute; the next one waits at least four
# seconds.
_DONE_NS_MAX: Final = 60_000_000_000
_DONE_NS_MIN: Final = 4_000_000_000

# A sale of the last minute is shown again after a restart: its shopper may still stand there.
_SHOWN_AGAIN_MS: Final = 60_000

# A million screens between two starts are one a second for twelve days; 2^53 has room for all of them.
_SCREENS_A_START: Final = 1_000_000


class Till:
    """One till of one object, owned by the event loop.

    `new_sale` gives a fresh sale id each time; `on_books` is called when stock has changed. Whoever writes a
    sale besides does so through its `register`.
    """

    def __init__(
        self, shop: Shop, ledger: Ledger, books: Books, clock: Clock, new_sale: Callable[[], str]
    ) -> None:
        self._shop = shop
        self._ledger = ledger
        self._clock = clock
        self._new_sale = new_sale
        self.books = books
        self.register = Register(shop, ledger, books)
        self._purchase = self._new_purchase()
        self.on_books: Callable[[], None] = lambda: None
        self._delivered: Mapping[str, int] = {}
        self._reckoning = Reckoning(shop, books, clock)
        self._notices = Notices()
        self._obstacles = Obstacles()
        self._touched_ns = 0
        self._done_since_ns = 0
        self._sold: Sold | None = None
        self._identified_until_ns = 0
        self._online = False
        self._language: str | None = None
        self._rings: dict[object, Callable[[], None]] = {}
        # A tap painted before a restart must never fit a screen after it: numbers begin beyond the old ones.
        first = ledger.head * _SCREENS_A_START
        self._state = State(first, Stage.UNPAIRED, online=False, language="en", languages=("en",))
        self._publish()

    @property
    def state(self) -> State:
        """What the till is doing right now."""
        return self._state

    def subscribe(self, ring: Callable[[], None]) -> Callable[[], None]:
        """Call `ring` after each change of the State; what is returned ends that."""
        key = object()
        self._rings[key] = ring

        def unsubscribe() -> None:
            self._rings.pop(key, None)

        return unsubscribe

    def hear(self, event: Event) -> None:
        """What the shopper or a device did."""
        match event:
            case Interest():
                return  # for the retailer to learn of
            case Scanned():
                self._scan(event)
            case CodeShown() if (way := self._purchase.is_code_for(event.purpose)) is not None:
                self._purchase.show(way, event.ticket)
            case _:
                self._reckoning.hear(event)
                self._obstacles.hear(event)
                self._notices.hear(event, self._clock.now_ns())
        if not isinstance(event, OF_NOBODY):
            self._touched_ns = self._clock.now_ns()
        self._reopen()
        self._publish()

    def take(self, payments: Payments) -> None:
        """From here on it can be paid by these ways, too."""
        self._purchase.take(payments)
        self._publish()

    def use(self, catalogue: Catalogue) -> None:
        """A price book came into force; an open basket keeps the prices that it was opened with."""
        self._reckoning.use(catalogue)
        self._change_prices()
        self._publish()

    def delivered(self, units: Mapping[str, int]) -> None:
        """What the hub says was brought to the holder that this object sells from (GTIN -> units)."""
        self._delivered = dict(units)
        self._publish()

    def stocked(self) -> None:
        """The books have changed under the till: goods have arrived."""
        self.on_books()
        self._publish()

    def link(self, *, up: bool) -> None:
        """Whether the hub can be reached; selling never depends on it."""
        self._online = self._purchase.online = up
        self._publish()

    def disk(self, trouble: str | None) -> None:
        """Whether a sale could be written: refused before anything is owed, never after."""
        self._obstacles.disk = trouble
        self._publish()

    def over(self) -> None:
        """The ledger must not be written any more: nothing is sold from here on."""
        self._obstacles.over = True
        self._publish()

    def doors(self, *, closed: bool) -> None:
        """Whether the shop lets this object sell; what is being recorded or shown is ended first."""
        self._obstacles.closed = closed
        self._publish()

    def checks(self, *, payment: bool) -> None:
        """Whether it has still to be found out what became of a payment of before the start."""
        self._obstacles.payment = payment
        self._publish()

    def recovered(self, ended: Ended) -> None:
        """A payment of before the start has come to its end: say so, unless somebody else is there."""
        self.on_books()
        if self._purchase.stage is SaleStage.OPEN:
            match ended:
                case Ended(result=Result.PAID, recorded=Appended() as written):
                    self._show_sold(written)
                    self._purchase.show_done()
                case Ended(result=Result.PERSON):
                    self._purchase.show_unknown()
                    self._touched_ns = self._clock.now_ns()
                case Ended(result=result):
                    self._notices.say(Notice(OF_AN_END[result]), self._clock.now_ns())
        self._publish()

    def identify(self, seconds: int) -> None:
        """Say on the glass for so long which object this is: somebody stands in the shop and looks for it."""
        self._identified_until_ns = self._clock.now_ns() + seconds * 1_000_000_000
        self._publish()

    def show_again(self, receipt: str) -> None:
        """After a restart: show the last sale (`receipt` is its JWS) if its shopper may still stand there."""
        last = self.books.last_sale
        if last is None or not 0 <= self._clock.wall_ms() - last.wall_ms < _SHOWN_AGAIN_MS:
            return
        self._purchase.show_done()
        self._done_since_ns = self._clock.now_ns()
        self._sold = Sold(last.sale, last.number, Money(last.total_minor, last.currency), last.units, receipt)
        self._publish()

    def tick(self) -> None:
        """Time has passed: end what has been shown long enough, and what nobody will buy any more."""
        now_ns = self._clock.now_ns()
        idle_ns, shown_ns = now_ns - self._touched_ns, now_ns - self._done_since_ns
        wares = self._reckoning.wares()
        self._reopen(wares)
        self._purchase.tick(idle_ns, goods_are_gone=not wares)
        if self._purchase.stage is SaleStage.DONE and shown_ns > (_DONE_NS_MIN if wares else _DONE_NS_MAX):
            self._purchase.leave()
        if self._purchase.stage is SaleStage.OPEN:
            self._reckoning.forget_scans(idle_ns)
        self._notices.tick(now_ns)
        self._change_prices()
        self._publish()

    async def tap(self, tap: Tap, screen: int, value: str | None = None) -> Answer:
        """A tap on the glass, painted on screen number `screen`."""
        self._publish()  # goods that were fit for sale at the last tick may be past their day now
        if screen != self._state.number:
            return Answer.STALE
        match tap, self._state.stage:
            case Tap.BUY, Stage.OFFERED:
                if not await self._buy():
                    return Answer.REFUSED
            case Tap.DONE, Stage.DONE:
                self._purchase.leave()
            case Tap.LANGUAGE, _ if value in self._state.languages:
                self._language = value
            case Tap.REMOVE, Stage.OFFERED if value and value in {line.remove for line in self._state.lines}:
                self._notices.hush()
                self._reckoning.take_off(value)
            case Tap.CANCEL, stage if self._state.scanned and stage in OPEN_STAGES:
                self._notices.hush()
                self._reckoning.basket.cancel()
            case Tap.CHOOSE, stage if value and stage in OPEN_STAGES and value in self._choices():
                self._notices.hear(CodeCleared(), self._clock.now_ns())
                self._scan(Scanned(value, value))
            case Tap.STAY, _:
                pass
            case _ if self._purchase.is_frozen:
                if not await self._tap_purchase(tap, value):
                    return Answer.REFUSED
            case _:
                return Answer.REFUSED
        self._touched_ns = self._clock.now_ns()
        self._publish()
        return Answer.ACCEPTED

    def _choices(self) -> frozenset[str]:
        return frozenset(goods.gtin for goods in self._state.candidates)

    def _scan(self, label: Scanned) -> None:
        """A label was scanned: into the basket, or onto the glass with the reason why not."""
        self._notices.hush()
        if self._reckoning.catalogue is None or self._obstacles.first:
            return  # nothing can be bought here now, and nobody should find it on the bill afterwards
        notice = self._reckoning.scan(label)
        if notice is not None:
            self._notices.say(notice, self._clock.now_ns())

    async def _buy(self) -> bool:
        """The shopper wants what is offered; False if nobody could take the money."""
        wares = self._reckoning.wares()
        priced = self._reckoning.price(wares, self._language)
        assert priced is not None
        if not self._purchase.ways(priced.total):
            self._notices.say(Notice(NoticeKind.NO_WAY), self._clock.now_ns())
            self._publish()
            return False
        self._notices.hush()
        self._purchase.begin(self._reckoning.deal(self._new_sale(), wares, priced))
        await self._see_recorded()
        return True

    async def _tap_purchase(self, tap: Tap, value: str | None) -> bool:
        """A tap about a purchase; before another attempt begins, the goods must still be those."""
        if tap in {Tap.METHOD, Tap.RETRY, Tap.DESK, Tap.PAY} and self._reopen(tries_again=True):
            return True
        if not self._purchase.tap(tap, value):
            return False
        await self._see_recorded()
        return True

    async def _see_recorded(self) -> None:
        """A tap that writes a sale is answered once it is written; one that pays, at once."""
        if self._purchase.stage is SaleStage.RECORDING and self._purchase.under_way is not None:
            await asyncio.shield(self._purchase.under_way)

    def _reopen(self, wares: Wares | None = None, *, tries_again: bool = False) -> bool:
        """Back to the basket where it is not what was to be paid any more, or nothing may be sold."""
        if not self._purchase.may_reopen or not (self._purchase.is_untried or tries_again):
            return False
        assert self._purchase.deal is not None
        now = self._reckoning.wares() if wares is None else wares
        deal = self._purchase.deal.wares
        if (now.units, now.packs) == (deal.units, deal.packs) and not self._obstacles.first:
            return False
        self._purchase.reopen()
        return True

    def _new_purchase(self) -> Purchase:
        purchase = Purchase(self._shop, self.register, self._clock)
        purchase.on_change = self._changed
        purchase.on_sold = self._sell
        purchase.on_broken = self._break
        purchase.on_too_long = self._refuse
        purchase.on_left = self._end_shopper
        return purchase

    def _changed(self) -> None:
        self._touched_ns = self._clock.now_ns()
        self._publish()

    def _sell(self, deal: Deal, written: Appended) -> None:
        """The sale is on the disk: only now is it shown as done."""
        self._reckoning.sold(deal.wares)
        self._show_sold(written)
        self.on_books()
        self._publish()

    def _show_sold(self, written: Appended) -> None:
        assert isinstance(written.body.fact, Sale)
        self._sold = sold_of(written.body.fact, written.entry.jws())
        self._done_since_ns = self._clock.now_ns()

    def _break(self) -> None:
        self._obstacles.broken = True
        self._publish()

    def _refuse(self, deal: Deal) -> None:
        self._reckoning.refuse(deal.wares)
        self._publish()

    def _change_prices(self) -> None:
        """Let the next price book come into force, unless somebody is paying by the one before."""
        if not self._purchase.is_frozen:
            self._reckoning.change_prices(self._clock.now_ns() - self._touched_ns)

    def _end_shopper(self) -> None:
        self._sold = None
        self._language = None
        self._notices.hush()
        self._publish()

    def _publish(self) -> None:
        """Make the State anew; its number grows only when what a tap could mean has changed."""
        state = self._make_state()
        if meaning(state) != meaning(self._state):
            state = msgspec.structs.replace(state, number=self._state.number + 1)
        if state != self._state:
            self._state = state
            for ring in tuple(self._rings.values()):
                ring()

    def _make_state(self) -> State:
        number, catalogue = self._state.number, self._reckoning.catalogue
        if catalogue is None:
            return State(number, Stage.UNPAIRED, self._online, "en", ("en",), identify=self._identified)
        wares = self._reckoning.wares()
        priced = self._reckoning.price(wares, self._language)
        trouble = self._obstacles.first or self._reckoning.contradiction(wares)
        stage = self._shown(wares, priced)
        languages = catalogue.languages()
        extra = wares.refused
        if self._purchase.is_frozen and self._purchase.deal is not None:
            deal = self._purchase.deal  # whatever leaves the field now: this is what is bought
            extra = (*put_back(deal.wares, wares, catalogue), *extra)
            wares, priced = deal.wares, deal.priced
        delivered = self._delivered if self._online else {}
        window = Window(self._shop, catalogue, self.books, wares, delivered)
        return State(
            number=number,
            stage=stage,
            online=self._online,
            language=self._language or languages[0],
            languages=languages,
            lines=window.lines(priced),
            total=priced.total if priced else None,
            taxes=window.taxes(priced),
            savings=window.savings(priced),
            ways=self._purchase.ways(priced.total) if priced and stage is Stage.OFFERED else (),
            paying=self._purchase.shown(self._clock.now_ns() - self._touched_ns),
            offer=window.offer(),
            sold=self._sold,
            notices=self._notices.shown(catalogue, extra),
            candidates=self._notices.candidates(catalogue),
            scanned=bool(self._reckoning.basket.scans),
            trouble=trouble,
            identify=self._identified,
        )

    def _shown(self, wares: Wares, priced: Priced | None) -> Stage:
        """What matters most to the shopper, first: their sale, then what forbids the next one."""
        if self._purchase.stage in SHOWN_AS:
            return SHOWN_AS[self._purchase.stage]
        for holds, stage in (
            (self._obstacles.first, Stage.OUT_OF_SERVICE),
            (self._reckoning.contradiction(wares), Stage.DISAGREE),
            (not self._reckoning.is_listed, Stage.LISTING),
            (priced, Stage.OFFERED),
        ):
            if holds:
                return stage
        return Stage.IDLE

    @property
    def _identified(self) -> bool:
        return self._clock.now_ns() < self._identified_until_ns
