"""The price book as the till asks it: by the tag of an item, or by GTIN."""

from edge.checkout.state import Goods
from retail.identity.answer import Resolved
from retail.identity.resolver import resolve
from retail.pricing.book import PriceBook, Product, Version
from retail.pricing.rules import unit_price


class Catalogue:
    """One version of a site's price book, and the price that its version is sold by."""

    def __init__(self, book: PriceBook, version: Version) -> None:
        self.book = book
        self.version = version

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
        common = set.intersection(*(set(product.words) for product in self.book.products))
        return (self.book.language, *sorted(common - {self.book.language}))
