"""Escrow: what an entry says that left a slice, came back to it, or ended it; and a code that nobody sees."""

import msgspec

from cloud_sync.contract.escrow import GIVEN_BACK, WALLET, PutBack, given_back, put_back, taken_out
from cloud_sync.contract.facts import Boot, Paid, PaymentClosed
from cloud_sync.contract.requests import PaymentAsked
from tests.contract.vectors import story

SERIAL, ATTEMPT = "slice-number-001", "attempt-number-1"
PART = PaymentClosed("sale-number-0001", ATTEMPT, WALLET, "captured", 700, "EUR", SERIAL)


def test_a_sale_takes_out_what_the_wallet_paid_and_nothing_else() -> None:
    ours, card = Paid(ATTEMPT, WALLET, 700, SERIAL), Paid("attempt-number-2", "zvt", 500, "trace:1")
    sale = msgspec.structs.replace(story.TWO_SCARVES, payments=(ours, card))
    assert taken_out(sale) == (ours,)
    assert taken_out(story.TWO_SCARVES) == ()


def test_a_part_of_a_sale_takes_out_too_and_so_does_one_that_was_given_up() -> None:
    due = msgspec.structs.replace(PART, outcome="refund-due")
    assert taken_out(PART) == taken_out(due) == (Paid(ATTEMPT, WALLET, 700, SERIAL),)
    assert taken_out(msgspec.structs.replace(PART, outcome="declined")) == ()


def test_what_went_back_counts_under_its_refund_or_its_attempt() -> None:
    whole = msgspec.structs.replace(PART, outcome="refunded")
    some = msgspec.structs.replace(whole, refund="refund-number-01", amount_minor=200)
    assert put_back(whole) == PutBack(ATTEMPT, ATTEMPT, 700)
    assert put_back(some) == PutBack(ATTEMPT, "refund-number-01", 200)
    assert put_back(PART) is None
    assert put_back(Boot("1.0")) is None


def test_a_slice_ends_by_an_entry_that_names_it() -> None:
    end = PaymentClosed(SERIAL, SERIAL, WALLET, "cancelled", 0, "EUR", reason=GIVEN_BACK)
    assert given_back(end) == SERIAL
    assert given_back(PART) is None


def test_a_question_of_a_payment_never_shows_the_code_that_it_carries() -> None:
    start = PaymentAsked("start", ATTEMPT, "wechat", 700, "CNY", code="130123456789012345")
    refund = PaymentAsked(
        "refund", ATTEMPT, "stripe", 700, "EUR", refund="refund-number-01", refund_minor=200
    )
    assert "130123456789012345" not in repr(start)
    assert repr(start) == f"PaymentAsked(start {ATTEMPT}: 700 CNY at wechat)"
    assert "200 back under refund-number-01" in repr(refund)
