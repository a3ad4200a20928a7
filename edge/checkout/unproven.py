"""Unproven: goods that come back without a receipt, and what they are worth then."""

from collections import Counter
from collections.abc import Sequence

import msgspec

from cloud_sync.contract.facts import Posting, SaleLine, TaxLine
from edge.checkout.credit import Note, Source
from edge.checkout.payments.house import DESK
from edge.checkout.payments.postings import REFUND_DUE
from retail.custody import SOLD, Move
from retail.pricing.book import Prices
from retail.pricing.taxes import added_tax_minor, included_tax_minor
from retail.return_policy import PriceFrom, lowest_minor


class Unproven(msgspec.Struct, frozen=True):
    """So many units of a product, and those among them that have a tag."""

    gtin: str
    units: int
    epcs: tuple[str, ...] = ()


def worth(
    goods: Sequence[Unproven], book: Prices, prices: Sequence[PriceFrom], now_ms: int, days: int
) -> tuple[SaleLine, ...] | None:
    """The goods at the lowest price of so many days, that of now among them; None if one of them had none."""
    lines = []
    for each in goods:
        product = book.by_gtin.get(each.gtin)
        if product is None or product.price_minor <= 0:
            return None
        seen = lowest_minor(prices, each.gtin, now_ms, days)
        price_minor = product.price_minor if seen is None else min(seen, product.price_minor)
        lines.append(
            SaleLine(
                *(each.gtin, book.name(product, book.language), each.units, price_minor),
                *(price_minor * each.units, product.tax, each.epcs),
            )
        )
    return tuple(lines)


def note_of(name: str, lines: tuple[SaleLine, ...], book: Prices, taker: str) -> Note:
    """The note of credit for `lines`; the desk pays it, under `name`, as no attempt has."""
    sums, units = Counter[str](), Counter[str]()
    for line in lines:
        sums[line.tax] += line.total_minor
        units[line.gtin] += line.units
    taxes = tuple(_row(tax, whole, book) for tax, whole in sorted(sums.items()))
    total_minor = sum(row.gross_minor for row in taxes)
    revenue_minor = total_minor - sum(row.tax_minor for row in taxes)
    amounts = {"revenue": revenue_minor, **{f"tax/{row.tax}": row.tax_minor for row in taxes}}
    postings = [*amounts.items(), (REFUND_DUE, -total_minor)]
    return Note(
        Source(name, DESK, total_minor),
        total_minor,
        lines,
        taxes,
        tuple(Posting(account, amount, book.currency) for account, amount in postings if amount),
        tuple(Move(gtin, SOLD, taker, count) for gtin, count in sorted(units.items())),
    )


def _row(tax: str, whole: int, book: Prices) -> TaxLine:
    rate_bp = book.taxes[tax]
    if book.tax_exclusive is True:
        tax_minor = added_tax_minor(whole, rate_bp)
        return TaxLine(tax, rate_bp, whole + tax_minor, tax_minor)
    return TaxLine(tax, rate_bp, whole, included_tax_minor(whole, rate_bp))
