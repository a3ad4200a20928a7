"""The price book as the till asks it, by the tag of an item or by GTIN, and the promotions beside it."""

import msgspec

from edge.checkout.state import Goods
from retail.identity.answer import Resolved
from retail.identity.resolver import resolve
from retail.pricing.book import Prices, Product, Version
from retail.pricing.promotions import Promotions
from retail.pricing.rules import unit_price


class Leaflet(msgspec.Struct, frozen=True):
    """One version of a site's promotions."""

    promotions: Promotions
    version: Version


class Catalogue:
    """One version of a site's price book and of its promotions: what a basket is priced by.

    The book may lie in a file: `product` reads one page of it, and nothing here goes through all of them.
    """

    def __init__(self, book: Prices, version: Version, leaflet: Leaflet | None = None) -> None:
        self.book = book
        self.version = version
        self.leaflet = leaflet
        self._languages = (book.language, *sorted(book.spoken - {book.language}))

    @property
    def promotions(self) -> Promotions | None:
        """The promotions of the site; None where it has none."""
        return None if self.leaflet is None else self.leaflet.promotions

    @property
    def promotions_version(self) -> Version | None:
        """By which version of the promotions a basket is priced; None where there are none."""
        return None if self.leaflet is None else self.leaflet.version

    def product(self, gtin: str) -> Product | None:
        """The product of a GTIN; None when the shop does not sell it."""
        return self.book.by_gtin.get(gtin)

    def product_of_tag(self, epc: str) -> Product | None:
        """The product that a tag stands for; None when the shop does not sell it."""
        answer = resolve(epc, "epc")
        return self.book.by_gtin.get(answer.gtin14) if isinstance(answer, Resolved) else None

    @staticmethod
    def names(product: Product) -> dict[str, str]:
        """What a product is called, by language."""
        return {language: words.name for language, words in product.words.items()}

    def goods(self, gtin: str, here: int | None) -> Goods:
        """A product that the shop sells, as the glass shows it."""
        product = self.book.by_gtin[gtin]
        return Goods(
            gtin=gtin,
            names=self.names(product),
            details={language: words.details for language, words in product.words.items()},
            price=self.book.price(product),
            unit_price=unit_price(product, self.book),
            here=here,
        )

    def languages(self) -> tuple[str, ...]:
        """The languages in which every product has words, the site's own first."""
        return self._languages
