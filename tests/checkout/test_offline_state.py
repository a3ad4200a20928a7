"""What an object has stored while offline, folded from its entries, and found again in its tables."""

from typing import Any

import apsw
import msgspec
import pytest

from cloud_sync.contract.entry import Body
from cloud_sync.contract.facts import Fact, Paid, PaymentClosed, PaymentIntent
from edge.checkout.payments import book, offline
from edge.checkout.payments.postings import of_honoured, of_money_due, of_part
from retail.offline_policy import DEFAULT, Promise, Stored, WhyNot, Wish, why_not
from tests.checkout.purses import draft

ATTEMPT = "attempt-number-1"
PAID = Paid(ATTEMPT, "card", 900, "payer-1", stored=True)
INTENT = PaymentIntent("sale-number-0001", ATTEMPT, "card", 900, "EUR", draft=draft("sale-number-0001", 900))
SALE = msgspec.structs.replace(draft("sale-number-0001", 900), payments=(PAID,))
WAITS = Promise(ATTEMPT, "payer-1", 900, 2)


def closes(outcome: Any, **changes: Any) -> PaymentClosed:
    return PaymentClosed("sale-number-0001", ATTEMPT, "card", outcome, 900, "EUR", **changes)


PART = closes("captured", reference="payer-1", postings=of_part(PAID, "EUR"))
GOOD = closes("captured", reference="4711", postings=of_honoured(PAID, "EUR"))
BAD = closes("person", reason="insufficient")
GIVEN_UP = closes("refund-due", postings=of_money_due("tendered", 900, "EUR"))
GOODS_CAME_BACK = closes("refunded", refund="refund-number-01")

STORIES = [
    ("stored", [INTENT, SALE], (WAITS,)),
    ("stored as a part", [INTENT, PART], (WAITS,)),
    ("a part that became a sale", [INTENT, PART, SALE], (WAITS,)),
    ("a part of a sale that was given up", [INTENT, PART, GIVEN_UP], ()),
    ("honoured", [INTENT, SALE, GOOD], ()),
    ("declined", [INTENT, SALE, BAD], (msgspec.structs.replace(WAITS, standing="declined", at_ms=3),)),
    ("goods came back", [INTENT, SALE, GOODS_CAME_BACK], (WAITS,)),
    ("paid online", [INTENT, msgspec.structs.replace(SALE, payments=(Paid(ATTEMPT, "card", 900),))], ()),
]


@pytest.mark.parametrize(
    ("facts", "promises"), [each[1:] for each in STORIES], ids=[each[0] for each in STORIES]
)
def test_what_waits_is_what_the_entries_say(facts: list[Fact], promises: tuple[Promise, ...]) -> None:
    state = Stored()
    db = apsw.Connection(":memory:")
    db.execute(book.schema())
    for at_ms, fact in enumerate(facts, 1):
        body = Body("mirror-1", "e1", at_ms, str(at_ms), "b1", 0, at_ms, "trusted", fact)
        state = offline.fold(state, body)
        book.fold(db, body)
    assert state == Stored(promises)
    # The tables have the moment of the intent: no promise seems younger after a start than it is.
    assert [
        (each.attempt, each.payer, each.amount_minor, each.standing)
        for each in offline.load(db.execute).promises
    ] == [(each.attempt, each.payer, each.amount_minor, each.standing) for each in promises]


def test_a_payer_whose_payment_was_no_good_pays_online_from_then_on() -> None:
    state = Stored()
    facts: list[Fact] = [INTENT, SALE, BAD]
    for at_ms, fact in enumerate(facts, 1):
        state = offline.fold(state, Body("mirror-1", "e1", at_ms, "", "b1", 0, at_ms, "trusted", fact))
    assert why_not(DEFAULT, state, Wish(100, "EUR", "payer-1"), 4) == (WhyNot.BLOCKED,)
