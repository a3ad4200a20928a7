"""A shopkeeper with a pen: it uses a ledger as the object does, and remembers every promise."""

from collections.abc import Sequence
from contextlib import ExitStack, closing
from itertools import pairwise
from pathlib import Path
from typing import Final

from cloud_sync.contract.entry import SignedEntry, decode_body
from cloud_sync.contract.facts import Checkpoint, Fact, KeyRotated, Sale, kind_of
from cloud_sync.contract.receipt import Receipt
from cloud_sync.contract.signing import SoftwareKey
from edge.checkout.books import ShopProjection
from edge.offline_queue.budget import Reserve
from edge.offline_queue.integrity import Problem, full_check
from edge.offline_queue.outcomes import Appended
from edge.offline_queue.pen import Order, Pen
from edge.offline_queue.reader import LedgerReader, as_entry
from tests.offline_queue.faults.shop import DEV, KEY, KEYS, Hub, ShopClock, arrival, sale

PROJECTIONS: Final = (ShopProjection(),)


class Keeper:
    """Keeps one ledger through many openings; what it was promised is in `promised`, by seq.

    `doing` is what it asked for last, and `in_flight` the entries (see `label`) that were asked for and not
    promised.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.clock = ShopClock()
        self.key: SoftwareKey = KEY
        self.reserve: Reserve | None = None
        self.promised: dict[int, SignedEntry] = {}
        self.receipt: tuple[Receipt, str] | None = None
        self.safe = 0
        self.doing = "nothing"
        self.in_flight: tuple[str, ...] = ()
        self.pen: Pen
        self._open = ExitStack()

    def open(self) -> None:
        """Open the ledger, and begin."""
        self.doing = "open"
        self.pen = Pen(self.path, self.key, DEV, self.clock, PROJECTIONS, reserve=self.reserve)
        self._open.callback(self.pen.close)
        known = self.pen.head
        self.in_flight = ("boot",) if known else ("genesis", "boot")
        self.pen.begin("1.0")
        self._remember([self._entry(seq) for seq in range(known + 1, self.pen.head + 1)])

    def close(self) -> None:
        """Give the file back, if it is open."""
        self.doing = "close"
        self._open.close()

    def start_again(self) -> None:
        """Close the ledger, and open it."""
        self.close()
        self.open()

    def sell(self, *names: object) -> None:
        """One group of sales."""
        self.doing = "sell"
        self._write([sale(name) for name in names])

    def stock(self, *names: object) -> None:
        """One group of arrivals."""
        self.doing = "stock"
        self._write([arrival(name) for name in names])

    def send(self, seq: int, safe: int = 0) -> None:
        """The hub commits everything up to `seq`, a backup of it `safe`; its receipt is on the way."""
        self.doing = "send"
        self.safe = max(self.safe, safe)
        self.receipt = Hub(self.pen.epoch).confirms(self.promised[seq], safe)

    def confirm(self, seq: int, safe: int = 0) -> None:
        """The hub confirms everything up to `seq`, of which a backup covers `safe`."""
        self.send(seq, safe)
        self.doing = "confirm"
        assert self.receipt is not None
        self.pen.acknowledge(*self.receipt)

    def checkpoint(self) -> None:
        """Close the books for a moment."""
        self.doing, self.in_flight = "checkpoint", ("checkpoint",)
        self._remember([self.pen.checkpoint().entry])

    def rotate(self, key: SoftwareKey) -> None:
        """Hand over to another key."""
        self.doing, self.in_flight = "rotate", ("key.rotated",)
        self._remember([self.pen.rotate(key).entry])
        self.key = key

    def fold(self) -> None:
        """Bring the projections up to date."""
        self.doing = "fold"
        while self.pen.fold():
            pass

    def prune(self) -> None:
        """Delete what may be deleted."""
        self.doing = "prune"
        while self.pen.prune():
            pass

    def flush(self) -> None:
        """Move the log into the file."""
        self.doing = "flush"
        self.pen.flush()

    def _write(self, facts: Sequence[Fact]) -> None:
        orders = [Order(fact, key_of_fact(fact)) for fact in facts]
        self.in_flight = tuple(order.idem for order in orders)
        written = self.pen.write(orders)
        assert all(isinstance(one, Appended) for one in written), written
        self._remember([one.entry for one in written if isinstance(one, Appended)])

    def _remember(self, entries: Sequence[SignedEntry]) -> None:
        self.promised |= {entry.seq: entry for entry in entries}
        self.in_flight = ()

    def _entry(self, seq: int) -> SignedEntry:
        sql = "SELECT seq, kid, prev, body, hash, sig FROM entry WHERE seq = ?"
        return as_entry(self.pen._db.execute(sql, (seq,)).get)


def key_of_fact(fact: Fact) -> str:
    """The idempotency key that the keeper uses for a fact."""
    return fact.sale if isinstance(fact, Sale) else str(getattr(fact, "transfer", kind_of(fact)))


def label(entry: SignedEntry) -> str:
    """What an entry is, as `Keeper.in_flight` has it: the key of a sale or an arrival, else its kind."""
    return key_of_fact(decode_body(entry.body).fact)


def read_entries(path: Path, first: int = 1) -> list[SignedEntry]:
    """Every entry of a ledger from `first` on."""
    with closing(LedgerReader(path)) as reader:
        return list(reader.entries(max(first, reader.floor())))


def key_that_signs(entries: Sequence[SignedEntry]) -> SoftwareKey:
    """The key that signs the next entry: after a rotation that nobody confirmed, only the ledger knows."""
    kid = KEY.public.kid
    for entry in entries:
        fact = decode_body(entry.body).fact
        kid = fact.key.kid if isinstance(fact, KeyRotated | Checkpoint) else kid
    return KEYS[kid]


def problems_of(path: Path) -> list[Problem]:
    """Everything that the full check finds."""
    with closing(LedgerReader(path)) as reader:
        return [one for one in full_check(reader, PROJECTIONS) if isinstance(one, Problem)]


def check_promises(keeper: Keeper, entries: Sequence[SignedEntry]) -> None:
    """Raise AssertionError unless `entries`, all that a ledger has, keep what its keeper was promised."""
    assert all((b.seq, b.prev) == (a.seq + 1, a.hash) for a, b in pairwise(entries)), "the chain is broken"
    floor = entries[0].seq if entries else 1
    assert floor <= max(1, keeper.safe), f"entries from {keeper.safe} on are gone, and no backup covers them"
    there = {entry.seq: entry for entry in entries}
    lost = [seq for seq, entry in keeper.promised.items() if seq >= floor and there.get(seq) != entry]
    assert not lost, f"promised entries {lost} are lost"


def unpromised(keeper: Keeper, entries: Sequence[SignedEntry]) -> tuple[str, ...]:
    """What a ledger has beyond what its keeper was promised."""
    return tuple(label(entry) for entry in entries if entry.seq not in keeper.promised)
