"""Which accounts a payment moves money between; every set of postings sums to zero."""

from collections.abc import Iterable

from cloud_sync.contract.facts import Paid, Posting

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
        account = TENDERED if paid.attempt in before else source(paid)
        postings.append(Posting(account, paid.amount_minor, currency))
    return tuple(postings)


def of_part(paid: Paid, currency: str) -> tuple[Posting, ...]:
    """A part of a sale was paid, and the sale is not done yet."""
    return (
        Posting(source(paid), paid.amount_minor, currency),
        Posting(TENDERED, -paid.amount_minor, currency),
    )


def of_money_due(account: str, amount_minor: int, currency: str) -> tuple[Posting, ...]:
    """Money that was taken has to go back: `account` has it, or is where a part of a sale was posted."""
    return Posting(account, amount_minor, currency), Posting(REFUND_DUE, -amount_minor, currency)


def of_money_back(paid: Paid, amount_minor: int, currency: str) -> tuple[Posting, ...]:
    """Money that was due has gone back to where `paid` came from."""
    return Posting(REFUND_DUE, amount_minor, currency), Posting(source(paid), -amount_minor, currency)


def of_honoured(paid: Paid, currency: str) -> tuple[Posting, ...]:
    """What was stored is good: its provider owes it now."""
    return (
        Posting(settlement(paid.provider), paid.amount_minor, currency),
        Posting(stored(paid.provider), -paid.amount_minor, currency),
    )


def source(paid: Paid) -> str:
    """The account of whoever has the money of an attempt."""
    return stored(paid.provider) if paid.stored is True else settlement(paid.provider)
