"""The till's front: all that it knows at one moment, made into the State that the glass shows."""

from collections.abc import Mapping
from typing import Final, Protocol

import msgspec

from cloud_sync.contract.entry import SignedEntry
from cloud_sync.contract.facts import Sale
from edge.checkout.asked import AgeAsked, Aside, Away, SigningIn
from edge.checkout.books import Books
from edge.checkout.looking import Looking
from edge.checkout.notices import Notices
from edge.checkout.obstacles import Obstacles
from edge.checkout.ports import Clock, Receipts
from edge.checkout.purchase import SHOWN_AS, WARNS_NS, Purchase
from edge.checkout.reckoning import Reckoning
from edge.checkout.sale import Shop, sold_of
from edge.checkout.serving import Serving
from edge.checkout.state import Notice, NoticeKind, Sold, Stage, State, Tap
from edge.checkout.supply import NO_SUPPLY, vouched
from edge.checkout.wares import Wares
from edge.checkout.window import Window, put_back
from edge.offline_queue.outcomes import Appended
from retail.pricing.rules import Priced
from retail.units import Money


class Rooms(msgspec.Struct, frozen=True):
    """What the front looks at; none of it is changed from here."""

    shop: Shop
    books: Books
    clock: Clock
    reckoning: Reckoning
    notices: Notices
    obstacles: Obstacles
    purchase: Purchase
    serving: Serving


# A shopper reads "It's yours" and scans the receipt within a minute; the next one waits at least four
# seconds.
_DONE_NS_MAX: Final = 60_000_000_000
_DONE_NS_MIN: Final = 4_000_000_000

# A sale of the last minute is shown again after a restart: its shopper may still stand there.
_SHOWN_AGAIN_MS: Final = 60_000

# A shopper who looks around without touching anything is back within a minute.
_FORGOTTEN_NS: Final = 60_000_000_000

# Over which stages an aside stands, and how it is called: whatever matters more is shown instead of it.
_OVER: Final[Mapping[type[Aside], tuple[Stage, frozenset[Stage]]]] = {
    AgeAsked: (Stage.AGE, frozenset({Stage.OFFERED})),
    SigningIn: (Stage.SIGNIN, frozenset({Stage.IDLE, Stage.LISTING, Stage.OFFERED})),
    Away: (Stage.OFFLINE, frozenset({Stage.IDLE, Stage.LISTING, Stage.OFFERED, Stage.PAYING})),
}


class StandsBeside(Protocol):
    """All that the front asks of asides: see `edge.checkout.asides`."""

    @property
    def shown(self) -> Aside | None:
        """What is asked or told before a purchase goes on."""
        ...

    @property
    def may_sign_in(self) -> bool:
        """Whether a member can say here who they are, and nobody has."""
        ...


# What is about the object, and no shopper's; or about the eyes of whoever stands there.
_SHOWN_TO_STAFF: Final = ("offer", "identify", "called", "larger")


