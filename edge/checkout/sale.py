"""A sale: its stages as a table, and the one fact that it leaves in the journal."""

from collections import Counter
from enum import Enum
from typing import Final

import msgspec

from cloud_sync.contract.entry import Posting, Sale, SaleLine, TaxLine
from edge.checkout.books import Books
from edge.checkout.state import Sold
from retail.custody import moves_of_a_sale
from retail.locale import business_date
from retail.pricing.book import Version
from retail.pricing.rules import Priced
from retail.units import Money


class SaleStage(Enum):
    """Where a sale stands."""

    OPEN = "open"
    RECORDING = "recording"
    DONE = "done"


class SaleStep(Enum):
    """What moves it on."""

    BUY = "buy"
    RECORD = "record"
    FAIL = "fail"
    LEAVE = "leave"


# A sale that could not be written goes back to OPEN, since nothing was sold and nothing is owed.
MOVES: Final = {
    (SaleStage.OPEN, SaleStep.BUY): SaleStage.RECORDING,
    (SaleStage.RECORDING, SaleStep.RECORD): SaleStage.DONE,
    (SaleStage.RECORDING, SaleStep.FAIL): SaleStage.OPEN,
    (SaleStage.DONE, SaleStep.LEAVE): SaleStage.OPEN,
}


class WrongStepError(Exception):
    """A step that the table does not know at this stage."""


class Shop(msgspec.Struct, frozen=True):
    """What the till must know of where it stands."""

    object: str
    sells_from: str
    account: str
    """The pseudonym of the house account that sales are billed to."""
    timezone: str
    lists: bool = False
    """It is a tray: goods are offered once they have been listed, all of them together."""


def next_stage(stage: SaleStage, step: SaleStep) -> SaleStage:
    """The stage after `step`; raises WrongStepError if the table has none."""
    try:
        return MOVES[stage, step]
    except KeyError:
        raise WrongStepError(f"a sale that is {stage.value} cannot {step.value}") from None


class Bought(msgspec.Struct, frozen=True):
    """What a shopper has just agreed to: the goods and their price, by which price book.

    `epcs` are the tags of each line of `priced`, in its order.
    """

    sale: str
    number: str
    wall_ms: int
    priced: Priced
    epcs: tuple[tuple[str, ...], ...]
    prices: Version


def sale_fact(shop: Shop, books: Books, bought: Bought) -> Sale:
    """Money, goods and tax table of a sale, as one fact: both, or neither."""
    priced = bought.priced
    units = Counter[str]()
    for line in priced.lines:
        units[line.gtin] += line.units
    # Of goods that walk (a garment from the shop's floor) this object keeps no count: the hub does.
    held = books.units(shop.sells_from) if shop.sells_from == shop.object else units
    return Sale(
        sale=bought.sale,
        number=bought.number,
        business_date=business_date(bought.wall_ms, shop.timezone),
        language=priced.language,
        currency=priced.total.currency,
        total_minor=priced.total.amount_minor,
        tender="house-account",
        prices=bought.prices,
        lines=tuple(
            SaleLine(
                gtin=line.gtin,
                name=line.name,
                units=line.units,
                price_minor=line.price_minor,
                total_minor=line.total_minor,
                tax=line.tax,
                epcs=epcs,
            )
            for line, epcs in zip(priced.lines, bought.epcs, strict=True)
        ),
        taxes=tuple(TaxLine(row.tax, row.rate_bp, row.gross_minor, row.tax_minor) for row in priced.taxes),
        postings=_postings(priced, shop.account),
        moves=moves_of_a_sale(held, units, shop.sells_from),
    )


def sold_of(fact: Sale, receipt: str) -> Sold:
    """A sale that is on the disk, as the glass shows it; `receipt` is its compact JWS."""
    total = Money(fact.total_minor, fact.currency)
    return Sold(fact.sale, fact.number, total, sum(line.units for line in fact.lines), receipt)


def _postings(priced: Priced, account: str) -> tuple[Posting, ...]:
    """The house account owes the total; revenue and each tax get their share of it."""
    total, currency = priced.total.amount_minor, priced.total.currency
    taxes = [Posting(f"tax/{row.tax}", -row.tax_minor, currency) for row in priced.taxes]
    net = total - sum(row.tax_minor for row in priced.taxes)
    return (Posting(f"receivable/{account}", total, currency), Posting("revenue", -net, currency), *taxes)
