"""A price book that lies open: all of it is held as it was written, and only what is asked for is understood.

To understand a book of 100,000 products takes seconds in which nothing else of the process moves, and ten
times its bytes; a sale asks for three of them.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

import msgspec
from msgspec import UnsetType

from retail.identity.standing import Recall
from retail.pricing.book import PriceBook, Product
from retail.units import Money

_Page = msgspec.Raw


class _Named(msgspec.Struct):
    gtin: str


class Goods(Mapping[str, Product]):
    """GTIN -> product, read at each question."""

    def __init__(self, pages: Iterable[_Page]) -> None:
        self._pages = {msgspec.json.decode(page, type=_Named).gtin: page for page in pages}

    def changed(self, gone: Iterable[str], pages: Iterable[_Page]) -> "Goods":
        """The same without what is `gone`, and with `pages` in the place of those of before."""
        goods = Goods(pages)
        goods._pages = {**self._pages, **goods._pages}
        for gtin in gone:
            goods._pages.pop(gtin, None)
        return goods

    def __getitem__(self, gtin: str) -> Product:
        return msgspec.json.decode(self._pages[gtin], type=Product)

    def __iter__(self) -> Iterator[str]:
        return iter(self._pages)

    def __len__(self) -> int:
        return len(self._pages)


class OpenBook(msgspec.Struct, frozen=True):
    """One version of a site's price book, as `retail.pricing` asks it."""

    terms: PriceBook
    """All but the products."""
    by_gtin: Goods

    @property
    def site(self) -> str:
        """Whose prices these are."""
        return self.terms.site

    @property
    def language(self) -> str:
        """The site's own language."""
        return self.terms.language

    @property
    def currency(self) -> str:
        """The currency of every price."""
        return self.terms.currency

    @property
    def taxes(self) -> Mapping[str, int]:
        """Tax code -> rate in basis points."""
        return self.terms.taxes

    @property
    def tax_exclusive(self) -> bool | UnsetType:
        """Whether tax comes on top of the prices."""
        return self.terms.tax_exclusive

    @property
    def tax_rounding(self) -> Literal["receipt", "line"] | UnsetType:
        """Where tax is rounded."""
        return self.terms.tax_rounding

    @property
    def cash_step_minor(self) -> int | UnsetType:
        """The smallest amount that cash can pay."""
        return self.terms.cash_step_minor

    @property
    def circulations(self) -> tuple[str, ...] | UnsetType:
        """The numbers of restricted circulation that this shop gives a meaning to."""
        return self.terms.circulations

    @property
    def region(self) -> str | UnsetType:
        """By whose rules such numbers carry a weight or a price."""
        return self.terms.region

    @property
    def recalled(self) -> frozenset[Recall]:
        """What may not be sold, whatever it costs."""
        return self.terms.recalled

    @property
    def spoken(self) -> frozenset[str]:
        """The languages that every product has words in."""
        words = [product.words.keys() for product in self.by_gtin.values()]
        return frozenset[str]().union(*words[:1]).intersection(*words)

    def price(self, product: Product) -> Money:
        """The price of one unit."""
        return self.terms.price(product)

    def name(self, product: Product, language: str) -> str:
        """What a product is called in `language`, or in the book's own where it has no such words."""
        return self.terms.name(product, language)


class _Changes(msgspec.Struct):
    """Changes of a book, as `retail.pricing.changes` has them, their products not understood."""

    terms: PriceBook
    gone: tuple[str, ...]
    products: tuple[_Page, ...]


def open_book(data: bytes) -> OpenBook:
    """The book in `data`, which was checked when it was issued."""
    parts = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
    pages = msgspec.json.decode(parts["products"], type=list[_Page])
    parts["products"] = msgspec.Raw(b"[]")
    return OpenBook(msgspec.json.decode(msgspec.json.encode(parts), type=PriceBook), Goods(pages))


def changed_book(base: OpenBook, data: bytes) -> OpenBook:
    """The book that the changes in `data` make of `base`."""
    changes = msgspec.json.decode(data, type=_Changes)
    return OpenBook(changes.terms, base.by_gtin.changed(changes.gone, changes.products))
