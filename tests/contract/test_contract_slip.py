"""A sale and a refund as their receipts say them, at the object and at the hub alike."""

import msgspec

from cloud_sync.contract.facts import Paid, Refund, Sale, SaleDiscount, TaxLine
from cloud_sync.contract.slip import Beside, slip_of
from retail.receipt import SlipDiscount, SlipKind, SlipPayment
from retail.units import Money
from tests.contract.vectors import story

FACTS = dict(story.payments()).keys()
REFUND = next(fact for fact in FACTS if isinstance(fact, Refund))
CARD = next(fact for fact in FACTS if isinstance(fact, Sale))


def test_a_sale_on_the_house_account_was_paid_by_its_tender() -> None:
    slip = slip_of(story.TWO_SCARVES, "Corner")
    assert (slip.shop, slip.kind, slip.total) == ("Corner", SlipKind.SALE, Money(6900, "EUR"))
    assert slip.payments == (SlipPayment("house-account", Money(6900, "EUR")),)
    assert not slip.tax_added


def test_a_card_stands_on_the_receipt_with_its_last_digits_and_what_was_stored_says_so() -> None:
    (paid,) = slip_of(CARD, "Corner").payments
    assert (paid.card, paid.reference, paid.stored) == ("girocard 4711", "trace:434", False)
    stored = msgspec.structs.replace(CARD, payments=(Paid("attempt-number-1", "zvt", 6900, stored=True),))
    (paid,) = slip_of(stored, "Corner").payments
    assert (paid.card, paid.stored) == ("", True)


def test_a_discount_is_said_in_words_where_there_are_any() -> None:
    discounts = (
        SaleDiscount("happy", 100),
        SaleDiscount("odd", 50),
        SaleDiscount("spring", 25, "Two for one"),
    )
    line = msgspec.structs.replace(story.TWO_SCARVES.lines[0], discounts=discounts)
    sale = msgspec.structs.replace(story.TWO_SCARVES, lines=(line,))
    today = {"happy": "Happy hour", "spring": "what it is called by now"}
    (said,) = slip_of(sale, "Corner", Beside(promotions=today)).lines
    assert said.discounts == (
        SlipDiscount("Happy hour", Money(100, "EUR"), "happy"),
        SlipDiscount("", Money(50, "EUR"), "odd"),
        SlipDiscount("Two for one", Money(25, "EUR"), "spring"),
    )


def test_tax_on_top_is_seen_by_the_sum() -> None:
    line = msgspec.structs.replace(story.TWO_SCARVES.lines[0], total_minor=6000)
    sale = msgspec.structs.replace(
        story.TWO_SCARVES, lines=(line,), taxes=(TaxLine("state", 1500, 6000, 900),), fiscal="signed"
    )
    slip = slip_of(sale, "Corner")
    assert (slip.tax_added, slip.fiscal) == (True, "signed")


def test_a_credit_note_names_the_receipt_and_the_way_back() -> None:
    slip = slip_of(REFUND, "Corner", Beside(credited="GRU4-0003", training=True))
    assert (slip.kind, slip.credited, slip.training) == (SlipKind.CREDIT, "GRU4-0003", True)
    assert slip.payments == (SlipPayment("zvt", Money(3450, "EUR")),)
