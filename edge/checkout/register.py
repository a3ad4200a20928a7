"""The register: writes sales once they are paid, and credit notes, each with the next number of its row."""

import asyncio
from typing import Protocol

import msgspec

from cloud_sync.contract.facts import Fact, Paid, Refund, Sale
from edge.checkout.books import Books
from edge.checkout.payments.postings import TENDERED, of_payments
from edge.checkout.receipts import receipt_number
from edge.checkout.sale import Shop
from edge.offline_queue.outcomes import Appended, Recorded
from retail.custody import Move, moves_of_a_sale


class Ledger(Protocol):
    """All that the register asks of a journal."""

    @property
    def epoch(self) -> str:
        """The epoch that receipts are numbered in."""
        ...

    async def append(self, fact: Fact, idem: str) -> Appended:
        """Write `fact`; return once it is on the disk."""
        ...


class Register:
    """One register of one object; whoever writes a sale does it here."""

    def __init__(self, shop: Shop, ledger: Ledger, books: Books) -> None:
        self._shop = shop
        self._ledger = ledger
        self._books = books
        # Who asks for a number has it written before the next is given: the row has no gap and no double.
        self._turn = asyncio.Lock()

    async def record(
        self, draft: Sale, payments: tuple[Paid, ...] = (), before: frozenset[str] = frozenset()
    ) -> Appended:
        """Write `draft` as a sale that is done, and return once it is on the disk.

        `payments` paid for it, those in `before` were posted when they came. Raises JournalClosedError, and
        ValueError for a sale that no entry can hold.
        """
        async with self._turn:
            number = receipt_number(self._ledger.epoch, self._books.sales + 1)
            sale = msgspec.structs.replace(
                _paid(draft, payments, before), number=number, moves=self._moves(draft)
            )
            written = await self._ledger.append(sale, f"sale/{sale.sale}")
            if written.recorded is Recorded.NOW:
                self._books.apply(written.body)
        return written

    async def credit(self, draft: Refund) -> Appended:
        """Write `draft` as a note of credit, and return once it is on the disk.

        Raises JournalClosedError, and ValueError for a note that no entry can hold.
        """
        async with self._turn:
            number = credit_number(self._ledger.epoch, self._books.refunds + 1)
            note = msgspec.structs.replace(draft, number=number)
            written = await self._ledger.append(note, f"refund/{note.refund}")
            if written.recorded is Recorded.NOW:
                self._books.apply(written.body)
        return written

    async def write(self, fact: Fact, idem: str) -> Appended:
        """Write any other fact; return once it is on the disk."""
        return await self._ledger.append(fact, idem)

    def _moves(self, draft: Sale) -> tuple[Move, ...]:
        """The goods as they move now: stock may have changed while the sale was being paid."""
        units: dict[str, int] = {}
        for line in draft.lines:
            units[line.gtin] = units.get(line.gtin, 0) + line.units
        holder = self._shop.sells_from
        # Of goods that walk (a garment from the shop's floor) this object keeps no count: the hub does.
        held = self._books.units(holder) if holder == self._shop.object else units
        return moves_of_a_sale(held, units, holder)


def credit_number(epoch: str, count: int) -> str:
    """The number of the credit note number `count` (from 1) of an epoch: `K7QM-R0001`."""
    prefix, _, digits = receipt_number(epoch, count).partition("-")
    return f"{prefix}-R{digits}"


def _paid(draft: Sale, payments: tuple[Paid, ...], before: frozenset[str]) -> Sale:
    if not payments:
        return draft
    owed = tuple(posting for posting in draft.postings if posting.account != TENDERED)
    money = of_payments(payments, before, draft.currency)
    return msgspec.structs.replace(
        draft, tender=payments[-1].provider, postings=(*money, *owed), payments=payments
    )
