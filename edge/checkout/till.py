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
from edge.checkout.notices import OF_A_SCAN, Notices
from edge.checkout.obstacles import Obstacles
from edge.checkout.ports import Clock, Ledger
from edge.checkout.receipts import receipt_number
from edge.checkout.sale import Bought, SaleStage, SaleStep, Shop, next_stage, sale_fact, sold_of
from edge.checkout.state import OPEN_STAGES, Answer, Notice, Sold, Stage, State, Tap
from edge.checkout.wares import NOTHING, Wares, take_off, wares_of
from edge.checkout.window import Window
from edge.events import (
    Agreed,
    Ambiguous,
    BackInService,
    CodeCleared,
    DeviceFound,
    DeviceMissed,
    Event,
    Interest,
    OutOfService,
    Scanned,
)
from edge.offline_queue.outcomes import JournalClosedError
from retail.locale import business_date
from retail.pricing.rules import Priced, price
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

    `new_sale` gives a fresh sale id each time; `on_books` is called when stock has changed.
    """

    def __init__(
        self, shop: Shop, ledger: Ledger, books: Books, clock: Clock, new_sale: Callable[[], str]
    ) -> None:
        self._shop = shop
        self._ledger = ledger
        self._clock = clock
        self._new_sale = new_sale
        self.books = books
        self.on_books: Callable[[], None] = lambda: None
        self._catalogue: Catalogue | None = None
        self._next_catalogue: Catalogue | None = None
        self._delivered: Mapping[str, int] = {}
        self._basket = Basket()
        self._notices = Notices()
        self._obstacles = Obstacles()
        self._touched_ns = 0
        self._stage = SaleStage.OPEN
        self._done_since_ns = 0
        self._sold: Sold | None = None
        self._buying: tuple[Wares, Priced] | None = None
        self._recording: asyncio.Future[None] | None = None
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
            case _:
                self._basket.hear(event)
                self._obstacles.hear(event)
                self._notices.hear(event, self._clock.now_ns())
        if not isinstance(event, _NOBODY):
            self._touched_ns = self._clock.now_ns()
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
        self._online = up
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

    def identify(self, seconds: int) -> None:
        """Say on the glass for so long which object this is: somebody stands in the shop and looks for it."""
        self._identified_until_ns = self._clock.now_ns() + seconds * 1_000_000_000
        self._publish()

    def show_again(self, receipt: str) -> None:
        """After a restart: show the last sale (`receipt` is its JWS) if its shopper may still stand there."""
        last = self.books.last_sale
        if last is None or not 0 <= self._clock.wall_ms() - last.wall_ms < _SHOWN_AGAIN_MS:
            return
        self._stage = SaleStage.DONE
        self._done_since_ns = self._clock.now_ns()
        self._sold = Sold(last.sale, last.number, Money(last.total_minor, last.currency), last.units, receipt)
        self._publish()

    def tick(self) -> None:
        """Time has passed: end what has been shown long enough, and what nobody will buy any more."""
        now_ns = self._clock.now_ns()
        shown_ns = now_ns - self._done_since_ns
        if self._stage is SaleStage.DONE and shown_ns > (_DONE_NS_MIN if self._wares() else _DONE_NS_MAX):
            self._end_shopper()
        if self._stage is SaleStage.OPEN and now_ns - self._touched_ns > _SCANS_KEPT_NS:
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
                # A tap that was taken is seen through, whatever becomes of the browser that sent it; and it
                # is taken before anything is awaited, so that a second tap finds another screen.
                self._recording = asyncio.ensure_future(self._record(self._begin_sale()))
                await asyncio.shield(self._recording)
            case Tap.DONE, Stage.DONE:
                self._end_shopper()
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

    def _begin_sale(self) -> Sale:
        """The sale of what is offered, as the fact that is to be written."""
        wares = self._wares()
        priced = self._price(wares)
        assert self._catalogue is not None
        assert priced is not None
        number = receipt_number(self._ledger.epoch, self.books.sales + 1)
        bought = Bought(
            self._new_sale(),
            number,
            self._clock.wall_ms(),
            priced,
            wares.epcs,
            self._catalogue.version,
        )
        self._stage = next_stage(self._stage, SaleStep.BUY)
        self._buying = wares, priced
        self._publish()
        return sale_fact(self._shop, self.books, bought)

    async def _record(self, sale: Sale) -> None:
        """Write the sale: it is shown as done only after it is on the disk."""
        assert self._buying is not None
        bought, _ = self._buying
        try:
            written = await self._ledger.append(sale, f"sale/{sale.sale}")
        except JournalClosedError:
            # Whether it was written, only the file can tell: the runtime starts again and looks. Nothing is
            # said to be sold, and nothing more is sold.
            self._obstacles.broken = True
            self._fail()
            return
        except ValueError:
            # The journal refuses an entry past its limit, and nothing was written: fewer goods will fit.
            self._refused = bought
            self._fail()
            return
        self.books.apply(written.body)
        self._basket.sold(bought.items, bought.scans, bought.loose)
        self._sold = sold_of(sale, written.entry.jws())
        self._stage = next_stage(self._stage, SaleStep.RECORD)
        self._done_since_ns = self._clock.now_ns()
        self.on_books()
        self._publish()

    def _fail(self) -> None:
        self._stage = next_stage(self._stage, SaleStep.FAIL)
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
        if self._next_catalogue and self._stage is not SaleStage.RECORDING and (idle or not self._catalogue):
            self._catalogue, self._next_catalogue = self._next_catalogue, None

    def _end_shopper(self) -> None:
        self._stage = next_stage(self._stage, SaleStep.LEAVE)
        self._sold = None
        self._language = None
        self._notices.hush()

    def _price(self, wares: Wares) -> Priced | None:
        if self._catalogue is None or not wares or wares.too_many or not self._is_listed:
            return None
        language = self._language or self._catalogue.book.language
        return price(wares.units, self._catalogue.book, language, tuple(wares.packs.values()))

    def _publish(self) -> None:
        """Make the State anew; its number grows only when what a tap could mean has changed."""
        state = self._make_state()
        if _meaning(state) != _meaning(self._state):
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
        if self._stage is SaleStage.RECORDING and self._buying is not None:
            wares, priced = self._buying  # whatever leaves the field now: this is what was bought
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
            offer=window.offer(),
            sold=self._sold,
            notices=self._notices.shown(self._catalogue, wares.refused),
            candidates=self._notices.candidates(self._catalogue),
            scanned=bool(self._basket.scans),
            trouble=trouble,
            identify=self._identified,
        )

    def _shown(self, wares: Wares, priced: Priced | None) -> Stage:
        """What matters most to the shopper, first: their sale, then what forbids the next one."""
        for holds, stage in (
            (self._stage is SaleStage.RECORDING, Stage.RECORDING),
            (self._stage is SaleStage.DONE, Stage.DONE),
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


def _meaning(state: State) -> tuple[object, ...]:
    """What a tap depends on: the stage, goods and price, what can be chosen, the sale that is shown."""
    goods = tuple((line.goods.gtin, line.units, line.total, line.remove) for line in state.lines)
    choice = tuple(goods.gtin for goods in state.candidates)
    return state.stage, goods, state.total, choice, state.sold.sale if state.sold else None
