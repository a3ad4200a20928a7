"""The reckoning: what is in a shopper's hands, and what it costs by the price book that they were shown."""

from datetime import date
from typing import Final

import msgspec

from edge.checkout.basis import basis_of
from edge.checkout.basket import Basket, Put
from edge.checkout.books import Books
from edge.checkout.catalogue import Catalogue
from edge.checkout.judge import HARMFUL, Judge
from edge.checkout.membership import Membership
from edge.checkout.notices import OF_A_SCAN
from edge.checkout.ports import Clock
from edge.checkout.purchase import Deal
from edge.checkout.sale import Bought, Shop, draft_of
from edge.checkout.state import Notice
from edge.checkout.wares import NOTHING, Wares, take_off, wares_of
from edge.events import Agreed, Ambiguous, CodeShown, Event, Purpose, Scanned
from retail.locale import business_date
from retail.pricing.basket import Basket as Priceable
from retail.pricing.basket import Member, Moment
from retail.pricing.rules import Priced, laid_out, price_basket

# A basket keeps the prices it was opened with for so long while nobody touches it (design, section 5).
_PRICES_KEPT_NS: Final = 120_000_000_000

# What was scanned stays on the glass when its shopper walks away; so long after the last sign of anybody it
# is nobody's.
SCANS_KEPT_NS: Final = 120_000_000_000


# An offer begins and ends on a whole minute; within a second the same basket costs the same.
_PRICED_MS: Final = 1_000

_Asked = tuple[Wares, str | None, Catalogue, Member | None, int, bool]


