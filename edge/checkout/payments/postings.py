"""Which accounts a payment moves money between; every set of postings sums to zero."""

from collections.abc import Iterable

from cloud_sync.contract.entry import Paid, PaymentClosed, Posting

TENDERED = "tendered"
"""Parts of sales that are paid, while the rest is not."""
REFUND_DUE = "refund-due"
"""What shoppers have to get back."""


def settlement(provider: str) -> str:
    """The account of what a provider owes the shop."""
    return f"settlement/{provider}"


def stored(provider: str) -> str:
    """The account of what the object took without being able to ask: whether it is good, comes later."""
    return f"stored/{provider}"


def of_payments(payments: Iterable[Paid], before: frozenset[str], currency: str) -> tuple[Posting, ...]:
    """Where the money of a sale comes from; the attempts in `before` were posted when they were paid."""
    postings = []
    for paid in payments:
        account = TENDERED if paid.attempt in before else _source(paid)
        postings.append(Posting(account, paid.amount_minor, currency))
    return tuple(postings)


def of_part(paid: Paid, currency: str) -> tuple[Posting, ...]:
    """A part of a sale was paid, and the sale is not done yet."""
    return (
        Posting(_source(paid), paid.amount_minor, currency),
        Posting(TENDERED, -paid.amount_minor, currency),
    )


def of_money_due(provider: str, amount_minor: int, currency: str, *, tendered: bool) -> tuple[Posting, ...]:
    """Money that was taken has to go back; `tendered` says that it was posted as a part of a sale before."""
    source = TENDERED if tendered else settlement(provider)
    return Posting(source, amount_minor, currency), Posting(REFUND_DUE, -amount_minor, currency)


def of_money_back(closed: PaymentClosed) -> tuple[Posting, ...]:
    """Money that was due has gone back."""
    amount_minor, currency = closed.amount_minor, closed.currency
    return (
        Posting(REFUND_DUE, amount_minor, currency),
        Posting(settlement(closed.provider), -amount_minor, currency),
    )


def _source(paid: Paid) -> str:
    return stored(paid.provider) if paid.stored is True else settlement(paid.provider)
