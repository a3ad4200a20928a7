"""What this object has stored while nobody could be asked, as its own entries tell it.

Who pays by what is stored stands in its `reference`, as a pseudonym: no provider has given it a number yet.
"""

from collections.abc import Callable, Iterable

import msgspec

from cloud_sync.contract.entry import Body
from cloud_sync.contract.facts import Paid, PaymentClosed, Sale
from edge.checkout.payments.book import Row
from edge.checkout.payments.postings import stored as account_of_stored
from retail.offline_policy import Promise, Stored


def load(rows: Callable[[str], Iterable[Row]]) -> Stored:
    """The state as the tables of the payment book have it; `rows` answers a SELECT."""
    stored = Stored()
    asked = "SELECT standing, paid, wall_ms FROM attempt WHERE paid <> '' ORDER BY wall_ms, rowid"
    for standing, text, wall_ms in rows(asked):
        paid = msgspec.json.decode(text, type=Paid)
        if paid.stored is True and standing in {"part", "paid", "dishonoured"}:
            stored = stored.took(_promise(paid, wall_ms))
            if standing == "dishonoured":
                stored = stored.declined(paid.attempt, wall_ms)
    return stored


def fold(stored: Stored, body: Body) -> Stored:
    """The state after one more entry is on the disk."""
    match body.fact:
        case Sale(payments=tuple() as payments):
            for paid in payments:
                if paid.stored is True:
                    stored = stored.took(_promise(paid, body.wall_ms))
            return stored
        case PaymentClosed(refund=msgspec.UNSET) as closed:
            return _closed(stored, closed, body.wall_ms)
        case _:
            return stored


def _closed(stored: Stored, closed: PaymentClosed, wall_ms: int) -> Stored:
    match closed.outcome:
        case "captured" if _is_taken(closed):
            paid = Paid(closed.attempt, closed.provider, closed.amount_minor, closed.reference)
            return stored.took(_promise(paid, wall_ms))
        case "captured" | "refund-due" | "refunded":
            return stored.honoured(closed.attempt)  # it is good, or nobody is to pay it any more
        case "person":
            return stored.declined(closed.attempt, wall_ms)
        case _:
            return stored


def _is_taken(closed: PaymentClosed) -> bool:
    """Whether a part of a sale was stored just now; what is honoured leaves that account."""
    account = account_of_stored(closed.provider)
    return any(each.account == account and each.amount_minor > 0 for each in closed.postings)


def _promise(paid: Paid, wall_ms: int) -> Promise:
    return Promise(paid.attempt, paid.reference, paid.amount_minor, wall_ms)
