"""The tax table, and what cash pays: whole minor units, rounded half up wherever something is rounded."""

from collections.abc import Iterable
from typing import Final

from retail.pricing.book import Prices
from retail.pricing.result import PricedLine, PricedTax
from retail.units import half_up

RATE_ONE_BP: Final = 10_000
"""All of an amount, in basis points."""

# The smallest amount in coins, where it is more than the minor unit. CHF: Federal Act on Currency and Payment
# Instruments (WZG) and the Coinage Ordinance, 5 centimes; the others are their central banks' smallest coins.
# A currency without decimals (JPY, KRW) has coins of 1. Half a step goes up; an odd step has no half.
CASH_STEP_MINOR: Final = {
    "AUD": 5, "CAD": 5, "CHF": 5, "CZK": 100, "DKK": 50, "HUF": 500, "NOK": 100, "NZD": 10, "SEK": 100,
}  # fmt: skip


def included_tax_minor(gross_minor: int, rate_bp: int) -> int:
    """The tax inside `gross_minor`: gross x rate / (1 + rate) to the nearest minor unit, the half upwards."""
    return half_up(gross_minor * rate_bp, RATE_ONE_BP + rate_bp)


def added_tax_minor(net_minor: int, rate_bp: int) -> int:
    """The tax on top of `net_minor`, to the nearest minor unit, the half upwards."""
    return half_up(net_minor * rate_bp, RATE_ONE_BP)


def tax_table(lines: Iterable[PricedLine], book: Prices) -> tuple[PricedTax, ...]:
    """One row for each tax code, in order.

    Tax is taken from the sum of each code, which is what the table shows and what EN 16931 (BR-CO-17) asks
    of an invoice; or from each line, where the book says so.
    """
    amounts: dict[str, list[int]] = {}
    for line in lines:
        amounts.setdefault(line.tax, []).append(line.total_minor)
    return tuple(_row(code, sums, book) for code, sums in sorted(amounts.items()))


def _row(code: str, amounts: list[int], book: Prices) -> PricedTax:
    rate_bp = book.taxes[code]
    whole = sum(amounts)
    tax_of = added_tax_minor if book.tax_exclusive else included_tax_minor
    bases = amounts if book.tax_rounding == "line" else [whole]
    tax_minor = sum(tax_of(base, rate_bp) for base in bases)
    return PricedTax(code, rate_bp, whole + tax_minor if book.tax_exclusive else whole, tax_minor)


def cash_rounding_minor(total_minor: int, book: Prices) -> int:
    """What cash pays more than the total, or less when negative, because no coin is smaller than a step."""
    step = book.cash_step_minor or CASH_STEP_MINOR.get(book.currency, 1)
    return half_up(total_minor, step) * step - total_minor
