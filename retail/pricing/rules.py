"""What a basket costs: lines, tax table and total, from nothing but the basket, the book and a language."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from retail.pricing.book import PriceBook, Product
from retail.pricing.check import PRICE_MINOR_MAX
from retail.units import Money, half_up

# With the highest price of a book (check.PRICE_MINOR_MAX) these keep every total below 2^53: 10^10 x 1,000 x
# 250 is 2.5 x 10^15. One entry of a journal holds no more than 250 lines.
UNITS_MAX: Final = 1_000
LINES_MAX: Final = 250

RATE_ONE_BP: Final = 10_000
"""All of an amount, in basis points."""
KILOGRAM_MG: Final = 1_000_000


class BasketError(ValueError):
    """A basket that cannot be priced; its kinds say why."""


class EmptyBasketError(BasketError):
    """Nothing is in the basket."""


class UnknownGoodsError(BasketError):
    """The price book has no such product, so nobody can say what it costs."""


class UnitsError(BasketError):
    """A line of no units, of less than none, or of more than one basket holds; or too many lines."""


class PackPriceError(BasketError):
    """A pack costs nothing, or more than anything on a shelf."""


class PricedLine(msgspec.Struct, frozen=True):
    """So many units of one product: its name as the shopper reads it, price each and in all, tax code."""

    gtin: str
    name: str
    units: int
    price_minor: int
    total_minor: int
    tax: str


class Measured(msgspec.Struct, frozen=True):
    """One pack that has a price of its own, by the weight or the price on its label."""

    gtin: str
    price_minor: int


class PricedTax(msgspec.Struct, frozen=True):
    """One row of the tax table: `gross_minor` holds `tax_minor` of tax at `rate_bp` basis points."""

    tax: str
    rate_bp: int
    gross_minor: int
    tax_minor: int


class Priced(msgspec.Struct, frozen=True):
    """What a basket costs: lines in order of GTIN and then one for each pack that has a price of its own.

    Taxes stand in order of code; the total has them in it.
    """

    currency: str
    language: str
    lines: tuple[PricedLine, ...]
    taxes: tuple[PricedTax, ...]
    total_minor: int

    @property
    def total(self) -> Money:
        """What the shopper pays."""
        return Money(self.total_minor, self.currency)


def price(
    basket: Mapping[str, int], book: PriceBook, language: str, measured: Sequence[Measured] = ()
) -> Priced:
    """What `basket` (GTIN -> units) and `measured` packs cost by `book`, names in `language` where it can.

    The order in which the basket was filled changes nothing, and each measured pack keeps its place. Raises
    EmptyBasketError, UnknownGoodsError, UnitsError and PackPriceError.
    """
    _check_size(len(basket) + len(measured))
    lines = (
        *(_line(gtin, units, book, language) for gtin, units in sorted(basket.items())),
        *(_measured_line(pack, book, language) for pack in measured),
    )
    return Priced(
        book.currency, language, lines, _taxes(lines, book), sum(line.total_minor for line in lines)
    )


def included_tax_minor(gross_minor: int, rate_bp: int) -> int:
    """The tax inside `gross_minor`: gross x rate / (1 + rate) to the nearest minor unit, the half upwards."""
    return half_up(gross_minor * rate_bp, RATE_ONE_BP + rate_bp)


def unit_price(product: Product, book: PriceBook) -> Money | None:
    """The price of a kilogram, rounded half up; None where the book gives no net content."""
    if product.net_mg is None:
        return None
    return Money(half_up(product.price_minor * KILOGRAM_MG, product.net_mg), book.currency)


def price_of_weight(product: Product, weight_mg: int, book: PriceBook) -> Money | None:
    """What `weight_mg` of a product costs, the half upwards; None where the book gives no net content.

    It is reckoned from the price of a kilogram as the shopper reads it, and not from a finer one.
    """
    kilogram = unit_price(product, book)
    if kilogram is None:
        return None
    return Money(half_up(kilogram.amount_minor * weight_mg, KILOGRAM_MG), book.currency)


def _check_size(lines: int) -> None:
    if not lines:
        raise EmptyBasketError("expected goods in the basket, got none")
    if lines > LINES_MAX:
        raise UnitsError(f"expected at most {LINES_MAX} products in a basket, got {lines}")


def _line(gtin: str, units: int, book: PriceBook, language: str) -> PricedLine:
    if not 1 <= units <= UNITS_MAX:
        raise UnitsError(f"expected 1 to {UNITS_MAX} units of {gtin}, got {units}")
    product = _product(gtin, book)
    name = book.name(product, language)
    return PricedLine(gtin, name, units, product.price_minor, product.price_minor * units, product.tax)


def _measured_line(pack: Measured, book: PriceBook, language: str) -> PricedLine:
    product = _product(pack.gtin, book)
    if not 1 <= pack.price_minor <= PRICE_MINOR_MAX:
        raise PackPriceError(f"expected 1 to {PRICE_MINOR_MAX} minor units, got {pack.price_minor}")
    name = book.name(product, language)
    return PricedLine(pack.gtin, name, 1, pack.price_minor, pack.price_minor, product.tax)


def _product(gtin: str, book: PriceBook) -> Product:
    product = book.by_gtin.get(gtin)
    if product is None:
        raise UnknownGoodsError(f"expected a product of {book.site}'s price book, got {gtin}")
    return product


def _taxes(lines: Iterable[PricedLine], book: PriceBook) -> tuple[PricedTax, ...]:
    # Tax is taken from the sum of each code, not from each line: that is what the tax table shows, and it is
    # rounded once a code instead of once a line.
    gross: Counter[str] = Counter()
    for line in lines:
        gross[line.tax] += line.total_minor
    return tuple(_tax(code, book.taxes[code], gross_minor) for code, gross_minor in sorted(gross.items()))


def _tax(code: str, rate_bp: int, gross_minor: int) -> PricedTax:
    return PricedTax(code, rate_bp, gross_minor, included_tax_minor(gross_minor, rate_bp))