class Front:
    """What the till has heard beside its goods and its money, and how all of it looks."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self.online = False
        """Whether the hub can be reached."""
        self.language: str | None = None
        """What the shopper chose; None for the site's own."""
        self.larger = False
        self.listens = False
        self.delivered: Mapping[str, int] = {}
        """What the hub says was brought to the holder that is sold from (GTIN -> units)."""
        self.supply = NO_SUPPLY
        """What the hub says lies elsewhere."""
        self.receipts: Receipts | None = None
        """What makes the links and the paper of receipts."""
        self.sold: Sold | None = None
        """The sale that is shown as done."""
        self.looking = Looking()
        self._asides: StandsBeside | None = None
        self._done_since_ns = 0
        self.touched_ns = 0
        """When somebody last did something here."""
        self.identified_until_ns = 0
        """Until then somebody in the shop looks for this object."""

    @property
    def idle_ns(self) -> int:
        """For so long nobody has touched anything."""
        return self._rooms.clock.now_ns() - self.touched_ns

    def stand_by(self, asides: StandsBeside) -> None:
        """From here on this is asked and told before a purchase goes on."""
        self._asides = asides

    def touch(self) -> None:
        """Somebody is here."""
        self.touched_ns = self._rooms.clock.now_ns()

    def ease(self, tap: Tap) -> None:
        """The shopper wants to see or hear it otherwise, or as before."""
        if tap is Tap.LARGER:
            self.larger = not self.larger
        else:
            self.listens = not self.listens

    def tick(self) -> None:
        """Time has passed: nobody stands here who has chosen anything."""
        chosen = self.language or self.larger or self.listens
        if chosen and self.idle_ns >= _FORGOTTEN_NS and not self._rooms.reckoning.wares():
            self.begin_anew()

    def begin_anew(self) -> None:
        """Another shopper comes: what the one before chose is not theirs."""
        self.language, self.larger, self.listens = None, False, False
        self.looking.leave()

    def show_sold(self, written: Appended) -> None:
        """A sale is on the disk: from now on it is shown as done."""
        assert isinstance(written.body.fact, Sale)
        self.sold = sold_of(written.body.fact, self.link_of(written.entry))
        self._done_since_ns = self._rooms.clock.now_ns()

    def show_again(self, receipt: str, tender: str, stored: Money | None) -> bool:
        """After a restart: the last sale, if its shopper may still stand there; whether that is so."""
        last, clock = self._rooms.books.last_sale, self._rooms.clock
        if last is None or not 0 <= clock.wall_ms() - last.wall_ms < _SHOWN_AGAIN_MS:
            return False
        total = Money(last.total_minor, last.currency)
        self.sold = Sold(last.sale, last.number, total, last.units, receipt, tender, stored)
        self._done_since_ns = clock.now_ns()
        return True

    def was_read(self, *, next_waits: bool) -> bool:
        """Whether what was sold has been shown for long enough."""
        shown_ns = self._rooms.clock.now_ns() - self._done_since_ns
        return shown_ns > (_DONE_NS_MIN if next_waits else _DONE_NS_MAX)

    def link_of(self, entry: SignedEntry) -> str:
        """What the code of a receipt holds: its link, or the signed sale alone while nobody makes links."""
        return entry.jws() if self.receipts is None else self.receipts.issue(entry)

    def prints(self) -> bool:
        """Have the receipt that is shown printed; False where that cannot be."""
        return self.receipts is not None and self.receipts.ask()

    def state(self, number: int) -> State:
        """What the till is doing right now, as screen number `number`."""
        state = self._of_the_shopper(number)
        staffed = self._rooms.serving.staffed
        if staffed is None:
            return state
        # Nobody of the shop sees what a shopper is about to buy, and nothing of it can be tapped.
        hidden = State(number, Stage.STAFF, state.online, state.language, state.languages)
        kept = {name: getattr(state, name) for name in _SHOWN_TO_STAFF}
        return msgspec.structs.replace(hidden, staffed=staffed, **kept)

    def _of_the_shopper(self, number: int) -> State:
        reckoning, purchase, notices = self._rooms.reckoning, self._rooms.purchase, self._rooms.notices
        catalogue = reckoning.catalogue
        if catalogue is None:
            return State(
                *(number, Stage.UNPAIRED, self.online, self.language or "en"),
                _besides(("en",), self._rooms.shop.speaks),
                identify=self._is_identified,
                called=self._rooms.serving.calling.open,
                larger=self.larger,
                listens=self.listens,
            )
        wares = reckoning.wares()
        priced = reckoning.price(wares, self.language)
        trouble = self._rooms.obstacles.first or reckoning.contradiction(wares)
        stage, aside = self._beside(self._shown(wares, priced))
        languages = _besides(catalogue.languages(), self._rooms.shop.speaks)
        extra = wares.refused
        if purchase.is_frozen and purchase.deal is not None:
            deal = purchase.deal  # whatever leaves the field now: this is what is bought
            extra = (*put_back(deal.wares, wares, catalogue), *extra)
            wares, priced = deal.wares, deal.priced
        delivered = self.delivered if self.online else {}
        supply = vouched(self.supply, self._rooms.clock.wall_ms(), online=self.online)
        window = Window(self._rooms.shop, catalogue, self._rooms.books, wares, delivered, supply)
        lines = window.lines(priced)
        return State(
            number=number,
            stage=stage,
            online=self.online,
            language=self.language or languages[0],
            languages=languages,
            lines=lines,
            looked=self.looking.see(window, lines, stage),
            total=priced.total if priced else None,
            taxes=window.taxes(priced),
            savings=window.savings(priced),
            ways=purchase.ways(priced.total) if priced and stage is Stage.OFFERED else (),
            paying=purchase.shown(self.idle_ns),
            offer=window.offer(),
            sold=self.sold,
            paper=self.receipts.paper if self.receipts is not None and self.sold is not None else "",
            notices=(*self._asks_whether_there(stage), *notices.shown(catalogue, extra)),
            candidates=notices.candidates(catalogue),
            scanned=bool(reckoning.basket.scans),
            trouble=trouble,
            identify=self._is_identified,
            member=reckoning.membership.greeted,
            aside=aside,
            signs_in=self._asides is not None and self._asides.may_sign_in,
            called=self._rooms.serving.calling.open,
            larger=self.larger,
            listens=self.listens,
        )

    def _shown(self, wares: Wares, priced: Priced | None) -> Stage:
        """What matters most to the shopper, first: their sale, then what forbids the next one."""
        purchase, reckoning = self._rooms.purchase, self._rooms.reckoning
        if purchase.stage in SHOWN_AS:
            return SHOWN_AS[purchase.stage]
        for holds, stage in (
            (self._rooms.obstacles.first, Stage.OUT_OF_SERVICE),
            (reckoning.contradiction(wares), Stage.DISAGREE),
            (not reckoning.is_listed, Stage.LISTING),
            (priced, Stage.OFFERED),
        ):
            if holds:
                return stage
        return Stage.IDLE

    def _asks_whether_there(self, stage: Stage) -> tuple[Notice, ...]:
        """Before what was scanned leaves the bill, since nobody seems to want it any more, that is said."""
        kept = stage is Stage.OFFERED and self._rooms.reckoning.basket.scans
        return (Notice(NoticeKind.STILL_THERE),) if kept and self.idle_ns >= WARNS_NS else ()

    def _beside(self, stage: Stage) -> tuple[Stage, Aside | None]:
        """The stage, and what is asked or told in its place."""
        aside = None if self._asides is None else self._asides.shown
        if aside is None:
            return stage, None
        if not isinstance(aside, AgeAsked) and self.idle_ns >= WARNS_NS:
            aside = msgspec.structs.replace(aside, warns=True)
        shown, over = _OVER[type(aside)]
        return (shown, aside) if stage in over else (stage, None)

    @property
    def _is_identified(self) -> bool:
        return self._rooms.clock.now_ns() < self.identified_until_ns


def _besides(languages: tuple[str, ...], spoken: tuple[str, ...]) -> tuple[str, ...]:
    """The languages of the goods, and after them those that the glass speaks besides."""
    return (*languages, *(language for language in spoken if language not in languages))
