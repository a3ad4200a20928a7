"""The till's window: goods, lines and taxes as the glass may show them, and what can be said to be here."""

from collections import Counter
from collections.abc import Iterator, Mapping

import msgspec

from edge.checkout.books import Books
from edge.checkout.catalogue import Catalogue
from edge.checkout.sale import Shop
from edge.checkout.state import BasketLine, Goods, Notice, NoticeKind, Saving, TaxShown
from edge.checkout.supply import Supply
from edge.checkout.wares import Wares
from retail.pricing.rules import Priced
from retail.units import Money


class Window(msgspec.Struct, frozen=True):
    """One look at the shop from one object.

    `wares` are what was taken; `delivered` is what the hub says was brought to the holder that is sold from
    (GTIN -> units), empty when the hub cannot be asked.
    """

    shop: Shop
    catalogue: Catalogue
    books: Books
    wares: Wares
    delivered: Mapping[str, int]
    supply: Supply | None = None
    """What lies elsewhere; None when nobody can vouch for it."""

    def lines(self, priced: Priced | None) -> tuple[BasketLine, ...]:
        """What was taken, line by line."""
        if priced is None:
            return ()
        plain = [gtin if gtin in self.wares.removable else "" for gtin in sorted(self.wares.units)]
        packs = [f"{pack.gtin}/{scan}" for scan, pack in self.wares.packs.items()]
        return tuple(
            BasketLine(self.goods(line.gtin), line.units, Money(line.total_minor, priced.currency), remove)
            for line, remove in zip(priced.lines, (*plain, *packs), strict=True)
        )

    def taxes(self, priced: Priced | None) -> tuple[TaxShown, ...]:
        """The tax table."""
        if priced is None:
            return ()
        return tuple(TaxShown(row.rate_bp, Money(row.tax_minor, priced.currency)) for row in priced.taxes)

    def savings(self, priced: Priced | None) -> tuple[Saving, ...]:
        """What promotions take off, the most first."""
        if priced is None:
            return ()
        most_first = sorted(priced.discounts, key=lambda each: (-each.amount_minor, each.promotion))
        return tuple(Saving(each.words, Money(each.amount_minor, priced.currency)) for each in most_first)

    def offer(self) -> Goods | None:
        """What a shelf holds most of; a mirror offers nothing by itself."""
        items = self.books.at(self.shop.object).values()
        here = Counter(gtin for gtin in items if self.catalogue.product(gtin))
        if not here:
            return None
        return self.goods(min(here, key=lambda gtin: (-here[gtin], gtin)))

    def goods(self, gtin: str) -> Goods:
        """A product that the shop sells, with what can be said of where it is."""
        goods = self.catalogue.goods(gtin, self.here(gtin))
        if self.supply is None:
            return goods
        shop, elsewhere = self.supply.shop.get(gtin), self.supply.elsewhere.get(gtin)
        return msgspec.structs.replace(goods, shop=shop, elsewhere=elsewhere)

    def here(self, gtin: str) -> int | None:
        """Units to be had here. Of goods that others sell too, nobody can be sure without the hub."""
        holder = self.shop.sells_from
        if holder == self.shop.object:
            packs = sum(1 for pack in self.wares.packs.values() if pack.gtin == gtin)
            return max(self.books.stock[holder, gtin] - self.wares.units.get(gtin, 0) - packs, 0)
        if gtin not in self.delivered:
            return None
        return max(self.delivered[gtin] + self.books.stock[holder, gtin], 0)


def put_back(bought: Wares, now: Wares, catalogue: Catalogue) -> Iterator[Notice]:
    """What is being paid for and is not in the shopper's hands any more: it stays on the bill."""
    gone = [gtin for gtin, units in bought.units.items() if now.units.get(gtin, 0) < units]
    gone += [pack.gtin for scan, pack in bought.packs.items() if scan not in now.packs]
    for gtin in gone:
        product = catalogue.product(gtin)
        yield Notice(NoticeKind.PUT_BACK, gtin, {} if product is None else catalogue.names(product))
