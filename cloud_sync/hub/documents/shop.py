"""A shop directory: `shop.toml`, `products.csv` and `deliveries.csv`, read whole and checked whole."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from cloud_sync.contract.documents import Delivery
from cloud_sync.hub.documents.sheet import ImportRefusedError, Problem, Row, Sheet, quoted, read
from cloud_sync.hub.objects import NAME_EXPECTED, is_name
from retail.custody import EDGES
from retail.identity import epc, gtin
from retail.identity.answer import Refused
from retail.pricing.book import Names, PriceBook, Product
from retail.pricing.check import check

SHOP: Final = "shop.toml"
PRODUCTS: Final = "products.csv"
DELIVERIES: Final = "deliveries.csv"

# An arrival is one entry of at most 32 KiB, and names each item with 27 bytes.
EPCS_MAX: Final = 1_000
# No van brings more at once.
UNITS_MAX: Final = 1_000_000

_PRODUCT_COLUMNS: Final = ("gtin", "price_minor", "tax", "pack_mg", "pack_tolerance_mg", "net_mg")
_DELIVERY_COLUMNS: Final = ("transfer", "holder", "gtin", "epcs")
_DETAIL_BREAK: Final = "|"
_OF_A_PRODUCT: Final = re.compile(r"product (\S+): (.*)", re.DOTALL)


class ShopObject(msgspec.Struct, frozen=True):
    """An object of the shop: what it is, and the holder that it sells from."""

    id: str
    kind: str
    name: str
    sells_from: str
    # Whatever else its table says is for the object's own configuration.


class ShopFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`shop.toml`: where the shop is, how it counts, and its objects; taxes are in basis points."""

    tenant: str
    site: str
    language: str
    currency: str
    taxes: dict[str, int]
    objects: tuple[ShopObject, ...]
    name: str = ""


class Shop(msgspec.Struct, frozen=True):
    """A shop that was read and found right; `lines` has the line of each transfer in its file."""

    file: ShopFile
    book: PriceBook
    deliveries: tuple[Delivery, ...]
    lines: dict[str, int]


def read_shop(directory: Path) -> Shop:
    """The shop in `directory`; raises ImportRefusedError with everything that is wrong with it."""
    file = _shop_file(directory / SHOP)
    book = _book(file, Sheet(directory / PRODUCTS, _product_columns(file)))
    known = {product.gtin for product in book.products}
    deliveries = _Deliveries(file, known, Sheet(directory / DELIVERIES, _DELIVERY_COLUMNS)).read()
    return Shop(file, book, tuple(deliveries), {each.transfer: line for each, line in deliveries.items()})


def keeps_its_own(file: ShopFile, holder: str) -> bool:
    """Whether `holder` is an object, which then counts in itself what is brought to it."""
    return any(each.id == holder for each in file.objects)


def _shop_file(path: Path) -> ShopFile:
    data = read(path)
    try:
        file = msgspec.convert(tomllib.loads(data.decode("utf-8")), type=ShopFile)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise ImportRefusedError([Problem(SHOP, 0, "", str(error))]) from error
    problems = [Problem(SHOP, 0, "", sentence) for sentence in _wrong_names(file)]
    if problems:
        raise ImportRefusedError(problems)
    return file


def _wrong_names(file: ShopFile) -> Iterator[str]:
    names = [("tenant", file.tenant), ("site", file.site)]
    names += [
        (f"objects.{each.id[:63]}", name) for each in file.objects for name in (each.id, each.sells_from)
    ]
    for what, name in names:
        if not is_name(name):
            yield f"{what}: expected {NAME_EXPECTED}, got {quoted(name)}"
        if name in EDGES:
            yield f"{what}: {name!r} is an edge of the shop's world, no place in it: choose another name"
    if len({each.id for each in file.objects}) != len(file.objects):
        yield "objects: expected each id once"


def _product_columns(file: ShopFile) -> tuple[str, ...]:
    return (*_PRODUCT_COLUMNS, f"name_{file.language}")


def _book(file: ShopFile, sheet: Sheet) -> PriceBook:
    lines: dict[str, int] = {}
    products = []
    for row in sheet.rows():
        product = _product(row, sheet.columns)
        if product.gtin in lines:
            row.wrong(
                "gtin", f"expected each product once, got one that is on line {lines[product.gtin]} too"
            )
        lines.setdefault(product.gtin, row.line)
        products.append(product)
    book = PriceBook(file.site, file.language, file.currency, file.taxes, tuple(products))
    problems = sheet.problems or [_placed(sentence, lines) for sentence in check(book)]
    if problems:
        raise ImportRefusedError(problems)
    return book