class Reckoning:
    """The basket of one till, and the price book by which it is reckoned; what is sold, the `books` know."""

    def __init__(self, shop: Shop, books: Books, clock: Clock) -> None:
        self._shop = shop
        self._books = books
        self._clock = clock
        self.basket = Basket()
        self.catalogue: Catalogue | None = None
        """The price book in force; None before the first one came, and nothing can be reckoned."""
        self._next_catalogue: Catalogue | None = None
        self.membership = Membership(clock)
        """Who buys, as far as prices know."""
        self.too_young = 0
        """Goods of this least age and above are not sold to whoever is here."""
        self._disagree: str | None = None
        self._priced: tuple[_Asked, Priced, Moment] | None = None
        """What was priced last, and when: one tap asks for the same basket three times."""
        self._refused: Wares = NOTHING
        """The wares of a sale that the journal refused as too long."""

    def hear(self, event: Event) -> None:
        """What the sensors say is taken, and whether they agree."""
        match event:
            case Ambiguous(reason=reason):
                self._disagree = reason
            case Agreed():
                self._disagree = None
            case _:
                self.basket.hear(event)

    def use(self, catalogue: Catalogue) -> None:
        """A price book came: a recall in it holds at once, its prices from `change_prices` on."""
        self._next_catalogue = catalogue

    def change_prices(self, idle_ns: int) -> None:
        """Put the next price book into force, unless there is a basket that somebody touched just now."""
        if self._next_catalogue is None:
            return
        if self.catalogue is None or idle_ns > _PRICES_KEPT_NS or not self.wares():
            self.catalogue, self._next_catalogue = self._next_catalogue, None

    def scan(self, label: Scanned) -> Notice | None:
        """A label was scanned: into the basket, or the reason why not."""
        judge = self._judge()
        priced = judge.price(label)
        if isinstance(priced, Notice):
            if priced.kind in HARMFUL:
                self.basket.spoil(label)
            return priced
        put = self.basket.put(label, self._books.is_sold)
        return None if put is Put.IN else judge.notice(OF_A_SCAN[put], label.lookup)

    def joins(self, shown: CodeShown, *, may_change: bool) -> bool:
        """A member shows who they are; False where that is of no use: what is paid for keeps its price."""
        return shown.purpose is Purpose.MEMBER and may_change and self.membership.show(shown.ticket)

    def forget_scans(self, idle_ns: int) -> None:
        """Nobody has touched anything for so long: what was scanned may be nobody's any more."""
        if idle_ns > SCANS_KEPT_NS:
            self.basket.cancel()
        if self.membership.member is not None:
            self.membership.tick(idle_ns, has_goods=bool(self.wares()))

    def refuse_age(self, years: int) -> None:
        """Nobody here may buy goods of this least age: they are off the bill, wherever they lie."""
        before, self.too_young = self.wares().scans, years
        for number in before.keys() - self.wares().scans.keys():
            self.basket.remove(number)

    def take_off(self, line: str) -> None:
        """The shopper does not want one of `line` (see `BasketLine.remove`)."""
        take_off(line, self.basket, self._judge(), self._books)

    def sold(self, wares: Wares) -> None:
        """These are on the disk as sold, and on nobody's bill any more."""
        self.basket.sold(wares.items, wares.scans, wares.loose)
        self.membership.leave()

    def refuse(self, wares: Wares) -> None:
        """No entry can hold the sale of these: as they are, they are too many."""
        self._refused = wares

    @property
    def is_listed(self) -> bool:
        """Whether all that lies here has been told; only a tray has to say so."""
        return not self._shop.lists or self.basket.is_listed

    def wares(self) -> Wares:
        """What is in the shopper's hands and for sale."""
        return NOTHING if self.catalogue is None else wares_of(self.basket, self._judge(), self._books)

    def contradiction(self, wares: Wares) -> str | None:
        """The code of what speaks against offering `wares`, whatever they cost; None where nothing does."""
        too_long = (wares.units, wares.packs) == (self._refused.units, self._refused.packs)
        return "too-many" if wares and (wares.too_many or too_long) else self._disagree

    def price(self, wares: Wares, language: str | None) -> Priced | None:
        """What `wares` cost, in the shopper's language; None where there is nothing to be offered."""
        if self.catalogue is None or not wares or wares.too_many or not self.is_listed:
            return None
        now = Moment(self._clock.wall_ms(), trusted=self._clock.quality() == "trusted")
        member = self.membership.member
        asked = wares, language, self.catalogue, member, now.wall_ms // _PRICED_MS, now.trusted
        if self._priced is None or self._priced[0] != asked:
            basket = Priceable(
                laid_out(wares.units, tuple(wares.packs.values())),
                language=language or self.catalogue.book.language,
            )
            priced = price_basket(basket, self.catalogue.book, self.catalogue.promotions, member, now)
            self._priced = asked, priced, now
        return self._priced[1]

    def is_still(self, deal: Deal, wares: Wares) -> bool:
        """Whether `wares` are what was agreed on, and bought by the member that it was agreed with."""
        member, basis = self.membership.member, deal.draft.basis
        level = msgspec.UNSET if member is None else member.level
        same = isinstance(basis, msgspec.UnsetType) or basis.level == level
        return same and (wares.units, wares.packs) == (deal.wares.units, deal.wares.packs)

    def deal(self, sale: str, wares: Wares, priced: Priced) -> Deal:
        """What a shopper agrees to who buys `wares` at that price, as the sale of that id."""
        assert self.catalogue is not None
        assert self._priced is not None
        (_, _, _, member, *_), last, at = self._priced
        assert last is priced, "what is sold was priced a moment ago"
        bought = Bought(
            *(sale, self._clock.wall_ms(), priced, wares.epcs),
            prices=self.catalogue.version,
            promotions=self.catalogue.promotions_version,
            basis=basis_of(wares, member, at),
        )
        return Deal(wares, priced, draft_of(self._shop, bought))

    def _judge(self) -> Judge:
        assert self.catalogue is not None
        today = date.fromisoformat(business_date(self._clock.wall_ms(), self._shop.timezone))
        return Judge(self.catalogue, self._next_catalogue or self.catalogue, today, self.too_young)
