"""A bound price book: one file, of which only the products that somebody asks for are read."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Final, Literal
from urllib.parse import quote

import apsw
import msgspec
from msgspec import UNSET, UnsetType

from retail.identity.standing import Recall
from retail.pricing.book import VARIANTS_MAX, PriceBook, Product
from retail.units import Money

# What is on a shelf and in a few baskets: a product is asked for a dozen times for each thing that happens.
PRODUCTS_KEPT: Final = 512
# Pages kept by SQLite itself: the way down the tree, and a few leaves.
_CACHE_KIB: Final = 512
# So many numbers are read at a time by who goes through all of them: a millisecond of the file's only reader.
_NUMBERS_AT_ONCE: Final = 2_000

_PRODUCT: Final = msgspec.json.Decoder(Product)


class BoundBook(msgspec.Struct, frozen=True, eq=False):
    """A price book as sales ask for it (`retail.pricing.book.Prices`), its products in a file."""

    site: str
    language: str
    currency: str
    taxes: Mapping[str, int]
    by_gtin: "Pages"
    recalled: frozenset[Recall]
    spoken: frozenset[str]
    tax_exclusive: bool | UnsetType = UNSET
    tax_rounding: Literal["receipt", "line"] | UnsetType = UNSET
    cash_step_minor: int | UnsetType = UNSET
    circulations: tuple[str, ...] | UnsetType = UNSET
    region: str | UnsetType = UNSET

    def price(self, product: Product) -> Money:
        """The price of one unit."""
        return Money(product.price_minor, self.currency)

    def name(self, product: Product, language: str) -> str:
        """What a product is called in `language`, or in the book's own where it has no such words."""
        return (product.words.get(language) or product.words[self.language]).name

    def of_model(self, model: str) -> tuple[Product, ...]:
        """The sizes and colours of one garment, VARIANTS_MAX at most, by their GTINs."""
        return self.by_gtin.of_model(model)


class Pages(Mapping[str, Product]):
    """GTIN -> product, from the file; threads may ask at the same time."""

    def __init__(self, db: apsw.Connection, products: int) -> None:
        self._db = db
        self._products = products
        self._reading = Lock()
        self._look = lru_cache(PRODUCTS_KEPT)(self._read)

    def __getitem__(self, gtin: str) -> Product:
        product = self._look(gtin)
        if product is None:
            raise KeyError(gtin)
        return product

    def __contains__(self, gtin: object) -> bool:
        return isinstance(gtin, str) and self._look(gtin) is not None

    def __iter__(self) -> Iterator[str]:
        """All GTINs in order, for who has the time."""
        last = -1
        while numbers := self._after(last):
            yield from (f"{number:014}" for number in numbers)
            last = numbers[-1]

    def __len__(self) -> int:
        return self._products

    def of_model(self, model: str) -> tuple[Product, ...]:
        """The products of that model, VARIANTS_MAX at most, by their GTINs."""
        sql = "SELECT json FROM product WHERE model = ? ORDER BY gtin LIMIT ?"
        with self._reading:
            return tuple(_PRODUCT.decode(row[0]) for row in self._db.execute(sql, (model, VARIANTS_MAX)))

    def _read(self, gtin: str) -> Product | None:
        number = number_of(gtin)
        if number is None:
            return None
        with self._reading:
            row = self._db.execute("SELECT json FROM product WHERE gtin = ?", (number,)).fetchone()
        return None if row is None else _PRODUCT.decode(row[0])

    def _after(self, number: int) -> list[int]:
        sql = "SELECT gtin FROM product WHERE gtin > ? ORDER BY gtin LIMIT ?"
        with self._reading:
            return [row[0] for row in self._db.execute(sql, (number, _NUMBERS_AT_ONCE))]


def number_of(gtin: str) -> int | None:
    """A GTIN-14 as the key of its page; None where it is none."""
    return int(gtin) if len(gtin) == 14 and gtin.isascii() and gtin.isdigit() else None


def opened(path: Path) -> BoundBook:
    """The book in `path`, which is never written again. Raises ValueError if it is none."""
    # Immutable: no lock, no journal, no look at the file's time; it may be unlinked while it is read.
    uri = f"file:{quote(str(path.absolute()))}?immutable=1"
    try:
        db = apsw.Connection(uri, flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI)
        db.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        terms_json, products, spoken_json = db.execute("SELECT * FROM book").get
    except (apsw.Error, TypeError) as error:
        raise ValueError(f"{path}: expected a bound price book: {error}") from error
    terms = msgspec.json.decode(terms_json, type=PriceBook)
    return BoundBook(
        site=terms.site,
        language=terms.language,
        currency=terms.currency,
        taxes=terms.taxes,
        by_gtin=Pages(db, products),
        recalled=terms.recalled,
        spoken=msgspec.json.decode(spoken_json, type=frozenset[str]),
        tax_exclusive=terms.tax_exclusive,
        tax_rounding=terms.tax_rounding,
        cash_step_minor=terms.cash_step_minor,
        circulations=terms.circulations,
        region=terms.region,
    )