def _product(row: Row, columns: tuple[str, ...]) -> Product:
    languages = [column.removeprefix("name_") for column in columns if column.startswith("name_")]
    return Product(
        gtin=_gtin(row),
        words={each: _words(row, each) for each in languages if row.text(f"name_{each}")},
        price_minor=row.whole("price_minor", "the price in minor units, such as 7990 for 79.90"),
        tax=row.text("tax"),
        pack_mg=row.whole("pack_mg", "the gross mass of a pack in milligrams, such as 262000"),
        pack_tolerance_mg=row.whole("pack_tolerance_mg", "a mass in milligrams, such as 5000"),
        net_mg=row.whole("net_mg", "a mass in milligrams, or nothing") if row.text("net_mg") else None,
    )


def _words(row: Row, language: str) -> Names:
    details = row.text(f"details_{language}").split(_DETAIL_BREAK)
    return Names(row.text(f"name_{language}"), tuple(each.strip() for each in details if each.strip()))


def _gtin(row: Row) -> str:
    found = gtin.parse(row.text("gtin"))
    if isinstance(found, Refused):
        row.wrong("gtin", found.reason)
        return row.text("gtin")
    return found


def _placed(sentence: str, lines: dict[str, int]) -> Problem:
    """A sentence about the book as a problem of the line that its product is on."""
    of_a_product = _OF_A_PRODUCT.fullmatch(sentence)
    if of_a_product and of_a_product[1] in lines:
        return Problem(PRODUCTS, lines[of_a_product[1]], "", of_a_product[2])
    return Problem(PRODUCTS if sentence.startswith("product") else SHOP, 0, "", sentence)


class _Deliveries:
    """Reads `deliveries.csv`: what is brought, to a holder that is there, of goods that are sold."""

    def __init__(self, file: ShopFile, known: set[str], sheet: Sheet) -> None:
        self._holders = {each.sells_from for each in file.objects}
        self._known, self._sheet = known, sheet
        self._transfers: dict[str, int] = {}
        self._items: dict[str, int] = {}

    def read(self) -> dict[Delivery, int]:
        """The deliveries in their order, each with its line; raises ImportRefusedError."""
        found = {self._delivery(row): row.line for row in self._sheet.rows()}
        if self._sheet.problems:
            raise ImportRefusedError(self._sheet.problems)
        return found

    def _delivery(self, row: Row) -> Delivery:
        number = _gtin(row)
        if number not in self._known:
            row.wrong("gtin", f"expected a product of {PRODUCTS}, got {quoted(number)}")
        epcs = tuple(self._item(row, text, number) for text in row.text("epcs").split())
        if len(epcs) > EPCS_MAX:
            row.wrong("epcs", f"expected at most {EPCS_MAX} items in one transfer, got {len(epcs)}")
        return Delivery(self._transfer(row), self._holder(row), number, _units(row, len(epcs)), epcs)

    def _transfer(self, row: Row) -> str:
        name = row.text("transfer")
        if not is_name(name):
            row.wrong("transfer", f"expected {NAME_EXPECTED}, got {quoted(name)}")
        if name in self._transfers:
            row.wrong("transfer", f"expected each transfer once, got one of line {self._transfers[name]}")
        self._transfers.setdefault(name, row.line)
        return name

    def _holder(self, row: Row) -> str:
        name = row.text("holder")
        if name not in self._holders:
            places = ", ".join(sorted(self._holders))
            row.wrong("holder", f"expected what an object sells from ({places}), got {quoted(name)}")
        return name

    def _item(self, row: Row, text: str, number: str) -> str:
        found = epc.decode(text)
        if isinstance(found, Refused):
            row.wrong("epcs", found.reason)
        elif found.gtin != number:
            row.wrong("epcs", f"expected items of {number}, got one of {found.gtin}: {text}")
        elif self._items.setdefault(text.upper(), row.line) != row.line:
            row.wrong(
                "epcs", f"expected each item once, got {text}, which line {self._items[text.upper()]} has"
            )
        return text.upper()


def _units(row: Row, items: int) -> int:
    """The units of a delivery: those of its column, or as many as it has items."""
    if items and not row.text("units"):
        return items
    units = row.whole("units", "how many units come, such as 12 (items without a tag have no EPCs to count)")
    if items and units != items:
        row.wrong("units", f"expected {items}, as many as it has EPCs, got {units}")
    elif not 1 <= units <= UNITS_MAX:
        row.wrong("units", f"expected 1 to {UNITS_MAX}, got {units}")
    return units
