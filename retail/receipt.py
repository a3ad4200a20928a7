"""What a receipt says: its rows in the shopper's language, as a structure and as lines of plain text."""

import unicodedata
from collections.abc import Iterator
from enum import Enum
from typing import Final

import msgspec

from retail.locale import amount, amount_parts, day, percent
from retail.pricing.reasons import MEMBER_PRICE
from retail.receipt_words import Words, paid_by, words_of
from retail.units import Money

# Characters a line on 80 mm paper in the printers' usual font; a terminal has room for it too.
WIDTH_COLUMNS: Final = 42
# Narrower than this and an amount no longer fits beside its sign.
WIDTH_COLUMNS_MIN: Final = 24

TIMES: Final = "\N{MULTIPLICATION SIGN}"
# What may stand around the sign of a currency: spaces, and marks that turn text around.
_NO_SIGN: Final = " \N{NO-BREAK SPACE}\N{LEFT-TO-RIGHT MARK}\N{RIGHT-TO-LEFT MARK}"


class SlipDiscount(msgspec.Struct, frozen=True):
    """So much less (above zero), in the words of the promotion, or by its id, `code`."""

    words: str
    amount: Money
    code: str = ""


class SlipLine(msgspec.Struct, frozen=True):
    """So many units of one product, price each, and in all after `discounts`.

    `code` says which product it is to whoever cannot read the name.
    """

    name: str
    units: int
    price: Money
    total: Money
    discounts: tuple[SlipDiscount, ...] = ()
    code: str = ""


class SlipTax(msgspec.Struct, frozen=True):
    """One row of the tax table: `gross` holds `tax` at `rate_bp` basis points."""

    rate_bp: int
    gross: Money
    tax: Money


class SlipPayment(msgspec.Struct, frozen=True):
    """What one way to pay brought in: `card` is its name and last digits, `reference` the provider's number.

    `stored`: taken while nobody could be asked whether it is good.
    """

    provider: str
    amount: Money
    card: str = ""
    reference: str = ""
    stored: bool = False


class SlipKind(Enum):
    """Which way goods and money went."""

    SALE = "sale"
    CREDIT = "credit"


class Slip(msgspec.Struct, frozen=True):
    """All that a receipt is made of; `business_date` is YYYY-MM-DD."""

    shop: str
    number: str
    business_date: str
    language: str
    lines: tuple[SlipLine, ...]
    taxes: tuple[SlipTax, ...]
    total: Money
    kind: SlipKind = SlipKind.SALE
    credited: str = ""
    """The number of the receipt whose goods come back, where it is known."""
    payments: tuple[SlipPayment, ...] = ()
    tax_added: bool = False
    """Tax comes on top of the lines, as in the United States; otherwise it is in them."""
    imprint: tuple[str, ...] = ()
    """What the law wants of the shop: its address, its tax number; a line each."""
    clock_time: str = ""
    """The time of day as people read it; empty where the clock could not be believed."""
    terminal: tuple[str, ...] = ()
    """The customer's lines of the card terminal, to be printed as it wrote them."""
    signed: str = ""
    """The hash of the entry, which the object signed."""
    fiscal: str = ""
    """What a signing device of the tax office's said."""
    training: bool = False
    plain: bool = False
    """For a printer of few letters: the currency by its ISO 4217 code, and an x for the times sign."""


class Part(Enum):
    """What a row of a receipt is, so that a glass can give each its look."""

    TRAINING = "training"
    SHOP = "shop"
    IMPRINT = "imprint"
    NUMBER = "number"
    CREDITED = "credited"
    GOODS = "goods"
    EACH = "each"
    DISCOUNT = "discount"
    SUBTOTAL = "subtotal"
    TOTAL = "total"
    TAX = "tax"
    PAID = "paid"
    REFERENCE = "reference"
    TERMINAL = "terminal"
    SIGNED = "signed"


class Row(msgspec.Struct, frozen=True):
    """One row: words at the start of the line, an amount or a date at its end."""

    part: Part
    words: str
    end: str = ""


def rows(slip: Slip) -> tuple[Row, ...]:
    """What a receipt says, row by row; the amounts at the ends of goods and discounts add up."""
    return tuple(_plain(row, slip) for row in _rows(slip)) if slip.plain else _rows(slip)


def _rows(slip: Slip) -> tuple[Row, ...]:
    words, language = words_of(slip.language), slip.language
    training = (Row(Part.TRAINING, words.training),) if slip.training else ()
    credit = slip.kind is SlipKind.CREDIT
    return (
        *training,
        *_head(slip, words),
        *(row for line in slip.lines for row in _goods(line, words, language)),
        *(_taxes_added(slip, words) if slip.tax_added else ()),
        Row(Part.TOTAL, words.back if credit else words.total, amount(slip.total, language)),
        *(() if slip.tax_added else (_tax(tax, words, language) for tax in slip.taxes)),
        *_paid(slip, words),
        *(Row(Part.TERMINAL, line) for line in slip.terminal),
        *((Row(Part.SIGNED, f"{words.fiscal} {slip.fiscal}"),) if slip.fiscal else ()),
        *((Row(Part.SIGNED, f"{words.signed} {slip.signed}"),) if slip.signed else ()),
        *training,
    )


def text(slip: Slip, width_columns: int = WIDTH_COLUMNS) -> list[str]:
    """What a receipt says as lines of plain text, none wider than `width_columns` (24 or more)."""
    return [line for _, line in lines(slip, width_columns)]


