"""What a ledger must say, in the plainest words: nothing here is a database, a chain or a projection."""

from collections import Counter
from typing import Final

import msgspec

from cloud_sync.contract.encoding import b64
from cloud_sync.contract.entry import SignedEntry, decode_body
from cloud_sync.contract.facts import Arrived, Checkpoint, Fact, Sale, UnbalancedError
from cloud_sync.contract.receipt import Receipt
from edge.offline_queue.outcomes import (
    IdemConflictError,
    JournalForkedError,
    ReceiptRefusedError,
    Recorded,
)
from edge.offline_queue.pen import Order
from tests.offline_queue.faults.shop import DEV

_KEYS_KEPT_MS: Final = 90 * 24 * 3_600 * 1_000


class Line(msgspec.Struct, frozen=True):
    """One entry."""

    idem: str
    fact: Fact
    wall_ms: int
    hash: bytes


class Model:
    """All that was ever written, by seq, and what became of it."""

    def __init__(self, epoch: str) -> None:
        self.epoch = epoch
        self.lines: list[Line] = []
        self.spent: dict[str, int] = {}
        self.floor = 1
        self.acked, self.generation, self.safe = 0, 0, 0
        self.stock: Counter[tuple[str, str]] = Counter()
        self.takings: Counter[str] = Counter()
        self.transfers: set[str] = set()

    @property
    def head(self) -> int:
        return len(self.lines)

    def hash_of(self, seq: int) -> str:
        """The hash of an entry, also of one that was pruned, as receipts have it."""
        return b64(self.lines[seq - 1].hash) if seq else ""

    def kept(self) -> list[Line]:
        """What has not been pruned."""
        return self.lines[self.floor - 1 :]

    def take(self, entry: SignedEntry, clock_ms: int) -> None:
        """An entry was promised while the clock stood at `clock_ms`."""
        body = decode_body(entry.body)
        newest = self.lines[-1].wall_ms if self.lines else 0
        assert entry.seq == body.seq == self.head + 1
        assert body.wall_ms == max(newest, clock_ms), (
            "time goes on, or stands still where the clock went back"
        )
        self.lines.append(Line(body.idem, body.fact, body.wall_ms, entry.hash))
        self._fold(body.fact)

    def answer_to(self, order: Order) -> Recorded | type[ValueError]:
        """What becomes of an order."""
        for line in self.kept():
            if line.idem == order.idem:
                return Recorded.ALREADY if line.fact == order.fact else IdemConflictError
        if order.idem in self.spent:
            return IdemConflictError
        moves = getattr(order.fact, "moves", ())
        return Recorded.NOW if all(move.units > 0 for move in moves) else UnbalancedError

    def hear(self, receipt: Receipt) -> type[ReceiptRefusedError] | None:
        """What a receipt does: it is taken (or is an old one), or it is refused."""
        if (receipt.dev, receipt.epoch) != (DEV, self.epoch) or receipt.safe > receipt.seq:
            return ReceiptRefusedError
        if receipt.seq > self.head:
            return JournalForkedError
        known = receipt.seq >= max(self.floor - 1, 1)
        if known and receipt.hash != self.hash_of(receipt.seq):
            return JournalForkedError
        if (receipt.generation, receipt.seq) < (self.generation, self.acked):
            return None
        if receipt.seq < self.floor - 1:
            return ReceiptRefusedError
        covered = self.safe if receipt.generation == self.generation else 0
        self.acked, self.generation = receipt.seq, receipt.generation
        self.safe = max(covered, receipt.safe)
        return None

    def prune(self) -> int:
        """Forget everything below the next checkpoint that a backup covers, but the keys of 90 days."""
        floor = next((seq for seq in range(self.floor + 1, self.safe + 1) if self._is_checkpoint(seq)), None)
        if floor is None:
            return 0
        self.spent |= {line.idem: line.wall_ms for line in self.lines[self.floor - 1 : floor - 1]}
        oldest = self.lines[-1].wall_ms - _KEYS_KEPT_MS
        self.spent = {idem: wall_ms for idem, wall_ms in self.spent.items() if wall_ms >= oldest}
        pruned, self.floor = floor - self.floor, floor
        return pruned

    def _is_checkpoint(self, seq: int) -> bool:
        return isinstance(self.lines[seq - 1].fact, Checkpoint)

    def _fold(self, fact: Fact) -> None:
        if isinstance(fact, Arrived):
            self.transfers.add(fact.transfer)
        if isinstance(fact, Sale):
            self.takings[fact.tender] += fact.total_minor
        for move in getattr(fact, "moves", ()):
            self.stock[move.giver, move.gtin] -= move.units
            self.stock[move.taker, move.gtin] += move.units
