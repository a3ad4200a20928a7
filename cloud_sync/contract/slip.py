"""A sale or a refund as its receipt says it: the same at the object that wrote it and at the hub."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from cloud_sync.contract.facts import Paid, Refund, Sale, SaleDiscount, SaleLine, TaxLine
from retail.receipt import Slip, SlipDiscount, SlipKind, SlipLine, SlipPayment, SlipTax
from retail.units import Money

_NO_WORDS: Final[Mapping[str, str]] = MappingProxyType({})


class Beside(msgspec.Struct, frozen=True):
    """What a receipt says beside its fact.

    `promotions` are words of promotions by their ids, for a fact that does not say them itself; one that is
    not there either is called by its id. `signed` is the hash of the entry (base64url), `credited` the number
    of the receipt that a refund is about.
    """

    promotions: Mapping[str, str] = _NO_WORDS
    imprint: tuple[str, ...] = ()
    clock_time: str = ""
    terminal: tuple[str, ...] = ()
    signed: str = ""
    credited: str = ""
    training: bool = False


_NOTHING: Final = Beside()


def slip_of(fact: Sale | Refund, shop: str, beside: Beside = _NOTHING) -> Slip:
    """A sale or a refund as its receipt says it; `shop` stands at the top."""
    sale = fact if isinstance(fact, Sale) else None
    return Slip(
        shop=shop,
        number=fact.number,
        business_date=fact.business_date,
        language=fact.language,
        lines=tuple(_line(line, fact, beside.promotions) for line in fact.lines),
        taxes=tuple(_tax(row, fact.currency) for row in fact.taxes),
        total=Money(fact.total_minor, fact.currency),
        kind=SlipKind.SALE if sale else SlipKind.CREDIT,
        credited=beside.credited,
        payments=_payments(fact) if isinstance(fact, Sale) else _money_back(fact),
        tax_added=_is_tax_added(fact),
        imprint=beside.imprint,
        clock_time=beside.clock_time,
        terminal=beside.terminal,
        signed=beside.signed,
        fiscal=(sale.fiscal or "") if sale else "",
        training=beside.training,
    )


def _line(line: SaleLine, fact: Sale | Refund, promotions: Mapping[str, str]) -> SlipLine:
    def money(amount_minor: int) -> Money:
        return Money(amount_minor, fact.currency)

    discounts = tuple(
        SlipDiscount(_words(each, promotions), money(each.amount_minor), each.promotion)
        for each in (line.discounts if isinstance(line.discounts, tuple) else ())
    )
    price, total = money(line.price_minor), money(line.total_minor)
    return SlipLine(line.name, line.units, price, total, discounts, line.gtin)


def _words(discount: SaleDiscount, promotions: Mapping[str, str]) -> str:
    """What the shopper saw goes before what the promotion is called by now."""
    words = discount.words if isinstance(discount.words, str) else ""
    return words or promotions.get(discount.promotion, "")


def _tax(row: TaxLine, currency: str) -> SlipTax:
    return SlipTax(row.rate_bp, Money(row.gross_minor, currency), Money(row.tax_minor, currency))


def _payments(sale: Sale) -> tuple[SlipPayment, ...]:
    if not isinstance(sale.payments, tuple):
        return (SlipPayment(sale.tender, Money(sale.total_minor, sale.currency)),)
    return tuple(_payment(paid, sale.currency) for paid in sale.payments)


def _payment(paid: Paid, currency: str) -> SlipPayment:
    return SlipPayment(
        paid.provider,
        Money(paid.amount_minor, currency),
        paid.card if isinstance(paid.card, str) else "",
        paid.reference,
        paid.stored is True,
    )


def _money_back(refund: Refund) -> tuple[SlipPayment, ...]:
    return (SlipPayment(refund.provider, Money(refund.total_minor, refund.currency)),)


def _is_tax_added(fact: Sale | Refund) -> bool:
    """Lines that come to the total only with the taxes are prices without them."""
    lines_minor = sum(line.total_minor for line in fact.lines)
    taxes_minor = sum(row.tax_minor for row in fact.taxes)
    return lines_minor != fact.total_minor and lines_minor + taxes_minor == fact.total_minor
