"""`products.csv`: the goods of a shop, read into a price book that may be sold by."""

import hashlib
import re
from pathlib import Path
from typing import Final

from msgspec import UNSET, UnsetType

from cloud_sync.contract.documents import CHUNK_BYTES_MAX
from cloud_sync.hub.documents.sheet import ImportRefusedError, Problem, Row, Sheet, quoted
from cloud_sync.hub.documents.shop_file import SHOP, ShopFile
from retail.identity import gtin
from retail.identity.answer import Refused
from retail.pricing.book import Names, PriceBook, Product
from retail.pricing.check import check

PRODUCTS: Final = "products.csv"
PICTURES: Final = "pictures"
"""The folder beside it that its column `images` names files of."""

_COLUMNS: Final = ("gtin", "price_minor", "tax", "pack_mg", "pack_tolerance_mg", "net_mg")
_SAID: Final = {"yes": True, "no": False}
_BREAK: Final = "|"
_MEMBER_PRICE: Final = "member_price_"
_OF_A_PRODUCT: Final = re.compile(r"product (\S+): (.*)", re.DOTALL)


def read_book(file: ShopFile, path: Path) -> PriceBook:
    """The price book in `path`; raises ImportRefusedError with all that is wrong with it."""
    sheet = Sheet(path, (*_COLUMNS, f"name_{file.language}"))
    lines: dict[str, int] = {}
    products = []
    for row in sheet.rows():
        product = _product(row, sheet.columns, path.parent / PICTURES)
        if product.gtin in lines:
            row.wrong(
                "gtin", f"expected each product once, got one that is on line {lines[product.gtin]} too"
            )
        lines.setdefault(product.gtin, row.line)
        products.append(product)
    book = PriceBook(
        file.site,
        file.language,
        file.currency,
        file.taxes,
        tuple(products),
        tax_exclusive=file.tax_exclusive,
        tax_rounding=file.tax_rounding,
        cash_step_minor=file.cash_step_minor,
        recalls=file.recalls,
        circulations=file.circulations,
        region=file.region,
    )
    problems = sheet.problems or [_placed(sentence, lines) for sentence in check(book)]
    if problems:
        raise ImportRefusedError(problems)
    return book


def pictures_of(book: PriceBook, folder: Path) -> dict[str, Path]:
    """The pictures of a book's products: SHA-256 -> file."""
    wanted = {sha256 for product in book.products for sha256 in product.images or ()}
    if not wanted:
        return {}
    files = {_hash(path): path for path in sorted(folder.iterdir()) if path.is_file()}
    return {sha256: files[sha256] for sha256 in sorted(wanted)}


def _product(row: Row, columns: tuple[str, ...], pictures: Path) -> Product:
    languages = [column.removeprefix("name_") for column in columns if column.startswith("name_")]
    return Product(
        gtin=gtin_in(row),
        words={each: _words(row, each) for each in languages if row.text(f"name_{each}")},
        price_minor=_price_minor(row),
        tax=row.text("tax"),
        pack_mg=row.whole("pack_mg", "the gross mass of a pack in milligrams, such as 262000"),
        pack_tolerance_mg=row.whole("pack_tolerance_mg", "a mass in milligrams, such as 5000"),
        net_mg=row.whole("net_mg", "a mass in milligrams, or nothing") if row.text("net_mg") else None,
        price_per_kg_minor=_some(row, "price_per_kg_minor", "the price of a kilogram in minor units"),
        member_prices=_member_prices(row, columns) or UNSET,
        categories=_parts(row, "categories") or UNSET,
        attributes=_attributes(row) or UNSET,
        allergens=_parts(row, "allergens") or UNSET,
        min_age=_some(row, "min_age", "years, such as 18"),
        images=tuple(_picture(row, name, pictures) for name in _parts(row, "images")) or UNSET,
        no_offers=_yes(row, "no_offers") or UNSET,
        weighed=_yes(row, "weighed") or UNSET,
        tagged=UNSET if _yes(row, "tagged") is not False else False,
        model=row.text("model") or UNSET,
        goes_with=tuple(_number(row, each) for each in _parts(row, "goes_with")) or UNSET,
    )


def _yes(row: Row, column: str) -> bool | None:
    """What a column says that a file need not have; None where it says nothing."""
    text = row.text(column)
    if text and text not in _SAID:
        row.wrong(column, f"expected yes, no, or nothing, got {quoted(text)}")
    return _SAID.get(text)


def _price_minor(row: Row) -> int:
    """The price of a piece; what is sold by the kilogram has none."""
    if row.text("price_per_kg_minor") and not row.text("price_minor"):
        return 0
    return row.whole("price_minor", "the price in minor units, such as 7990 for 79.90")


def _some(row: Row, column: str, what: str) -> int | UnsetType:
    """A whole number that a file need not have."""
    return row.whole(column, f"{what}, or nothing") if row.text(column) else UNSET


def _member_prices(row: Row, columns: tuple[str, ...]) -> dict[str, int]:
    """The columns `member_price_gold`, and so on; `member_price_*` is any level."""
    levels = [each.removeprefix(_MEMBER_PRICE) for each in columns if each.startswith(_MEMBER_PRICE)]
    found = {level: _some(row, f"{_MEMBER_PRICE}{level}", "a price in minor units") for level in levels}
    return {level: minor for level, minor in found.items() if minor is not UNSET}


def _attributes(row: Row) -> dict[str, str]:
    found = {}
    for part in _parts(row, "attributes"):
        name, equals, value = part.partition("=")
        if not equals:
            row.wrong("attributes", f"expected a name, = and a value, such as colour=ink, got {quoted(part)}")
        found[name.strip()] = value.strip()
    return found


def _picture(row: Row, name: str, pictures: Path) -> str:
    """The SHA-256 of a picture beside the file, which is one chunk: it is fetched by its hash."""
    path = pictures / name
    if path.parent != pictures or not path.is_file():
        row.wrong("images", f"expected a file in {PICTURES}/, got {quoted(name)}")
        return ""
    if path.stat().st_size > CHUNK_BYTES_MAX:
        row.wrong("images", f"expected a picture of at most {CHUNK_BYTES_MAX} bytes, got {quoted(name)}")
    return _hash(path)


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _words(row: Row, language: str) -> Names:
    return Names(row.text(f"name_{language}"), _parts(row, f"details_{language}"))


def _parts(row: Row, column: str) -> tuple[str, ...]:
    """What stands in a cell, parted by bars."""
    return tuple(each.strip() for each in row.text(column).split(_BREAK) if each.strip())


def _number(row: Row, text: str) -> str:
    """The GTIN-14 of something that goes with the product."""
    found = gtin.parse(text)
    if isinstance(found, Refused):
        row.wrong("goes_with", found.reason)
        return text
    return found


def gtin_in(row: Row) -> str:
    """The GTIN-14 in a row; what is none stays as it is, with a problem."""
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
