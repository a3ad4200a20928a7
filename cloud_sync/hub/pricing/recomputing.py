"""One sale priced again: by the book and the promotions that it names, from the basis that it says. No I/O.

What a basis says is believed: that a member was there, that a label showed that price, that it was a quarter
to six. All that follows from it has to come out to the cent.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Final

from msgspec import UNSET, UnsetType

from cloud_sync.contract.facts import Basis, PackSold, Sale, SaleLine
from retail.pricing.basket import (
    WEIGHT_MG_MAX,
    Basket,
    BasketError,
    Coupon,
    Measured,
    Member,
    Moment,
)
from retail.pricing.book import Prices
from retail.pricing.promotions import Promotions
from retail.pricing.result import Priced, PricedLine
from retail.pricing.rules import laid_out, price_basket, price_of_weight

# The end of the year 9999, which is the last that a calendar knows.
_WALL_MS_MAX: Final = 253_402_300_799_000

# What one look at an alarm can take in; where a price list was wrong, every line says the same.
_SAID_MAX: Final = 4


class UnlikeError(ValueError):
    """No basket is like this: its lines and its basis do not fit together."""


def differences(sale: Sale, basis: Basis, book: Prices, promotions: Promotions | None) -> tuple[str, ...]:
    """How `sale` differs from what it should have cost; nothing, where it does not."""
    try:
        priced = _again(sale, basis, book, promotions)
    except (BasketError, UnlikeError) as error:
        return (f"it cannot be priced: {error}",)
    return tuple(_differences(sale, priced))


def in_words(found: tuple[str, ...]) -> str:
    """Differences as one sentence."""
    more = f"; and {len(found) - _SAID_MAX} more" if len(found) > _SAID_MAX else ""
    return "; ".join(found[:_SAID_MAX]) + more


def _again(sale: Sale, basis: Basis, book: Prices, promotions: Promotions | None) -> Priced:
    if not 0 <= basis.at_ms <= _WALL_MS_MAX:
        raise UnlikeError(f"expected a moment of a calendar, got {basis.at_ms}")
    member = None if isinstance(basis.level, UnsetType) else Member(basis.level)
    moment = Moment(basis.at_ms, trusted=basis.clock is UNSET)
    return price_basket(_basket(sale, basis, book), book, promotions, member, moment)


def _basket(sale: Sale, basis: Basis, book: Prices) -> Basket:
    """The goods as the till laid them out: what has the book's price, and behind it each pack of its own."""
    packs = {pack.line: pack for pack in basis.packs or ()}
    if not packs.keys() <= set(range(len(sale.lines))):
        raise UnlikeError(f"expected packs among {len(sale.lines)} lines, got lines {sorted(packs)}")
    units = Counter[str]()
    measured = []
    for number, line in enumerate(sale.lines):
        if number in packs:
            measured.append(_pack(number, line, packs[number], book))
        else:
            units[line.gtin] += line.units
    return Basket(
        laid_out(units, measured),
        coupons=tuple(Coupon(each.id, each.promotion) for each in basis.coupons or ()),
        leases={each.promotion: max(each.uses, 0) for each in basis.leases or ()},
        language=sale.language,
    )


def _pack(number: int, line: SaleLine, pack: PackSold, book: Prices) -> Measured:
    """A pack at the price of its label; where the label carries a weight, at what that costs by the book."""
    if isinstance(pack.weight_mg, UnsetType):
        return Measured(line.gtin, line.price_minor)
    if not 1 <= pack.weight_mg <= WEIGHT_MG_MAX:
        raise UnlikeError(f"line {number + 1}: expected a weight that a scale shows, got {pack.weight_mg} mg")
    product = book.by_gtin.get(line.gtin)
    price = None if product is None else price_of_weight(product, pack.weight_mg, book)
    if price is None:
        raise UnlikeError(f"line {number + 1}: {line.gtin} has no price by weight")
    return Measured(line.gtin, price.amount_minor, pack.weight_mg)


def _differences(sale: Sale, priced: Priced) -> Iterator[str]:
    yield from _other("currency", priced.currency, sale.currency)
    yield from _other("number of lines", len(priced.lines), len(sale.lines))
    for number, (wanted, line) in enumerate(zip(priced.lines, sale.lines, strict=False), 1):
        for what, should, said in _line_pairs(wanted, line):
            yield from _other(f"{what} of line {number} ({line.gtin[:14]})", should, said)
    yield from _other(
        "tax table",
        [(row.tax, row.rate_bp, row.gross_minor, row.tax_minor) for row in priced.taxes],
        [(row.tax, row.rate_bp, row.gross_minor, row.tax_minor) for row in sale.taxes],
    )
    yield from _other("total", priced.total_minor, sale.total_minor)
    yield from _other("money earned", _earned(priced), _posted(sale))


def _line_pairs(wanted: PricedLine, line: SaleLine) -> Iterator[tuple[str, object, object]]:
    yield "product", wanted.gtin, line.gtin
    yield "name", wanted.name, line.name
    yield "units", wanted.units, line.units
    yield "price", wanted.price_minor, line.price_minor
    yield "total", wanted.total_minor, line.total_minor
    yield "tax", wanted.tax, line.tax
    said = line.discounts or ()
    yield (
        "discounts",
        [(each.promotion, each.amount_minor) for each in wanted.discounts],
        [(each.promotion, each.amount_minor) for each in said],
    )
    words = {each.promotion: each.words for each in wanted.discounts}
    for each in said:
        if not isinstance(each.words, UnsetType):
            yield f"words of {each.promotion[:64]}", words.get(each.promotion, each.words), each.words


def _earned(priced: Priced) -> dict[str, int]:
    """Account -> what it gets, as a sale posts it: credit is below zero."""
    taxes = {f"tax/{row.tax}": -row.tax_minor for row in priced.taxes if row.tax_minor}
    revenue_minor = sum(row.tax_minor for row in priced.taxes) - priced.total_minor
    return dict(sorted({"revenue": revenue_minor, **taxes}.items()))


def _posted(sale: Sale) -> dict[str, int]:
    posted = Counter[str]({"revenue": 0})
    for each in sale.postings:
        if each.account == "revenue" or each.account.startswith("tax/"):
            posted[each.account] += each.amount_minor
    return {account: minor for account, minor in sorted(posted.items()) if minor or account == "revenue"}


def _other(what: str, should: object, said: object) -> Iterator[str]:
    if should != said:
        yield f"{what}: expected {_shown(should)}, got {_shown(said)}"


def _shown(value: object) -> str:
    # One hostile sale must not fill the list of alarms.
    text = str(value)
    return text if len(text) <= 200 else f"{text[:200]}..."
