"""The runtime of an object, as far as its journal goes: a real pen on a real ledger, and a shop."""

import random
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import apsw

from cloud_sync.contract.encoding import b64
from cloud_sync.contract.facts import ForkReason, HeadOf
from cloud_sync.contract.receipt import RECEIPT_TYPE, Receipt
from cloud_sync.contract.signing import Verifier, unseal
from edge.checkout.books import ShopProjection
from edge.clock import Clock
from edge.offline_queue.outcomes import ForeignLedgerError, JournalClosedError, JournalForkedError
from edge.offline_queue.pen import Order, Pen
from edge.offline_queue.reader import LedgerReader
from edge.offline_queue.set_aside import set_aside
from proofs.card import Card
from proofs.chronicle import Chronicle, insist
from proofs.kept import Journal
from proofs.shop import RECEIPT_KEY, arrival, key, sale, transfer

_VERIFIERS: Final = {RECEIPT_KEY.public.kid: Verifier(RECEIPT_KEY.public)}


class Runtime:
    """One life of an object's process; raises JournalClosedError when its card has no room to begin on.

    `over` hears that the process has ended itself, `rung` each new head, and `confirmed` each receipt that
    the ledger has taken.
    """

    def __init__(self, card: Card, name: str, clock: Clock, chronicle: Chronicle) -> None:
        self._card, self._chronicle = card, chronicle
        self.ledger = card.ledger
        self.over: Callable[[], None] = lambda: None
        self.rung: Callable[[int], None] = lambda _head: None
        self.confirmed: Callable[[Journal, Receipt], None] = lambda _journal, _receipt: None
        self.pen = self._taken_up(name, clock)
        self.journal: Journal = (name, self.pen.epoch)
        try:
            self.pen.begin("1.0")
        except apsw.FullError as error:
            self.pen.close()
            raise JournalClosedError(str(error)) from error
        self._reader = LedgerReader(card.ledger)
        self._noted = 0
        self._note()

    def _taken_up(self, name: str, clock: Clock) -> Pen:
        """With the key that the ledger has come to: one that was made and not yet named is tried in vain."""
        for number in reversed(self._card.keys[1:]):
            with suppress(ForeignLedgerError):
                return self._pen(name, number, clock)
        return self._pen(name, self._card.keys[0], clock)

    def _pen(self, name: str, number: int, clock: Clock) -> Pen:
        return Pen(self._card.ledger, key(number), name, clock, [ShopProjection()], reserve=self._card)

    def hand_over(self, number: int) -> None:
        """From the next entry on another key signs; it is on the card before the ledger names it."""
        if not self._card.is_full:
            self._card.keep_key(number)
            self._safely(lambda: self.pen.rotate(key(number)))

    def sell(self, luck: random.Random, sales: int) -> None:
        """So many shoppers buy at once; a full card refuses them before they pay."""
        if not self._card.is_full:
            self._write([sale(luck, self.journal[0]) for _ in range(sales)])

    def take_in(self, announced: int) -> None:
        """So many deliveries were announced; those that came before are told again, and taken in once."""
        if self._card.is_full:
            return
        while self.pen.fold():  # as the till's books: keys are forgotten after 90 days, by whatever clock
            pass
        known = {name for (name,) in self._reader.select("SELECT transfer FROM transfer")}
        numbers = [number for number in range(announced) if transfer(self.journal[0], number)[0] not in known]
        if numbers:
            self._write([arrival(self.journal[0], number) for number in numbers])

    def close_the_books(self) -> None:
        """Write a checkpoint."""
        self._safely(self.pen.checkpoint)

    def prune(self) -> int:
        """Let go of what is safe; the entry that the ledger now begins with."""
        self._safely(self.pen.prune)
        return self.pen.floor

    def hear(self, jws: str) -> str | None:
        """What the agent brings: None if it was taken, or why not."""
        receipt = unseal(jws, RECEIPT_TYPE, _VERIFIERS, Receipt)
        if self._contradicts(receipt):
            self._chronicle.contradicted.add(self.journal)
        before = self.pen.generation, self.pen.acked, self.pen.safe
        try:
            self._safely(lambda: self.pen.acknowledge(receipt, jws))
        except JournalForkedError as error:
            self._give_up(receipt, str(error))
            return str(error)
        except ValueError as error:
            self._chronicle.counted["receipts refused"] += 1
            return str(error)
        after = self.pen.generation, self.pen.acked, self.pen.safe
        insist(after[:2] >= before[:2], f"{self.journal}: from {before} back to {after}, by {receipt}")
        if after != before:
            self.confirmed(self.journal, receipt)
        return None

    def close(self) -> None:
        """End: what is on the card stays as it is."""
        self._reader.close()
        self.pen.close()

    def _contradicts(self, receipt: Receipt) -> bool:
        """Whether the hub's own words prove that this ledger is not what it once was."""
        if (receipt.dev, receipt.epoch) != self.journal or not receipt.seq:
            return False
        ours = self._reader.hash_of(receipt.seq)
        return receipt.seq > self.pen.head or (ours is not None and b64(ours) != receipt.hash)

    def _give_up(self, receipt: Receipt, why: str) -> None:
        """The hub has what this file has not: the next start begins a new epoch (as `Keeper.fork` does)."""
        reason: ForkReason = "behind-the-hub" if receipt.seq > self.pen.head else "another-history"
        set_aside(self._card.ledger, reason, why, HeadOf(receipt.seq, receipt.hash))
        self._chronicle.told.add(self.journal)
        self._chronicle.counted["forks reported by objects"] += 1
        self.over()

    def _write(self, orders: list[Order]) -> None:
        self._safely(lambda: self.pen.write(orders))

    def _safely(self, work: Callable[[], object]) -> None:
        """After an error of the disk nothing in this process can be believed: it ends."""
        try:
            work()
        except apsw.FullError:
            self._chronicle.counted["runtimes ended by a full card"] += 1
            self.over()
            return
        self._note()

    def _note(self) -> None:
        if self.pen.head > self._noted:
            entries = self._reader.after(self._noted, self.pen.head)
            self._chronicle.wrote(self.journal, entries)
            self._noted = self.pen.head
            self.rung(self.pen.head)
