"""The entries of payments: what is meant, how it ended, what must go back; the book follows each of them."""

from typing import Protocol

import msgspec

from cloud_sync.contract.facts import Closing, Fact, Paid, PaymentClosed, PaymentIntent, Sale
from edge.checkout.payments.book import PaymentBook
from edge.checkout.payments.postings import of_money_due, of_part
from edge.checkout.payments.provider import Attempt
from edge.offline_queue.outcomes import Appended, Recorded


class Register(Protocol):
    """All that payments ask of the register: see `edge.checkout.register`."""

    async def record(self, draft: Sale, payments: tuple[Paid, ...], before: frozenset[str]) -> Appended:
        """Write a sale that is paid; those of `payments` in `before` were posted when they came."""
        ...

    async def write(self, fact: Fact, idem: str) -> Appended:
        """Write any other fact; return once it is on the disk."""
        ...


class Entries:
    """Writes about attempts by `register`, and tells `book`; whatever it does raises JournalClosedError.

    What was written before, under the same key, is not written again.
    """

    def __init__(self, register: Register, book: PaymentBook) -> None:
        self._register = register
        self._book = book

    async def mean(self, attempt: Attempt, draft: Sale) -> None:
        """What is about to be done: from here on the money can be asked for."""
        intent = PaymentIntent(
            attempt.sale,
            attempt.id,
            attempt.provider,
            attempt.amount_minor,
            attempt.currency,
            attempt.fence or msgspec.UNSET,
            draft if self._book.draft(draft.sale) is None else msgspec.UNSET,
        )
        await self.write(intent, f"intent/{attempt.id}")

    async def sell(self, draft: Sale, paid: Paid) -> Appended:
        """The sale, now that `paid` was the last of its money. Raises ValueError if no entry can hold it."""
        parts = self._book.parts(draft.sale)
        before = frozenset(part.attempt for part in parts)
        recorded = await self._register.record(draft, (*parts, paid), before)
        self._book.apply(recorded.body)
        return recorded

    async def part(self, attempt: Attempt, paid: Paid) -> None:
        """A part of a sale is paid, and the sale is not done yet."""
        closed = _closed(attempt, "captured")
        postings = of_part(paid, attempt.currency)
        closed = msgspec.structs.replace(closed, reference=paid.reference, postings=postings)
        await self.write(closed, f"closed/{attempt.id}")

    async def close(self, attempt: Attempt, outcome: Closing, reason: str) -> None:
        """It ended without money, or nobody knows."""
        await self.write(_closed(attempt, outcome, reason), f"closed/{attempt.id}")

    async def find_out(self, attempt: Attempt, outcome: Closing, reason: str) -> None:
        """What became of an attempt that was closed otherwise."""
        await self.write(_closed(attempt, outcome, reason), f"found-out/{attempt.id}/{outcome}")

    async def owe(
        self, attempt: Attempt, amount_minor: int, reason: str, account: str, reference: str = ""
    ) -> None:
        """Money that stands in `account` has to go back: durable before the provider is asked to."""
        closed = msgspec.structs.replace(
            _closed(attempt, "refund-due", reason),
            amount_minor=amount_minor,
            reference=reference,
            postings=of_money_due(account, amount_minor, attempt.currency),
        )
        await self.write(closed, f"due/{attempt.id}")

    async def write(self, fact: Fact, idem: str) -> None:
        """Any other fact about payments."""
        written = await self._register.write(fact, idem)
        if written.recorded is Recorded.NOW:  # what was written before, the book knows, and what came since
            self._book.apply(written.body)


def _closed(attempt: Attempt, outcome: Closing, reason: str = "") -> PaymentClosed:
    return PaymentClosed(
        *(attempt.sale, attempt.id, attempt.provider, outcome, attempt.amount_minor, attempt.currency),
        reason=reason,
    )