def lines(slip: Slip, width_columns: int = WIDTH_COLUMNS) -> list[tuple[Part, str]]:
    """The same, each line with the part of the receipt that it belongs to."""
    width_columns = max(width_columns, WIDTH_COLUMNS_MIN)
    return [(row.part, line) for row in rows(slip) for line in _lines(row, width_columns)]


def in_plain_letters(slip: Slip) -> Slip:
    """The same receipt for a printer that has the letters of its language, and few signs."""
    return msgspec.structs.replace(slip, plain=True)


def in_plain_english(slip: Slip) -> Slip:
    """The same receipt for a printer that lacks the letters of its language: codes stand for names."""
    plain = tuple(
        msgspec.structs.replace(
            line,
            name=line.name if line.name.isascii() else line.code,
            discounts=tuple(
                msgspec.structs.replace(each, words=each.words if each.words.isascii() else "")
                for each in line.discounts
            ),
        )
        for line in slip.lines
    )
    return msgspec.structs.replace(slip, language="en", lines=plain, clock_time="", plain=True)


def columns(words: str) -> int:
    """How many columns `words` take in a fixed-width font: two a wide character (UAX #11), none a mark."""
    return sum(_columns_of(character) for character in words)


def _plain(row: Row, slip: Slip) -> Row:
    code = slip.total.currency
    parts = amount_parts(Money(0, code), slip.language)
    # Some languages put the sign behind, and some have marks of direction around it.
    for sign in (parts.before.strip(_NO_SIGN), parts.after.strip(_NO_SIGN)):
        if sign and not sign.isascii():
            before = f"{code} " if sign in parts.before else code
            row = Row(row.part, row.words.replace(sign, before), row.end.replace(sign, before))
    return Row(row.part, row.words.replace(TIMES, "x"), row.end)


def _head(slip: Slip, words: Words) -> Iterator[Row]:
    yield Row(Part.SHOP, slip.shop)
    yield from (Row(Part.IMPRINT, line) for line in slip.imprint)
    title = words.credit if slip.kind is SlipKind.CREDIT else words.receipt
    when = " ".join(filter(None, (day(slip.business_date, slip.language), slip.clock_time)))
    yield Row(Part.NUMBER, f"{title} {slip.number}", when)
    if slip.credited:
        yield Row(Part.CREDITED, words.credit_for.format(number=slip.credited))


def _goods(line: SlipLine, words: Words, language: str) -> Iterator[Row]:
    whole_minor = line.total.amount_minor + sum(each.amount.amount_minor for each in line.discounts)
    yield Row(Part.GOODS, line.name, amount(Money(whole_minor, line.total.currency), language))
    if line.units != 1:
        yield Row(Part.EACH, f"  {line.units} {TIMES} {amount(line.price, language)}")
    for each in line.discounts:
        less = Money(-each.amount.amount_minor, each.amount.currency)
        yield Row(Part.DISCOUNT, f"  {_reason(each, words)}", amount(less, language))


def _reason(discount: SlipDiscount, words: Words) -> str:
    own = words.member_price if discount.code == MEMBER_PRICE else f"{words.discount} {discount.code}"
    return discount.words or own


def _taxes_added(slip: Slip, words: Words) -> Iterator[Row]:
    language, currency = slip.language, slip.total.currency
    lines_minor = sum(line.total.amount_minor for line in slip.lines)
    yield Row(Part.SUBTOTAL, words.subtotal, amount(Money(lines_minor, currency), language))
    for tax in slip.taxes:
        net = Money(tax.gross.amount_minor - tax.tax.amount_minor, currency)
        said = words.tax_added.format(rate=percent(tax.rate_bp, language), net=amount(net, language))
        yield Row(Part.TAX, said, amount(tax.tax, language))


def _tax(tax: SlipTax, words: Words, language: str) -> Row:
    said = words.tax.format(rate=percent(tax.rate_bp, language), gross=amount(tax.gross, language))
    return Row(Part.TAX, said, amount(tax.tax, language))


def _paid(slip: Slip, words: Words) -> Iterator[Row]:
    paid_minor = sum(paid.amount.amount_minor for paid in slip.payments)
    rounding = Money(paid_minor - slip.total.amount_minor, slip.total.currency)
    if slip.payments and rounding.amount_minor:  # no coin is small enough for the total
        yield Row(Part.PAID, words.rounding, amount(rounding, slip.language))
    for paid in slip.payments:
        said = f"{paid_by(paid.provider, words)} {paid.card}".rstrip()
        yield Row(Part.PAID, said, amount(paid.amount, slip.language))
        if paid.stored:
            yield Row(Part.REFERENCE, f"  {words.stored}")
        if paid.reference:
            yield Row(Part.REFERENCE, f"  {words.reference} {paid.reference}")


def _lines(row: Row, width: int) -> list[str]:
    folded = _folded(_halved(row.words, width) if row.part is Part.SIGNED else row.words, width)
    gap = width - columns(folded[-1]) - columns(row.end)
    if not row.end:
        return folded
    if gap < 1:
        return [*folded, " " * (width - columns(row.end)) + row.end]
    return [*folded[:-1], folded[-1] + " " * gap + row.end]


def _halved(words: str, width: int) -> str:
    """A signature that takes two lines is in two halves, and leaves no single letter behind."""
    said, _, signature = words.rpartition(" ")
    half = (len(signature) + 1) // 2
    return words if columns(words) <= width else f"{said} {signature[:half]} {signature[half:]}"


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
