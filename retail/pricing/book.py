"""The price book: the signed document that says what the goods are and what they cost."""

from collections.abc import Mapping
from functools import cached_property
from typing import Final, Literal, Protocol

import msgspec
from msgspec import UNSET, UnsetType

from retail.identity.standing import Recall
from retail.units import Money

# Ten sizes in six colours: more of one garment is no choice that anybody makes at a glass.
VARIANTS_MAX: Final = 60


class Names(msgspec.Struct, frozen=True):
    """A product's words in one language: its name, and what else a shopper wants to know, in order."""

    name: str
    details: tuple[str, ...] = ()


class Product(msgspec.Struct, frozen=True):
    """One product as it is sold: price of one unit, tax code, mass of one pack, and its net content.

    What a book leaves out stays UNSET, which counts as empty: a book written before a field was thought of
    reads, and is written again, byte for byte as it was.
    """

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
    price_per_kg_minor: int | UnsetType = UNSET
    """Of goods that are sold by weight; `price_minor` is then 0."""
    member_prices: dict[str, int] | UnsetType = UNSET
    """Level of a member (`*` is any) -> price of one unit; of a kilogram, where it is sold by weight."""
    categories: tuple[str, ...] | UnsetType = UNSET
    attributes: dict[str, str] | UnsetType = UNSET
    """Such as `colour` -> `ink`: what promotions and screens choose goods by."""
    allergens: tuple[str, ...] | UnsetType = UNSET
    """Those of Regulation (EU) 1169/2011, Annex II, by the codes of GS1 (`AllergenTypeCode`), such as AM."""
    min_age: int | UnsetType = UNSET
    """Years that a shopper must have."""
    images: tuple[str, ...] | UnsetType = UNSET
    """SHA-256 of each picture in hexadecimal, the first one first."""
    no_offers: bool | UnsetType = UNSET
    """No promotion and no member price lowers it: books and tobacco, where the law fixes the price."""
    weighed: bool | UnsetType = UNSET
    """Sold by the weight, or at the price, that stands on the label of each pack, and never by the piece."""
    tagged: bool | UnsetType = UNSET
    """False: no item has a tag of its own, and a shelf knows it by its weight alone."""
    model: str | UnsetType = UNSET
    """What the sizes and colours of one garment share; attributes `size` and `colour` tell them apart."""
    goes_with: tuple[str, ...] | UnsetType = UNSET
    """The GTINs of what goes with it, the best first."""


class PriceBook(msgspec.Struct, frozen=True, dict=True):  # dict: room for the index, which is no field
    """All prices of a site; `taxes` is tax code -> rate in basis points (1900 = 19 %).

    Prices hold the tax unless `tax_exclusive` says that it comes on top.
    """

    site: str
    language: str
    currency: str
    taxes: dict[str, int]
    products: tuple[Product, ...]
    tax_exclusive: bool | UnsetType = UNSET
    tax_rounding: Literal["receipt", "line"] | UnsetType = UNSET
    """Where tax is rounded: once a rate on the receipt (the usual), or on each line."""
    cash_step_minor: int | UnsetType = UNSET
    """The smallest amount that cash can pay, where it is not that of the currency (5 in EUR in Finland)."""
    languages: tuple[str, ...] | UnsetType = UNSET
    """The languages in which every product has words."""
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
    def _by_model(self) -> dict[str, list[Product]]:
        models: dict[str, list[Product]] = {}
        for product in self.products:
            if product.model:
                models.setdefault(product.model, []).append(product)
        return models

    def of_model(self, model: str) -> tuple[Product, ...]:
        """The sizes and colours of one garment, VARIANTS_MAX at most, by their GTINs."""
        return tuple(sorted(self._by_model.get(model, ()), key=lambda each: each.gtin)[:VARIANTS_MAX])

    @cached_property
    def recalled(self) -> frozenset[Recall]:
        """The recalls, to look up one; made once a book."""
        return frozenset(self.recalls or ())

    @cached_property
    def spoken(self) -> frozenset[str]:
        """The languages that every product has words in; made once a book."""
        words = (product.words.keys() for product in self.products)
        first = frozenset(next(words, ()))
        return first.intersection(*words)


class Prices(Protocol):
    """All that a sale asks of a price book, wherever it lies: its terms, and one product after the other.

    A `PriceBook` fits, and so does a book of 100,000 products of which only those in the basket are read.
    """

    @property
    def site(self) -> str:
        """Whose prices these are."""
        ...

    @property
    def language(self) -> str:
        """The site's own language: every product has words in it."""
        ...

    @property
    def currency(self) -> str:
        """The currency of every price."""
        ...

    @property
    def taxes(self) -> Mapping[str, int]:
        """Tax code -> rate in basis points."""
        ...

    @property
    def tax_exclusive(self) -> bool | UnsetType:
        """Whether tax comes on top of the prices."""
        ...

    @property
    def tax_rounding(self) -> Literal["receipt", "line"] | UnsetType:
        """Where tax is rounded."""
        ...

    @property
    def cash_step_minor(self) -> int | UnsetType:
        """The smallest amount that cash can pay, where it is not that of the currency."""
        ...

    @property
    def circulations(self) -> tuple[str, ...] | UnsetType:
        """The numbers of restricted circulation that this shop gives a meaning to."""
        ...

    @property
    def region(self) -> str | UnsetType:
        """By whose rules such numbers carry a weight or a price."""
        ...

    @property
    def by_gtin(self) -> Mapping[str, Product]:
        """GTIN -> product."""
        ...

    @property
    def recalled(self) -> frozenset[Recall]:
        """What may not be sold, whatever it costs."""
        ...

    @property
    def spoken(self) -> frozenset[str]:
        """The languages that every product has words in."""
        ...

    def price(self, product: Product) -> Money:
        """The price of one unit."""
        ...

    def name(self, product: Product, language: str) -> str:
        """What a product is called in `language`, or in the book's own where it has no such words."""
        ...


class Assortment(Prices, Protocol):
    """A price book as whoever shows goods asks it: also for what belongs together."""

    def of_model(self, model: str) -> tuple[Product, ...]:
        """The sizes and colours of one garment, VARIANTS_MAX at most, by their GTINs."""
        ...


class Version(msgspec.Struct, frozen=True, order=True):
    """The version of a signed document: a hub restored from a backup starts a new generation."""

    generation: int
    n: int
