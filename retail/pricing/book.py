"""The price book: the signed document that says what the goods are and what they cost."""

from functools import cached_property

import msgspec
from msgspec import UNSET, UnsetType

from retail.identity.standing import Recall
from retail.units import Money


class Names(msgspec.Struct, frozen=True):
    """A product's words in one language: its name, and what else a shopper wants to know, in order."""

    name: str
    details: tuple[str, ...] = ()


class Product(msgspec.Struct, frozen=True):
    """One product as it is sold: price of one unit, tax code, mass of one pack, and its net content."""

    gtin: str
    words: dict[str, Names]
    """Language (BCP 47) -> words; every book has its site's own language for every product."""
    price_minor: int
    tax: str
    pack_mg: int
    """Gross mass of one pack as a scale sees it; 0 where nobody weighs it."""
    pack_tolerance_mg: int
    net_mg: int | None = None
    """Net content, where the law wants a unit price by mass beside the price."""
    weighed: bool | UnsetType = UNSET
    """Sold by the weight, or at the price, that stands on the label of each pack, and never by the piece."""
    tagged: bool | UnsetType = UNSET
    """False: no item has a tag of its own, and a shelf knows it by its weight alone."""


class PriceBook(msgspec.Struct, frozen=True, dict=True):  # dict: room for the index, which is no field
    """All prices of a site, tax included; `taxes` is tax code -> rate in basis points (1900 = 19 %)."""

    site: str
    language: str
    currency: str
    taxes: dict[str, int]
    products: tuple[Product, ...]
    recalls: tuple[Recall, ...] | UnsetType = UNSET
    """What was called back: it may not be sold, whatever it costs."""
    circulations: tuple[str, ...] | UnsetType = UNSET
    """The numbers of restricted circulation that this shop gives a meaning to: `geo`, `company`."""
    region: str | UnsetType = UNSET
    """By whose rules such numbers carry a weight or a price (see `retail.identity.rcn.REGIONS`)."""

    def price(self, product: Product) -> Money:
        """The price of one unit."""
        return Money(product.price_minor, self.currency)

    def name(self, product: Product, language: str) -> str:
        """What a product is called in `language`, or in the book's own where it has no such words."""
        return (product.words.get(language) or product.words[self.language]).name

    @cached_property
    def by_gtin(self) -> dict[str, Product]:
        """GTIN -> product; made once a book, at the first question."""
        return {product.gtin: product for product in self.products}

    @cached_property
    def recalled(self) -> frozenset[Recall]:
        """The recalls, to look up one; made once a book."""
        return frozenset(self.recalls or ())


class Version(msgspec.Struct, frozen=True, order=True):
    """The version of a signed document: a hub restored from a backup starts a new generation."""

    generation: int
    n: int
