"""The price book as the till asks it, by the tag of an item or by GTIN, and the promotions beside it."""

import msgspec

from edge.checkout.state import Goods
from retail.identity.answer import Resolved
from retail.identity.resolver import resolve
from retail.pricing.book import Assortment, Product, Version
from retail.pricing.promotions import ANY, Promotions
from retail.pricing.rules import unit_price
from retail.units import Money


class Leaflet(msgspec.Struct, frozen=True):
    """One version of a site's promotions."""

    promotions: Promotions
    version: Version


class Catalogue:
    """One version of a site's price book and of its promotions: what a basket is priced by.

    The book may lie in a file: `product` reads one page of it, and nothing here goes through all of them.
    """

    def __init__(self, book: Assortment, version: Version, leaflet: Leaflet | None = None) -> None:
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

    def of_model(self, product: Product) -> tuple[Product, ...]:
        """The sizes and colours that a product comes in, itself among them; nothing where it has none."""
        return self.book.of_model(product.model) if product.model else ()

    def said(self, product: Product, attribute: str) -> dict[str, str]:
        """An attribute by language: `colour`, in the site's own language, and `colour.de`."""
        found, dotted = product.attributes or {}, f"{attribute}."
        plain = {self.book.language: found[attribute]} if attribute in found else {}
        return plain | {
            name.removeprefix(dotted): said for name, said in found.items() if name.startswith(dotted)
        }

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
            member_price=self._member_price(product),
            allergens=product.allergens or (),
            min_age=product.min_age or 0,
            images=product.images or (),
            place=self.said(product, "place"),
        )

    def _member_price(self, product: Product) -> Money | None:
        """What every member pays for a piece, where that is less."""
        minor = (product.member_prices or {}).get(ANY, product.price_minor)
        lower = not product.no_offers and 0 < minor < product.price_minor
        return Money(minor, self.book.currency) if lower else None

    def languages(self) -> tuple[str, ...]:
        """The languages in which every product has words, the site's own first."""
        return self._languages
