"""What a receipt says: its rows in the shopper's language, as a structure and as lines of plain text."""

import unicodedata
from enum import Enum
from typing import Final

import msgspec

from retail.locale import amount, day, percent
from retail.units import Money

# Characters a line on 80 mm paper in the printers' usual font; a terminal has room for it too.
WIDTH_COLUMNS: Final = 42
# Narrower than this and an amount no longer fits beside its sign.
WIDTH_COLUMNS_MIN: Final = 24

TIMES: Final = "\N{MULTIPLICATION SIGN}"


class SlipLine(msgspec.Struct, frozen=True):
    """So many units of one product, price each and in all."""

    name: str
    units: int
    price: Money
    total: Money


class SlipTax(msgspec.Struct, frozen=True):
    """One row of the tax table: `gross` holds `tax` at `rate_bp` basis points."""

    rate_bp: int
    gross: Money
    tax: Money


class Slip(msgspec.Struct, frozen=True):
    """All that a receipt is made of; `business_date` is YYYY-MM-DD."""

    shop: str
    number: str
    business_date: str
    language: str
    lines: tuple[SlipLine, ...]
    taxes: tuple[SlipTax, ...]
    total: Money


class Part(Enum):
    """What a row of a receipt is, so that a glass can give each its look."""

    SHOP = "shop"
    NUMBER = "number"
    GOODS = "goods"
    EACH = "each"
    TOTAL = "total"
    TAX = "tax"


class Row(msgspec.Struct, frozen=True):
    """One row: words at the start of the line, an amount or a date at its end."""

    part: Part
    words: str
    end: str = ""


class Words(msgspec.Struct, frozen=True):
    """The few words of a receipt in one language; `{rate}` is a percentage, `{gross}` an amount."""

    receipt: str
    total: str
    tax: str


WORDS: Final = {
    "ar": Words("إيصال", "المجموع", "شامل ضريبة {rate} من {gross}"),
    "de": Words("Beleg", "Summe", "inkl. {rate} MwSt. aus {gross}"),
    "en": Words("Receipt", "Total", "incl. {rate} tax on {gross}"),
    "es": Words("Recibo", "Total", "IVA {rate} incluido en {gross}"),
    "zh": Words("收据", "合计", "{gross} 含税 {rate}"),
}
"""Language without its region -> words; English where a language has none."""


def rows(slip: Slip) -> tuple[Row, ...]:
    """What a receipt says, row by row."""
    words = WORDS.get(slip.language.partition("-")[0], WORDS["en"])
    return (
        Row(Part.SHOP, slip.shop),
        Row(Part.NUMBER, f"{words.receipt} {slip.number}", day(slip.business_date, slip.language)),
        *(row for line in slip.lines for row in _goods(line, slip.language)),
        Row(Part.TOTAL, words.total, amount(slip.total, slip.language)),
        *(_tax(tax, words, slip.language) for tax in slip.taxes),
    )


def text(slip: Slip, width_columns: int = WIDTH_COLUMNS) -> list[str]:
    """What a receipt says as lines of plain text, none wider than `width_columns` (24 or more)."""
    width_columns = max(width_columns, WIDTH_COLUMNS_MIN)
    return [line for row in rows(slip) for line in _lines(row, width_columns)]


def columns(words: str) -> int:
    """How many columns `words` take in a fixed-width font: two a wide character (UAX #11), none a mark."""
    return sum(_columns_of(character) for character in words)


def _goods(line: SlipLine, language: str) -> tuple[Row, ...]:
    goods = Row(Part.GOODS, line.name, amount(line.total, language))
    if line.units == 1:
        return (goods,)
    return (goods, Row(Part.EACH, f"  {line.units} {TIMES} {amount(line.price, language)}"))


def _tax(tax: SlipTax, words: Words, language: str) -> Row:
    said = words.tax.format(rate=percent(tax.rate_bp, language), gross=amount(tax.gross, language))
    return Row(Part.TAX, said, amount(tax.tax, language))


def _lines(row: Row, width: int) -> list[str]:
    folded = _folded(row.words, width)
    gap = width - columns(folded[-1]) - columns(row.end)
    if not row.end:
        return folded
    if gap < 1:
        return [*folded, " " * (width - columns(row.end)) + row.end]
    return [*folded[:-1], folded[-1] + " " * gap + row.end]


def _folded(words: str, width: int) -> list[str]:
    """`words` in lines of at most `width` columns, broken at spaces where there are any."""
    lines, line = [], ""
    for character in words:
        line += character
        if columns(line) > width:
            full, line = _broken(line)
            lines.append(full)
    return [*lines, line]


def _broken(line: str) -> tuple[str, str]:
    """A line that is one character too long, as the line that fits and the start of the next."""
    head, _, tail = line.rpartition(" ")
    return (head, tail) if head.strip() else (line[:-1], line[-1])


def _columns_of(character: str) -> int:
    if unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1
