"""The till: events and taps in, entries and a State out; it turns what was taken into what is owed."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final, Protocol

import msgspec

from cloud_sync.contract.entry import Fact, Sale
from edge.checkout.books import Books
from edge.checkout.catalogue import Catalogue
from edge.checkout.receipts import receipt_number
from edge.checkout.sale import Bought, SaleStage, SaleStep, Shop, next_stage, sale_fact, sold_of
from edge.checkout.state import Answer, Sold, Stage, State, Tap
from edge.checkout.window import Window
from edge.events import (
    WAITING,
    Agreed,
    Ambiguous,
    BackInService,
    Event,
    Fetched,
    Interest,
    Left,
    Listed,
    LongPressed,
    Misplaced,
    OutOfService,
    Presented,
    PutBack,
    PutBackUnits,
    Tapped,
    Took,
    TookUnits,
)
from edge.offline_queue.outcomes import Appended, JournalClosedError
from retail.pricing.rules import Priced, price
from retail.units import Money

# A shopper reads "It's yours" and scans the receipt within a minute; the next one waits at least four
# seconds.
_DONE_NS_MAX: Final = 60_000_000_000
_DONE_NS_MIN: Final = 4_000_000_000

# A basket keeps the prices it was opened with for so long while nobody touches it (design, section 5).
_PRICES_KEPT_NS: Final = 120_000_000_000

# A basket past this is a rail of garments pushed before the mirror, not a shopper; and one entry holds its
# lines.
_ITEMS_MAX: Final = 100

# A sale of the last minute is shown again after a restart: its shopper may still stand there.
_SHOWN_AGAIN_MS: Final = 60_000


# A million screens between two starts are one a second for twelve days; 2^53 has room for all of them.
_SCREENS_A_START: Final = 1_000_000


class Ledger(Protocol):
    """All that the till asks of a journal."""

    @property
    def epoch(self) -> str:
        """The epoch that receipts are numbered in."""
        ...

    @property
    def head(self) -> int:
        """The last seq: it grows with every start."""
        ...

    async def append(self, fact: Fact, idem: str) -> Appended:
        """Write `fact`; return once it is on the disk."""
        ...


class Clock(Protocol):
    """All that the till asks of time."""

    def now_ns(self) -> int:
        """Monotonic time."""
        ...

    def wall_ms(self) -> int:
        """Milliseconds since 1970."""
        ...


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
        self._in_hand: dict[str, None] = {}
        """Every tag that is held up or taken, in order; what of it is for sale is `_goods`."""
        self._touched_ns = 0
        self._stage = SaleStage.OPEN
        self._done_since_ns = 0
        self._sold: Sold | None = None
        self._buying: Priced | None = None
        self._recording: asyncio.Future[None] | None = None
        self._device: str | None = None
        self._disk: str | None = None
        self._broken = False
        self._over = False
        self._closed = False
        self._identified_until_ns = 0
        self._disagree: str | None = None
        self._refused: frozenset[str] | None = None
        """The goods of a sale that the journal refused as too long."""
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
            case Presented(epc=epc) | Took(epc=epc):
                self._in_hand[epc] = None
                self._touched_ns = self._clock.now_ns()
            case Left(epc=epc) | PutBack(epc=epc):
                self._in_hand.pop(epc, None)
                self._touched_ns = self._clock.now_ns()
            case Ambiguous(reason=reason):
                self._disagree = reason
            case Agreed():
                self._disagree = None
            case OutOfService(source=source, code=code):
                # A device that has not answered yet is no fault: the glass says "one moment", not "broken".
                self._device = code if code == WAITING else source
            case BackInService():
                self._device = None
            case Tapped() | LongPressed():
                # What a place on the glass means, the glass knows; here it says that somebody is there.
                self._touched_ns = self._clock.now_ns()
            case TookUnits() | PutBackUnits() | Misplaced() | Fetched() | Listed() | Interest():
                return  # a bill is made of items with tags, and these events change no such item
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
        self._disk = trouble
        self._publish()

    def over(self) -> None:
        """The ledger must not be written any more: nothing is sold from here on."""
        self._over = True
        self._publish()

    def doors(self, *, closed: bool) -> None:
        """Whether the shop lets this object sell; what is being recorded or shown is ended first."""
        self._closed = closed
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
        """Time has passed: end what has been shown long enough."""
        now_ns = self._clock.now_ns()
        shown_ns = now_ns - self._done_since_ns
        if self._stage is SaleStage.DONE and shown_ns > (_DONE_NS_MIN if self._goods else _DONE_NS_MAX):
            self._end_shopper()
        self._change_prices()
        self._publish()

    async def tap(self, tap: Tap, screen: int, value: str | None = None) -> Answer:
        """A tap on the glass, painted on screen number `screen`."""
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
            case _:
                return Answer.REFUSED
        self._publish()
        return Answer.ACCEPTED

    def _begin_sale(self) -> Sale:
        """The sale of what is offered, as the fact that is to be written."""
        priced = self._price()
        assert self._catalogue is not None
        assert priced is not None
        number = receipt_number(self._ledger.epoch, self.books.sales + 1)
        bought = Bought(
            self._new_sale(),
            number,
            self._clock.wall_ms(),
            dict(self._goods),
            priced,
            self._catalogue.version,
        )
        self._stage = next_stage(self._stage, SaleStep.BUY)
        self._buying = priced
        self._publish()
        return sale_fact(self._shop, self.books, bought)

    async def _record(self, sale: Sale) -> None:
        """Write the sale: it is shown as done only after it is on the disk."""
        try:
            written = await self._ledger.append(sale, f"sale/{sale.sale}")
        except JournalClosedError:
            # Whether it was written, only the file can tell: the runtime starts again and looks. Nothing is
            # said to be sold, and nothing more is sold.
            self._broken = True
            self._fail()
            return
        except ValueError:
            # The journal refuses an entry past its limit, and nothing was written: fewer goods will fit.
            self._refused = frozenset(epc for line in sale.lines for epc in line.epcs)
            self._fail()
            return
        self.books.apply(written.body)
        self._sold = sold_of(sale, written.entry.jws())
        self._stage = next_stage(self._stage, SaleStep.RECORD)
        self._done_since_ns = self._clock.now_ns()
        self.on_books()
        self._publish()

    def _fail(self) -> None:
        self._stage = next_stage(self._stage, SaleStep.FAIL)
        self._publish()

    @property
    def _goods(self) -> dict[str, str]:
        """What is in the shopper's hand and for sale: EPC -> GTIN."""
        if self._catalogue is None:
            return {}
        products = {
            epc: self._catalogue.product_of_tag(epc) for epc in self._in_hand if not self.books.is_sold(epc)
        }
        return {epc: product.gtin for epc, product in products.items() if product is not None}

    def _change_prices(self) -> None:
        """Put the next price book into force, unless somebody is buying by the one before."""
        idle = not self._goods or self._clock.now_ns() - self._touched_ns > _PRICES_KEPT_NS
        if self._next_catalogue and self._stage is not SaleStage.RECORDING and (idle or not self._catalogue):
            self._catalogue, self._next_catalogue = self._next_catalogue, None

    def _end_shopper(self) -> None:
        self._stage = next_stage(self._stage, SaleStep.LEAVE)
        self._sold = None
        self._language = None

    def _price(self) -> Priced | None:
        if self._stage is SaleStage.RECORDING:
            return self._buying  # whatever leaves the field now: this is what was bought
        goods = self._goods
        if self._catalogue is None or not 0 < len(goods) <= _ITEMS_MAX:
            return None
        language = self._language or self._catalogue.book.language
        return price(Counter(goods.values()), self._catalogue.book, language)

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
        priced = self._price()
        languages = self._catalogue.languages()
        delivered = self._delivered if self._online else {}
        window = Window(self._shop, self._catalogue, self.books, self._goods, delivered)
        return State(
            number=number,
            stage=self._shown(priced),
            online=self._online,
            language=self._language or languages[0],
            languages=languages,
            lines=window.lines(priced),
            total=priced.total if priced else None,
            taxes=window.taxes(priced),
            offer=window.offer(),
            sold=self._sold,
            trouble=self._obstacle or self._contradiction,
            identify=self._identified,
        )

    def _shown(self, priced: Priced | None) -> Stage:
        """What matters most to the shopper, first: their sale, then what forbids the next one."""
        for holds, stage in (
            (self._stage is SaleStage.RECORDING, Stage.RECORDING),
            (self._stage is SaleStage.DONE, Stage.DONE),
            (self._obstacle, Stage.OUT_OF_SERVICE),
            (self._contradiction, Stage.DISAGREE),
            (priced, Stage.OFFERED),
        ):
            if holds:
                return stage
        return Stage.IDLE

    @property
    def _obstacle(self) -> str | None:
        """What selling needs and this object has not: the journal, the shop's leave, the disk, a device."""
        if self._over:
            return "ledger"
        if self._broken:
            return "journal"
        return "doors" if self._closed else self._disk or self._device

    @property
    def _identified(self) -> bool:
        return self._clock.now_ns() < self._identified_until_ns

    @property
    def _contradiction(self) -> str | None:
        goods = self._goods.keys()
        return "too-many" if len(goods) > _ITEMS_MAX or goods == self._refused else self._disagree


def _meaning(state: State) -> tuple[object, ...]:
    """What a tap depends on: the stage, the goods and their price, and the sale that is shown."""
    goods = tuple((line.goods.gtin, line.units, line.total) for line in state.lines)
    return state.stage, goods, state.total, state.sold.sale if state.sold else None
