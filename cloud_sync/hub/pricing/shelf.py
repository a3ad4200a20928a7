"""The price books and promotions that sales name, kept open while they are being asked for."""

from collections import OrderedDict
from typing import Final

from sqlalchemy import Connection

from cloud_sync.hub.documents.books import price_book_as_issued
from cloud_sync.hub.documents.edition import Site
from cloud_sync.hub.documents.offers import promotion_bundle
from cloud_sync.hub.pricing.open_book import OpenBook, changed_book, open_book
from retail.pricing.book import Version
from retail.pricing.promotions import Promotions

# Two books of the largest shops, or those of hundreds of small ones: some 80 MB.
_PRODUCTS_MAX: Final = 200_000
_BUNDLES_MAX: Final = 64

_Key = tuple[str, str, Version]


class Shelf:
    """Documents by site and version. What was issued never changes, so what is kept is never old."""

    def __init__(self, products_max: int = _PRODUCTS_MAX) -> None:
        self._products_max = products_max
        self._books: OrderedDict[_Key, OpenBook] = OrderedDict()
        self._bundles: OrderedDict[_Key, Promotions] = OrderedDict()

    def book(self, connection: Connection, site: Site, version: Version) -> OpenBook:
        """A price book. Raises UnknownVersionError."""
        key = site.tenant, site.site, version
        if key not in self._books:
            whole, later = price_book_as_issued(connection, site, version)
            book = open_book(whole)
            self._books[key] = book if later is None else changed_book(book, later)
            while len(self._books) > 1 and self._products > self._products_max:
                self._books.popitem(last=False)
        self._books.move_to_end(key)
        return self._books[key]

    def promotions(self, connection: Connection, site: Site, version: Version) -> Promotions:
        """The promotions of a site. Raises UnknownVersionError."""
        key = site.tenant, site.site, version
        if key not in self._bundles:
            self._bundles[key] = promotion_bundle(connection, site, version)
            if len(self._bundles) > _BUNDLES_MAX:
                self._bundles.popitem(last=False)
        self._bundles.move_to_end(key)
        return self._bundles[key]

    @property
    def _products(self) -> int:
        return sum(len(book.by_gtin) for book in self._books.values())
