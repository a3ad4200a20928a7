"""The till: events and taps in, entries and a State out; it turns what was taken into what is owed."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import date
from typing import Final

import msgspec

from cloud_sync.contract.entry import Sale
from edge.checkout.basket import Basket, Put
from edge.checkout.books import Books
from edge.checkout.catalogue import Catalogue
from edge.checkout.judge import HARMFUL, Judge
from edge.checkout.notices import OF_A_SCAN, OF_AN_END, Notices
from edge.checkout.obstacles import Obstacles
from edge.checkout.payments.cashier import Ended, Result
from edge.checkout.ports import Clock, Ledger, Payments
from edge.checkout.purchase import SHOWN_AS, Deal, Purchase
from edge.checkout.register import Register
from edge.checkout.sale import Bought, SaleStage, Shop, draft_of, sold_of
from edge.checkout.state import OPEN_STAGES, Answer, Notice, NoticeKind, Sold, Stage, State, Tap, meaning
from edge.checkout.wares import NOTHING, Wares, take_off, wares_of
from edge.checkout.window import Window, put_back
from edge.events import (
    Agreed,
    Ambiguous,
    BackInService,
    CodeCleared,
    CodeShown,
    DeviceFound,
    DeviceMissed,
    Event,
    Interest,
    OutOfService,
    Scanned,
)
from edge.offline_queue.outcomes import Appended
from retail.locale import business_date
from retail.pricing.basket import Basket as Priceable
from retail.pricing.basket import Moment
from retail.pricing.rules import Priced, laid_out, price_basket
from retail.units import Money

# A shopper reads "It's yours" and scans the receipt within a minute; the next one waits at least four
# seconds.
_DONE_NS_MAX: Final = 60_000_000_000
_DONE_NS_MIN: Final = 4_000_000_000

# A basket keeps the prices it was opened with for so long while nobody touches it (design, section 5).
_PRICES_KEPT_NS: Final = 120_000_000_000

# What was scanned stays on the glass when its shopper walks away; so long after the last sign of anybody it
# is nobody's.
_SCANS_KEPT_NS: Final = 120_000_000_000

# A sale of the last minute is shown again after a restart: its shopper may still stand there.
_SHOWN_AGAIN_MS: Final = 60_000

# A million screens between two starts are one a second for twelve days; 2^53 has room for all of them.
_SCREENS_A_START: Final = 1_000_000

# What a device, or the sensors among themselves, have to say is no sign that anybody is there.
_NOBODY: Final = (Agreed, Ambiguous, OutOfService, BackInService, DeviceMissed, DeviceFound)


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
        self._catalogue: Catalogue | None = None
        self._next_catalogue: Catalogue | None = None
        self._delivered: Mapping[str, int] = {}
        self._basket = Basket()
        self._notices = Notices()
        self._obstacles = Obstacles()
        self._touched_ns = 0
        self._done_since_ns = 0
        self._sold: Sold | None = None
        self._identified_until_ns = 0
        self._disagree: str | None = None
        self._refused: Wares = NOTHING
        """The wares of a sale that the journal refused as too long."""
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
            case Ambiguous(reason=reason):
                self._disagree = reason
            case Agreed():
                self._disagree = None
            case Scanned():
                self._scan(event)
            case CodeShown() if (way := self._purchase.is_code_for(event.purpose)) is not None:
                self._purchase.show(way, event.ticket)
            case _:
                self._basket.hear(event)
                self._obstacles.hear(event)
                self._notices.hear(event, self._clock.now_ns())
        if not isinstance(event, _NOBODY):
            self._touched_ns = self._clock.now_ns()
        self._reopen()
        self._publish()

    def take(self, payments: Payments) -> None:
        """From here on it can be paid by these ways, too."""
        self._purchase.take(payments)
        self._publish()

    def use(self, catalogue: Catalogue) -> None:
        """A price book came into force; an open basket keeps the prices that it was opened with."""
        self._next_catalogue = catalogue
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
        wares = self._wares()
        self._reopen(wares)
        self._purchase.tick(idle_ns, goods_are_gone=not wares)
        if self._purchase.stage is SaleStage.DONE and shown_ns > (_DONE_NS_MIN if wares else _DONE_NS_MAX):
            self._purchase.leave()
        if self._purchase.stage is SaleStage.OPEN and idle_ns > _SCANS_KEPT_NS:
            self._basket.cancel()
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
                take_off(value, self._basket, self._judge(), self.books)
            case Tap.CANCEL, stage if self._state.scanned and stage in OPEN_STAGES:
                self._notices.hush()
                self._basket.cancel()
            case Tap.CHOOSE, stage if stage in OPEN_STAGES and value in self._choices():
                assert value is not None
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
        if self._catalogue is None or self._obstacles.first:
            return  # nothing can be bought here now, and nobody should find it on the bill afterwards
        judge = self._judge()
        priced = judge.price(label)
        if isinstance(priced, Notice):
            self._notices.say(priced, self._clock.now_ns())
            if priced.kind in HARMFUL:
                self._basket.spoil(label)
            return
        put = self._basket.put(label, self.books.is_sold)
        if put is not Put.IN:
            self._notices.say(judge.notice(OF_A_SCAN[put], label.lookup), self._clock.now_ns())

    async def _buy(self) -> bool:
        """The shopper wants what is offered; False if nobody could take the money."""
        wares = self._wares()
        priced = self._price(wares)
        assert priced is not None
        if not self._purchase.ways(priced.total):
            self._notices.say(Notice(NoticeKind.NO_WAY), self._clock.now_ns())
            self._publish()
            return False
        self._notices.hush()
        self._purchase.begin(self._deal(wares, priced))
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

    def _deal(self, wares: Wares, priced: Priced) -> Deal:
        assert self._catalogue is not None
        bought = Bought(
            *(self._new_sale(), self._clock.wall_ms(), priced, wares.epcs),
            prices=self._catalogue.version,
            promotions=self._catalogue.promotions_version,
        )
        return Deal(wares, priced, draft_of(self._shop, bought))

    def _reopen(self, wares: Wares | None = None, *, tries_again: bool = False) -> bool:
        """Back to the basket where it is not what was to be paid any more, or nothing may be sold."""
        if not self._purchase.may_reopen or not (self._purchase.is_untried or tries_again):
            return False
        assert self._purchase.deal is not None
        now = self._wares() if wares is None else wares
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
        self._basket.sold(deal.wares.items, deal.wares.scans, deal.wares.loose)
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
        self._refused = deal.wares
        self._publish()

    def _judge(self) -> Judge:
        assert self._catalogue is not None
        today = date.fromisoformat(business_date(self._clock.wall_ms(), self._shop.timezone))
        return Judge(self._catalogue, self._next_catalogue or self._catalogue, today)

    def _wares(self) -> Wares:
        """What is in the shopper's hands and for sale."""
        return NOTHING if self._catalogue is None else wares_of(self._basket, self._judge(), self.books)

    def _change_prices(self) -> None:
        """Put the next price book into force, unless somebody is buying by the one before."""
        idle = not self._wares() or self._clock.now_ns() - self._touched_ns > _PRICES_KEPT_NS
        if self._next_catalogue and not self._purchase.is_frozen and (idle or not self._catalogue):
            self._catalogue, self._next_catalogue = self._next_catalogue, None

    def _end_shopper(self) -> None:
        self._sold = None
        self._language = None
        self._notices.hush()
        self._publish()

    def _price(self, wares: Wares) -> Priced | None:
        if self._catalogue is None or not wares or wares.too_many or not self._is_listed:
            return None
        language = self._language or self._catalogue.book.language
        basket = Priceable(laid_out(wares.units, tuple(wares.packs.values())), language=language)
        now = Moment(self._clock.wall_ms(), trusted=self._clock.quality() == "trusted")
        return price_basket(basket, self._catalogue.book, self._catalogue.promotions, None, now)

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
        number = self._state.number
        if self._catalogue is None:
            return State(number, Stage.UNPAIRED, self._online, "en", ("en",), identify=self._identified)
        wares = self._wares()
        priced = self._price(wares)
        trouble = self._obstacles.first or self._contradiction(wares)
        stage = self._shown(wares, priced)
        languages = self._catalogue.languages()
        extra = wares.refused
        if self._purchase.is_frozen and self._purchase.deal is not None:
            deal = self._purchase.deal  # whatever leaves the field now: this is what is bought
            extra = (*put_back(deal.wares, wares, self._catalogue), *extra)
            wares, priced = deal.wares, deal.priced
        delivered = self._delivered if self._online else {}
        window = Window(self._shop, self._catalogue, self.books, wares, delivered)
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
            notices=self._notices.shown(self._catalogue, extra),
            candidates=self._notices.candidates(self._catalogue),
            scanned=bool(self._basket.scans),
            trouble=trouble,
            identify=self._identified,
        )

    def _shown(self, wares: Wares, priced: Priced | None) -> Stage:
        """What matters most to the shopper, first: their sale, then what forbids the next one."""
        if self._purchase.stage in SHOWN_AS:
            return SHOWN_AS[self._purchase.stage]
        for holds, stage in (
            (self._obstacles.first, Stage.OUT_OF_SERVICE),
            (self._contradiction(wares), Stage.DISAGREE),
            (not self._is_listed, Stage.LISTING),
            (priced, Stage.OFFERED),
        ):
            if holds:
                return stage
        return Stage.IDLE

    @property
    def _is_listed(self) -> bool:
        """Whether all that lies here has been told; only a tray has to say so."""
        return not self._shop.lists or self._basket.is_listed

    @property
    def _identified(self) -> bool:
        return self._clock.now_ns() < self._identified_until_ns

    def _contradiction(self, wares: Wares) -> str | None:
        too_long = (wares.units, wares.packs) == (self._refused.units, self._refused.packs)
        return "too-many" if wares and (wares.too_many or too_long) else self._disagree
