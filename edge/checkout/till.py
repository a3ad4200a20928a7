"""The till: events and taps in, entries and a State out; what is owed, its reckoning says."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Final

import msgspec

from edge.checkout.afoot import Afoot
from edge.checkout.asides import Asides
from edge.checkout.books import Books
from edge.checkout.catalogue import Catalogue
from edge.checkout.comeback import Comeback
from edge.checkout.front import Front, Rooms
from edge.checkout.membership import Room
from edge.checkout.notices import Notices
from edge.checkout.obstacles import Obstacles
from edge.checkout.ports import Attending, Clock, Ledger, Members, Payments, Receipts
from edge.checkout.purchase import Deal, Purchase
from edge.checkout.reckoning import Reckoning
from edge.checkout.register import Register
from edge.checkout.sale import SaleStage, Shop
from edge.checkout.serving import Serving
from edge.checkout.state import OPEN_STAGES, Answer, Stage, State, Tap, meaning
from edge.checkout.supply import Supply
from edge.checkout.wares import Wares
from edge.events import OF_NOBODY, CodeCleared, CodeShown, Event, Interest, Purpose, Scanned
from edge.offline_queue.outcomes import Appended

# A million screens between two starts are one a second for twelve days; 2^53 has room for all of them.
_SCREENS_A_START: Final = 1_000_000

_FREE: Final = frozenset({SaleStage.OPEN, SaleStage.DONE, SaleStage.CANCELLED, SaleStage.UNKNOWN})


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
        self.afoot = Afoot()
        """What goes on by itself: whoever runs the till watches it."""
        self._purchase = self._new_purchase()
        self.on_books: Callable[[], None] = lambda: None
        self._reckoning = Reckoning(shop, books, clock)
        self._notices = Notices()
        self._obstacles = Obstacles()
        self.serving = Serving(clock)
        rooms = Rooms(
            *(shop, books, clock, self._reckoning, self._notices, self._obstacles, self._purchase),
            self.serving,
        )
        self._front = Front(rooms)
        self._asides = Asides(rooms, self.register, lambda: self._front.language, new_sale)
        self._front.stand_by(self._asides)
        self.comeback = Comeback(rooms, self._front, self.stocked)
        self._rings: dict[object, Callable[[], None]] = {}
        # A tap painted before a restart must never fit a screen after it: numbers begin beyond the old ones.
        # Nor one of a training fit a screen that sells: those have odd millions.
        first = (2 * ledger.head + shop.trains) * _SCREENS_A_START
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
            case CodeShown(purpose=Purpose.BADGE) if self.serving.badge(event, free=self._is_free):
                pass
            case _ if self.serving.hear(event):
                pass
            case Scanned():
                self._scan(event)
            case CodeShown() if (way := self._purchase.is_code_for(event.purpose)) is not None:
                self._purchase.show(way, event.ticket)
            case CodeShown() if self._reckoning.joins(event, may_change=self._purchase.may_change):
                pass
            case _:
                self._reckoning.hear(event)
                self._obstacles.hear(event)
                self._notices.hear(event, self._clock.now_ns())
        self._asides.look()
        if not isinstance(event, OF_NOBODY):
            self._front.touch()
        self.comeback.look()
        self._reopen()
        self._publish()

    def take(self, payments: Payments) -> None:
        """From here on it can be paid by these ways, too."""
        self._purchase.take(payments)
        payments.on_change = self._publish
        self._publish()

    def attend(self, attendant: Attending) -> None:
        """From here on somebody of the shop can work at this glass."""
        self.serving.attendant = attendant
        attendant.age = self._asides.age
        attendant.on_change = self._publish
        attendant.on_stock = self._take_back
        attendant.on_left = self._staff_left

    def issue_by(self, receipts: Receipts) -> None:
        """From here on receipts have links, and can be printed; before, a code holds the signed sale."""
        self._front.receipts = receipts
        receipts.on_change = self._publish

    def know(self, members: Members) -> None:
        """From here on members are known, and buy at their own prices."""
        self._reckoning.membership.open(Room(members, self._notices, self._changed))

    def use(self, catalogue: Catalogue) -> None:
        """A price book came into force; an open basket keeps the prices that it was opened with."""
        self._reckoning.use(catalogue)
        self._change_prices()
        self._publish()

    def delivered(self, units: Mapping[str, int]) -> None:
        """What the hub says was brought to the holder that this object sells from (GTIN -> units)."""
        self._front.delivered = dict(units)
        self._publish()

    def supplied(self, supply: Supply) -> None:
        """What the hub says lies in places that this object does not sell from."""
        self._front.supply = supply
        self._publish()

    def stocked(self) -> None:
        """The books have changed under the till: goods have arrived."""
        self.on_books()
        self._publish()

    def link(self, *, up: bool) -> None:
        """Whether the hub can be reached; selling never depends on it."""
        self._front.online = self._purchase.online = up
        self._asides.look()
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

    def identify(self, seconds: int) -> None:
        """Say on the glass for so long which object this is: somebody stands in the shop and looks for it."""
        self._front.identified_until_ns = self._clock.now_ns() + seconds * 1_000_000_000
        self._publish()

    def tick(self) -> None:
        """Time has passed: end what has been shown long enough, and what nobody will buy any more."""
        idle_ns = self._front.idle_ns
        wares = self._reckoning.wares()
        self._reopen(wares)
        self._purchase.tick(idle_ns, goods_are_gone=not wares)
        if self._purchase.stage is SaleStage.DONE and self._front.was_read(next_waits=bool(wares)):
            self._purchase.leave()
        self._asides.tick(idle_ns)
        if self._purchase.stage is SaleStage.OPEN and not self._asides.waits:
            self._reckoning.forget_scans(idle_ns)
            self._front.tick()
        self._notices.tick(self._clock.now_ns())
        self.serving.tick()
        self._change_prices()
        self.comeback.look()
        self._publish()

    async def tap(self, tap: Tap, screen: int, value: str | None = None) -> Answer:
        """A tap on the glass, painted on screen number `screen`."""
        self._publish()  # goods that were fit for sale at the last tick may be past their day now
        if screen != self._state.number:
            return Answer.STALE
        if not await self._do(tap, self._state.stage, value):
            return Answer.REFUSED
        self._front.touch()
        self._publish()
        return Answer.ACCEPTED

    async def _do(self, tap: Tap, stage: Stage, value: str | None) -> bool:
        """Do what is tapped; False where this stage has no such control."""
        match tap, stage:
            case Tap.LARGER | Tap.LISTEN, _:
                self._front.ease(tap)
            case _ if self.serving.takes(tap, stage):
                return await self.serving.tap(tap, stage, value)
            case _ if self._asides.takes(tap, stage):
                return self._asides.tap(tap, value)
            case Tap.BUY, Stage.OFFERED if self._front.looking.is_at_hand:
                return await self._buy()
            case Tap.DONE | Tap.PRINT, Stage.DONE:
                return self._tap_sold(tap)
            case Tap.LANGUAGE, _ if value in self._state.languages:
                self._front.language = value
            case _ if stage in OPEN_STAGES and self._tap_basket(tap, value):
                pass
            case Tap.STAY, _:
                pass
            case _:
                return self._purchase.is_frozen and await self._tap_purchase(tap, value)
        return True

    @property
    def _is_free(self) -> bool:
        """Whether nobody is paying: somebody of the shop may have the glass."""
        return self._purchase.stage in _FREE and self._reckoning.catalogue is not None

    def _take_back(self, epcs: Iterable[str]) -> None:
        """Goods came back, some of them with tags: staff has them in hand."""
        self._reckoning.basket.gave_back(epcs)
        self.stocked()

    def _staff_left(self, proved: bool) -> None:
        """Whoever was on the way to a shopper whose payment nobody knows of has been there."""
        if proved and self._purchase.stage is SaleStage.UNKNOWN:
            self._purchase.leave()

    def _tap_basket(self, tap: Tap, value: str | None) -> bool:
        """A tap about what was scanned or seen; False where there is no such control."""
        match tap:
            case Tap.REMOVE if self._state.stage is Stage.OFFERED and value in self._removable():
                assert value is not None
                self._notices.hush()
                self._reckoning.take_off(value)
            case _ if self._state.looked and self._front.looking.tap(tap, value):
                pass
            case Tap.CANCEL if self._state.scanned:
                self._notices.hush()
                self._reckoning.basket.cancel()
            case Tap.CHOOSE if value and value in self._choices():
                self._notices.hear(CodeCleared(), self._clock.now_ns())
                self._scan(Scanned(value, value))
            case _:
                return False
        return True

    def _tap_sold(self, tap: Tap) -> bool:
        """A tap about what was just sold; False where no paper can be had."""
        if tap is Tap.PRINT:
            return self._front.prints()
        self._purchase.leave()
        return True

    def _removable(self) -> frozenset[str]:
        return frozenset(line.remove for line in self._state.lines if line.remove)

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
        if not await self._asides.buy():
            self._publish()
            return False
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
        if self._reckoning.is_still(self._purchase.deal, now) and not self._obstacles.first:
            return False
        self._purchase.reopen()
        return True

    def _new_purchase(self) -> Purchase:
        purchase = Purchase(self._shop, self.register, self._clock, self.afoot)
        purchase.on_change = self._changed
        purchase.on_sold = self._sell
        purchase.on_broken = self._break
        purchase.on_too_long = self._refuse
        purchase.on_left = self._end_shopper
        return purchase

    def _changed(self) -> None:
        self._asides.look()
        self._front.touch()
        self._publish()

    def _sell(self, deal: Deal, written: Appended) -> None:
        """The sale is on the disk: only now is it shown as done."""
        self._reckoning.sold(deal.wares)
        self._asides.forget()
        self._front.show_sold(written)
        self.on_books()
        self._publish()

    def _break(self) -> None:
        self._obstacles.broken = True
        self._publish()

    def _refuse(self, deal: Deal) -> None:
        self._reckoning.refuse(deal.wares)
        self._publish()

    def _change_prices(self) -> None:
        """Let the next price book come into force, unless somebody is paying by the one before."""
        if not self._purchase.is_frozen:
            self._reckoning.change_prices(self._front.idle_ns)

    def _end_shopper(self) -> None:
        self.comeback.left()
        self._front.sold = None
        self._front.begin_anew()
        self._reckoning.membership.leave()
        self._asides.forget()
        self._notices.hush()
        self._publish()

    def _publish(self) -> None:
        """Make the State anew; its number grows only when what a tap could mean has changed."""
        state = self._front.state(self._state.number)
        if meaning(state) != meaning(self._state):
            state = msgspec.structs.replace(state, number=self._state.number + 1)
        if state != self._state:
            self._state = state
            for ring in tuple(self._rings.values()):
                ring()
