"""A sale: its stages as a table, and the one fact that it leaves in the journal."""

from enum import Enum
from typing import Final

import msgspec

from cloud_sync.contract.facts import Basis, Posting, Sale, SaleDiscount, SaleLine, TaxLine
from edge.checkout.payments.postings import TENDERED
from edge.checkout.state import HOUSE_ACCOUNT, Sold
from retail.locale import business_date
from retail.pricing.book import Version
from retail.pricing.reasons import MEMBER_PRICE
from retail.pricing.result import Discount
from retail.pricing.rules import Priced, PricedLine
from retail.units import Money


class SaleStage(Enum):
    """Where a sale stands."""

    OPEN = "open"
    CHOOSING = "choosing"  # the shopper wants it, and chooses how to pay
    SHOWING = "showing"  # the shopper looks for the code to pay by: nothing has begun
    PAYING = "paying"  # an attempt is under way: nobody knows yet what it comes to
    DECLINED = "declined"  # the attempt brought nothing; the shopper may try again
    UNKNOWN = "unknown"  # nobody knows whether it was paid: a person looks
    RECORDING = "recording"  # it is on its way to the disk
    DONE = "done"
    CANCELLED = "cancelled"  # it will not be done, and what was paid of it goes back


class SaleStep(Enum):
    """What moves it on."""

    BUY = "buy"
    ASK = "ask"
    PAY = "pay"
    BILL = "bill"
    PART = "part"
    DECLINE = "decline"
    LOSE = "lose"
    CHOOSE = "choose"
    REOPEN = "reopen"
    CANCEL = "cancel"
    RECORD = "record"
    FAIL = "fail"
    LEAVE = "leave"


# From CHOOSING, SHOWING and DECLINED a sale goes back to OPEN only where nothing of it is paid; else it is
# CANCELLED. No way leads out of PAYING but the end of the attempt: whoever asks to stop it waits for that.
# A sale that could not be written goes back to OPEN, since nothing was sold and nothing is owed.
MOVES: Final = {
    (SaleStage.OPEN, SaleStep.BUY): SaleStage.CHOOSING,
    (SaleStage.CHOOSING, SaleStep.ASK): SaleStage.SHOWING,
    (SaleStage.CHOOSING, SaleStep.PAY): SaleStage.PAYING,
    (SaleStage.CHOOSING, SaleStep.BILL): SaleStage.RECORDING,
    (SaleStage.CHOOSING, SaleStep.REOPEN): SaleStage.OPEN,
    (SaleStage.CHOOSING, SaleStep.CANCEL): SaleStage.CANCELLED,
    (SaleStage.SHOWING, SaleStep.PAY): SaleStage.PAYING,
    (SaleStage.SHOWING, SaleStep.CHOOSE): SaleStage.CHOOSING,
    (SaleStage.SHOWING, SaleStep.REOPEN): SaleStage.OPEN,
    (SaleStage.SHOWING, SaleStep.CANCEL): SaleStage.CANCELLED,
    (SaleStage.PAYING, SaleStep.RECORD): SaleStage.DONE,
    (SaleStage.PAYING, SaleStep.PART): SaleStage.CHOOSING,
    (SaleStage.PAYING, SaleStep.DECLINE): SaleStage.DECLINED,
    (SaleStage.PAYING, SaleStep.LOSE): SaleStage.UNKNOWN,
    (SaleStage.PAYING, SaleStep.FAIL): SaleStage.OPEN,
    (SaleStage.DECLINED, SaleStep.CHOOSE): SaleStage.CHOOSING,
    (SaleStage.DECLINED, SaleStep.REOPEN): SaleStage.OPEN,
    (SaleStage.DECLINED, SaleStep.CANCEL): SaleStage.CANCELLED,
    (SaleStage.RECORDING, SaleStep.RECORD): SaleStage.DONE,
    (SaleStage.RECORDING, SaleStep.FAIL): SaleStage.OPEN,
    (SaleStage.DONE, SaleStep.LEAVE): SaleStage.OPEN,
    (SaleStage.UNKNOWN, SaleStep.LEAVE): SaleStage.OPEN,
    (SaleStage.CANCELLED, SaleStep.LEAVE): SaleStage.OPEN,
}


class WrongStepError(Exception):
    """A step that the table does not know at this stage."""


