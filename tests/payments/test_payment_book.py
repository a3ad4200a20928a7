"""The book of payments: what it holds of a sale, in memory and when it is read again from its tables."""

import apsw
import msgspec

from cloud_sync.contract.entry import Body
from cloud_sync.contract.facts import Fact, Paid, PaymentIntent
from edge.checkout.payments.book import PaymentBook, fold, schema
from tests.payments.scene import TOTAL_MINOR, draft

_PAID = Paid("a1", "card", TOTAL_MINOR, "0815")


def _both(*facts: Fact) -> tuple[PaymentBook, PaymentBook]:
    """A book that has heard these facts, and one that a later start has read from its tables."""
    heard, db = PaymentBook(), apsw.Connection(":memory:")
    db.execute(schema())
    for seq, fact in enumerate(facts, 1):
        body = Body("object-7", "e1", seq, f"k{seq}", "boot", seq, 1_700_000_000_000 + seq, "trusted", fact)
        heard.apply(body)
        fold(db, body)
    return heard, PaymentBook.load(db.execute)


def _meant() -> PaymentIntent:
    return PaymentIntent("s1", "a1", "card", TOTAL_MINOR, "EUR", draft=draft("s1"))


def test_a_sale_that_may_still_be_done_keeps_its_draft() -> None:
    for book in _both(_meant()):
        assert book.draft("s1") == draft("s1")


def test_a_sale_that_is_done_keeps_its_payment_and_not_its_draft() -> None:
    sale = msgspec.structs.replace(draft("s1"), payments=(_PAID,))
    for book in _both(_meant(), sale):
        line = book.line("a1")
        assert line is not None
        assert (line.standing, line.paid, line.draft) == ("paid", _PAID, None)
