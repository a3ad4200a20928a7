"""The judge: whether what a label says may be sold here today, and at which price."""

from datetime import date
from typing import Final

import msgspec

from edge.checkout.catalogue import Catalogue
from edge.checkout.state import Notice, NoticeKind
from edge.events import Scanned
from retail.identity.standing import Standing, standing
from retail.pricing.book import Product
from retail.pricing.check import PRICE_MINOR_MAX
from retail.pricing.rules import UNITS_MAX, Measured, price_of_weight

_KINDS: Final = {
    Standing.RECALLED: NoticeKind.RECALLED,
    Standing.EXPIRED: NoticeKind.EXPIRED,
    Standing.ELSEWHERE: NoticeKind.ELSEWHERE,
}

HARMFUL: Final = frozenset({NoticeKind.RECALLED, NoticeKind.EXPIRED})
"""What makes a pack unfit for sale, however else it is recognised."""


class ByTheBook(msgspec.Struct, frozen=True):
    """Sold by the piece, at the price of the book."""


class Judge(msgspec.Struct, frozen=True):
    """Who says what may be sold today, and for how much.

    `newest` is the price book that came last: a recall holds at once, even for a basket that is still priced
    by the `catalogue` before. Goods of the least age `too_young` and above are not sold to whoever is here; 0
    where nobody has said so.
    """

    catalogue: Catalogue
    newest: Catalogue
    today: date
    too_young: int = 0

    def price(self, label: Scanned) -> ByTheBook | Measured | Notice:
        """By which price a label is sold, or why it is not."""
        product = self.catalogue.product(label.lookup)
        kind = self.obstacle(label)
        if kind is not None or product is None:
            return self.notice(kind or NoticeKind.UNKNOWN, label.lookup)
        if 0 < self.too_young <= (product.min_age or 0):
            return self.notice(NoticeKind.AGE, label.lookup)
        own_minor = self._own_minor(label, product)
        if own_minor is None and not product.weighed and 1 <= _count(label) <= UNITS_MAX:
            return ByTheBook()
        if own_minor is not None and 1 <= own_minor <= PRICE_MINOR_MAX:
            by_weight = label.price_minor is None
            return Measured(product.gtin, own_minor, label.weight_mg if by_weight else None)
        return self.notice(NoticeKind.NO_PRICE, label.lookup)

    def obstacle(self, label: Scanned) -> NoticeKind | None:
        """Why what a label says may not be sold by anybody, at whichever price."""
        book = self.newest.book
        # A number that the shop's own book has is one that the shop gives a meaning to.
        own = {*(book.circulations or ())}
        if label.circulation is not None and self.catalogue.product(label.lookup) is not None:
            own.add(label.circulation)
        by_lookup = msgspec.structs.replace(label, gtin14=label.lookup)
        # What was called back by the book that is sold by is not sold, whatever the newest one says.
        recalls = book.recalled, self.catalogue.book.recalled
        found = {standing(each, self.today, one, own) for each in (label, by_lookup) for one in recalls}
        return next((kind for judged, kind in _KINDS.items() if judged in found), None)

    def notice(self, kind: NoticeKind, gtin: str) -> Notice:
        """A notice about a product, by name where the book knows it."""
        product = self.catalogue.product(gtin)
        return Notice(kind, gtin, {} if product is None else self.catalogue.names(product))

    def _own_minor(self, label: Scanned, product: Product) -> int | None:
        """The price by the label itself: 0 if it means nothing here, None if there is none."""
        book = self.catalogue.book
        if label.price_minor is not None:
            return label.price_minor if label.currency in (None, book.currency) else 0
        if label.weight_mg is None:
            return None
        price = price_of_weight(product, label.weight_mg, book)
        return 0 if price is None else price.amount_minor


def _count(label: Scanned) -> int:
    return 1 if label.count is None else label.count