class Shop(msgspec.Struct, frozen=True):
    """What the till must know of where it stands."""

    object: str
    sells_from: str
    account: str
    """The pseudonym of the house account that sales are billed to; '' where there is none."""
    timezone: str
    lists: bool = False
    """It is a tray: goods are offered once they have been listed, all of them together."""
    methods: tuple[str, ...] = ()
    """The ways to pay by name, in the order in which a shopper is asked."""
    trains: bool = False
    """Nothing is really sold: a tap on a screen that sells means nothing here, and the other way round."""
    speaks: tuple[str, ...] = ()
    """The languages of the glass: one of them may be chosen where the price book has no words in it, too."""


def next_stage(stage: SaleStage, step: SaleStep) -> SaleStage:
    """The stage after `step`; raises WrongStepError if the table has none."""
    try:
        return MOVES[stage, step]
    except KeyError:
        raise WrongStepError(f"a sale that is {stage.value} cannot {step.value}") from None


class Bought(msgspec.Struct, frozen=True):
    """What a shopper has just agreed to: the goods and their price, by which price book and promotions.

    `epcs` are the tags of each line of `priced`, in its order.
    """

    sale: str
    wall_ms: int
    priced: Priced
    epcs: tuple[tuple[str, ...], ...]
    prices: Version
    promotions: Version | None = None
    basis: Basis | msgspec.UnsetType = msgspec.UNSET


def draft_of(shop: Shop, bought: Bought) -> Sale:
    """Money, goods and tax table of a sale as one fact, as it is meant; once paid, it gets its number."""
    priced = bought.priced
    total = Posting(TENDERED, priced.total_minor, priced.currency)
    return Sale(
        sale=bought.sale,
        number="",
        business_date=business_date(bought.wall_ms, shop.timezone),
        language=priced.language,
        currency=priced.currency,
        total_minor=priced.total_minor,
        tender="",
        prices=bought.prices,
        lines=tuple(_line(line, epcs) for line, epcs in zip(priced.lines, bought.epcs, strict=True)),
        taxes=tuple(TaxLine(row.tax, row.rate_bp, row.gross_minor, row.tax_minor) for row in priced.taxes),
        postings=(total, *_earned(priced)),
        moves=(),
        promotions=bought.promotions or msgspec.UNSET,
        basis=bought.basis,
    )


def billed(draft: Sale, account: str) -> Sale:
    """A sale as it goes on a house account: nobody has to be asked for that money."""
    owed = Posting(f"receivable/{account}", draft.total_minor, draft.currency)
    postings = (owed, *(each for each in draft.postings if each.account != TENDERED))
    return msgspec.structs.replace(draft, tender=HOUSE_ACCOUNT, postings=postings)


def _line(line: PricedLine, epcs: tuple[str, ...]) -> SaleLine:
    discounts = tuple(map(_discount, line.discounts))
    return SaleLine(
        gtin=line.gtin,
        name=line.name,
        units=line.units,
        price_minor=line.price_minor,
        total_minor=line.total_minor,
        tax=line.tax,
        epcs=epcs,
        discounts=discounts or msgspec.UNSET,
    )


def _discount(discount: Discount) -> SaleDiscount:
    """A member's price has words of its own on a receipt, in every language."""
    words = msgspec.UNSET if discount.promotion == MEMBER_PRICE else discount.words or msgspec.UNSET
    return SaleDiscount(discount.promotion, discount.amount_minor, words)


def sold_of(fact: Sale, receipt: str) -> Sold:
    """A sale that is on the disk, as the glass shows it; `receipt` is its link, or ''."""
    total = Money(fact.total_minor, fact.currency)
    units = sum(line.units for line in fact.lines)
    return Sold(fact.sale, fact.number, total, units, receipt, fact.tender, stored_of(fact))


def stored_of(fact: Sale) -> Money | None:
    """What of a sale was accepted while nobody could be asked, and is not charged yet."""
    payments = () if isinstance(fact.payments, msgspec.UnsetType) else fact.payments
    stored_minor = sum(paid.amount_minor for paid in payments if paid.stored is True)
    return Money(stored_minor, fact.currency) if stored_minor else None


def _earned(priced: Priced) -> tuple[Posting, ...]:
    """Revenue and each tax get their share of the total."""
    taxes = [Posting(f"tax/{row.tax}", -row.tax_minor, priced.currency) for row in priced.taxes]
    net_minor = priced.total_minor - sum(row.tax_minor for row in priced.taxes)
    return (Posting("revenue", -net_minor, priced.currency), *taxes)
