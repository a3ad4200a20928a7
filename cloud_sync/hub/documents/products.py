"""`products.csv`: the goods of a shop, read into a price book that may be sold by."""

import re
from pathlib import Path
from typing import Final

from msgspec import UNSET

from cloud_sync.hub.documents.sheet import ImportRefusedError, Problem, Row, Sheet, quoted
from cloud_sync.hub.documents.shop_file import SHOP, ShopFile
from retail.identity import gtin
from retail.identity.answer import Refused
from retail.pricing.book import Names, PriceBook, Product
from retail.pricing.check import check

PRODUCTS: Final = "products.csv"

_COLUMNS: Final = ("gtin", "price_minor", "tax", "pack_mg", "pack_tolerance_mg", "net_mg")
_SAID: Final = {"yes": True, "no": False}
_DETAIL_BREAK: Final = "|"
_OF_A_PRODUCT: Final = re.compile(r"product (\S+): (.*)", re.DOTALL)


def read_book(file: ShopFile, path: Path) -> PriceBook:
    """The price book in `path`; raises ImportRefusedError with all that is wrong with it."""
    sheet = Sheet(path, (*_COLUMNS, f"name_{file.language}"))
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
        gtin=gtin_in(row),
        words={each: _words(row, each) for each in languages if row.text(f"name_{each}")},
        price_minor=row.whole("price_minor", "the price in minor units, such as 7990 for 79.90"),
        tax=row.text("tax"),
        pack_mg=row.whole("pack_mg", "the gross mass of a pack in milligrams, such as 262000"),
        pack_tolerance_mg=row.whole("pack_tolerance_mg", "a mass in milligrams, such as 5000"),
        net_mg=row.whole("net_mg", "a mass in milligrams, or nothing") if row.text("net_mg") else None,
        weighed=_yes(row, "weighed") or UNSET,
        tagged=UNSET if _yes(row, "tagged") is not False else False,
    )


def _yes(row: Row, column: str) -> bool | None:
    """What a column says that a file need not have; None where it says nothing."""
    text = row.text(column)
    if text and text not in _SAID:
        row.wrong(column, f"expected yes, no, or nothing, got {quoted(text)}")
    return _SAID.get(text)


def _words(row: Row, language: str) -> Names:
    details = row.text(f"details_{language}").split(_DETAIL_BREAK)
    return Names(row.text(f"name_{language}"), tuple(each.strip() for each in details if each.strip()))


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
