"""A till that reckons by a small shop's book, and the sale that it would write, as the hub reads it."""

from typing import Final

import msgspec

from cloud_sync.contract.encoding import encode
from cloud_sync.contract.facts import Sale
from cloud_sync.contract.members import MemberKnown
from edge.checkout.books import Books
from edge.checkout.catalogue import Catalogue, Leaflet
from edge.checkout.reckoning import Reckoning
from edge.checkout.sale import Shop, billed
from edge.checkout.wares import Wares
from edge.clock import ClockQuality
from edge.readings import Nanoseconds
from retail.pricing.basket import Member, Moment
from retail.pricing.book import PriceBook, Version
from retail.pricing.promotions import Promotions
from tests.retail.pricing.shop import NOON, book

SHOP: Final = Shop("mirror-4", "floor", "a7Kxa7Kxa7Kx", "Europe/Berlin")
BOOK: Final = book()
PRICES, OFFERS = Version(1, 7), Version(1, 3)


class Wall:
    """A clock that stands."""

    def __init__(self, at: Moment) -> None:
        self._at = at

    def now_ns(self) -> Nanoseconds:
        return Nanoseconds(0)

    def wall_ms(self) -> int:
        return self._at.wall_ms

    def quality(self) -> ClockQuality:
        return "trusted" if self._at.trusted else "untrusted"


def sold(
    wares: Wares,
    offers: Promotions | None = None,
    member: Member | None = None,
    at: Moment = NOON,
    *,
    prices: PriceBook = BOOK,
    versions: tuple[Version, Version] = (PRICES, OFFERS),
) -> Sale:
    """What a till writes for `wares`, as it is read again at the hub."""
    reckoning = Reckoning(SHOP, Books(), Wall(at))
    reckoning.catalogue = Catalogue(
        prices, versions[0], None if offers is None else Leaflet(offers, versions[1])
    )
    reckoning.membership._known = None if member is None else MemberKnown(member.level)
    priced = reckoning.price(wares, "en")
    assert priced is not None
    return again(billed(reckoning.deal("s-1", wares, priced).draft, SHOP.account))


def again(sale: Sale) -> Sale:
    return msgspec.json.decode(encode(sale), type=Sale)
