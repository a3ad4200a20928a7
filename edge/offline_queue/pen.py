"""The pen: the one hand that writes a ledger, one commit after the other.

It has no thread and no event loop: the journal gives it both. After an `apsw.Error` nothing in this process
can be believed any more, and the ledger is opened again.
"""

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import MappingProxyType
from typing import Final, TypeVar

import apsw
import msgspec

from cloud_sync.contract.encoding import b64
from cloud_sync.contract.entry import Body, SignedEntry, decode_body, encode_body, sign_entry
from cloud_sync.contract.facts import Boot, Checkpoint, Fact, Genesis, KeyRotated, kind_of
from cloud_sync.contract.receipt import Receipt
from cloud_sync.contract.signing import Signer
from edge.clock import Clock
from edge.offline_queue import projections as views
from edge.offline_queue.bookkeeping import checked, idem_digest
from edge.offline_queue.budget import NoReserve, Reserve, disk_is_full
from edge.offline_queue.ledger import WAL_PAGES_MAX, begin_new_round, locked, open_ledger, transaction
from edge.offline_queue.outcomes import (
    Appended,
    ForeignLedgerError,
    IdemConflictError,
    JournalClosedError,
    JournalDamagedError,
    JournalForkedError,
    ReceiptRefusedError,
    Recorded,
)
from edge.offline_queue.projections import Projection
from edge.offline_queue.pruning import next_floor, tear_out
from edge.offline_queue.set_aside import forget, held_together, predecessor, quarantine
from edge.offline_queue.standing import standing

_T = TypeVar("_T")

# At a start the entries since the last checkpoint are checked: 4,096 take a tenth of a second.
_CHECKPOINT_EVERY: Final = 4_096


class Order(msgspec.Struct, frozen=True):
    """A fact to be written, and the key under which it is written once."""

    fact: Fact
    idem: str


class Pen:
    """Writes the ledger at `path`, and is the only one that does.

    Raises JournalDamagedError, ForeignLedgerError or JournalClosedError when it cannot be opened.
    """

    def __init__(  # noqa: PLR0913 - each is a thing of its own that the runtime brings along
        self,
        path: Path,
        signer: Signer,
        dev: str,
        clock: Clock,
        projections: Sequence[Projection] = (),
        *,
        reserve: Reserve | None = None,
    ) -> None:
        self.path: Final = path
        self._signer = signer
        self.dev: Final = dev
        self._clock = clock
        self._projections = tuple(projections)
        self._reserve = reserve or NoReserve()
        self._boot = b64(secrets.token_bytes(6))
        with ExitStack() as opened:
            opened.enter_context(locked(path))
            self._before = predecessor(path, self._projections)
            self._db = self._opened_ledger()
            opened.callback(self._db.close)
            with held_together(path, self._db.close):
                self._resume()
            self._opened = opened.pop_all()
        self._wal_pages, self._broken = 0, False
        self._db.set_wal_hook(self._grown)

    def _opened_ledger(self) -> apsw.Connection:
        """The file; one that does not hold together is set aside, and a person is told where."""
        keys_spent = self._before.keys_spent if self._before else ()
        try:
            return open_ledger(self.path, self.dev, keys_spent)
        except JournalClosedError:
            if not self._reserve.release():
                raise
            return open_ledger(self.path, self.dev, keys_spent)  # a full disk has room now
        except ForeignLedgerError:
            raise
        except JournalDamagedError as error:
            quarantine(self.path, str(error))

    def _resume(self) -> None:
        stands = standing(self._db)
        self._check_key(stands.kid)
        self.epoch, self.follows = stands.epoch, stands.follows
        self.head, self._hash, self._wall_ms = stands.head, stands.hash, stands.wall_ms
        self.floor, self._checkpoint = stands.floor, stands.checkpoint
        self.acked, self.generation, self.safe = stands.acked, stands.generation, stands.safe
        self._folded = 0

    def _check_key(self, kid: str | None) -> None:
        """A chain goes on with the key that it has come to, or by its word with the next one."""
        if (mine := self._signer.public.kid) != (kid or mine):
            raise ForeignLedgerError(
                f"{self.path}: key {kid} signs it, the object's is {mine}: give the object its own key back"
            )

    def _grown(self, _db: apsw.Connection, _name: str, pages: int) -> int:
        self._wal_pages = pages
        return apsw.SQLITE_OK

    @property
    def spare_bytes(self) -> int:
        """Room inside the file that was pruned, and is written again before the file grows."""
        return int(self._db.pragma("freelist_count")) * int(self._db.pragma("page_size"))

    @property
    def wal_is_long(self) -> bool:
        """Whether `flush` is due."""
        return self._wal_pages > WAL_PAGES_MAX

    @property
    def checkpoint_is_due(self) -> bool:
        """Whether so much was written since the last one that the next start would take longer."""
        return self.head - self._checkpoint >= _CHECKPOINT_EVERY

    @property
    def behind(self) -> int:
        """Entries that the projections have yet to read."""
        return self.head - self._folded if self._projections else 0

    def begin(self, version: str) -> None:
        """Write how the journal begins if the file is new, then that `version` of the runtime has started.

        Raises JournalDamagedError when the file does not hold together: it is set aside, and this is closed.
        """
        with held_together(self.path, self._opened.close):
            self._begin(version)

    def _begin(self, version: str) -> None:
        views.prepare(self._db, self._projections)
        if self.head == 0:
            self._begin_epoch()
        self.write([Order(Boot(version), f"boot/{self._boot}")])
        # Only now: what a killed process wrote last is on the disk after this commit, and not before.
        if self._before is not None:
            forget(self.path)
            self._before = None
        while self.fold():
            pass

    def _begin_epoch(self) -> None:
        genesis = Order(Genesis(self._signer.public, self._signer.tier), f"genesis/{self.epoch}")
        if self._before is None:
            self.write([genesis])
        else:
            orders = [genesis, Order(self._before.fact, f"fork/{self.epoch}")]
            self._write_checkpoint(orders, self._before.states)

    def write(self, orders: Sequence[Order]) -> list[Appended | ValueError]:
        """Write `orders` in one commit; what is returned for each is on the disk, or why it was refused.

        A full disk is given the reserve, once. Raises apsw.Error: nothing was written, or nobody knows.
        """
        return self._with_reserve(lambda: self._commit(orders))

    def _with_reserve(self, work: Callable[[], _T]) -> _T:
        """`work`, once more when the disk was full and the reserve has made room."""
        try:
            return work()
        except apsw.Error as error:
            if not (disk_is_full(error) and self._reserve.release()):
                self._broken = True
                raise
            return work()

    def _commit(self, orders: Sequence[Order]) -> list[Appended | ValueError]:
        with self._writing():
            return [self._insert(order) for order in orders]

    def _insert(self, order: Order) -> Appended | ValueError:
        """One fact into the open transaction, or why not."""
        if (known := self._known(order)) is not None:
            return known
        body = Body(
            dev=self.dev,
            epoch=self.epoch,
            seq=self.head + 1,
            idem=order.idem,
            boot=self._boot,
            mono_us=self._clock.now_ns() // 1_000,
            wall_ms=max(self._wall_ms, self._clock.wall_ms()),
            clock=self._clock.quality(),
            fact=order.fact,
        )
        try:
            data = encode_body(body)
        except ValueError as error:
            return error
        entry = sign_entry(self._signer, body.seq, self._hash, data)
        self._db.execute(
            "INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                entry.seq,
                kind_of(order.fact),
                order.idem,
                entry.kid,
                entry.prev,
                entry.body,
                entry.hash,
                entry.sig,
            ),
        )
        self.head, self._hash, self._wall_ms = entry.seq, entry.hash, body.wall_ms
        return Appended(entry, body, Recorded.NOW)

    def _known(self, order: Order) -> Appended | IdemConflictError | None:
        """What was written under the key of `order` before."""
        row = self._db.execute(
            "SELECT seq, kid, prev, body, hash, sig FROM entry WHERE idem = ?", (order.idem,)
        ).fetchone()
        if row is not None:
            entry = SignedEntry(*row)
            body = decode_body(entry.body)
            if body.fact == order.fact:
                return Appended(entry, body, Recorded.ALREADY)
            return IdemConflictError(
                f"{order.idem!r} is entry {entry.seq}, which says something else: use a new key"
            )
        spent = self._db.execute("SELECT seq FROM spent WHERE digest = ?", (idem_digest(order.idem),)).get
        if spent is not None:
            return IdemConflictError(
                f"{order.idem!r} is entry {spent}, which this file no longer has: use a new key"
            )
        return None

    def acknowledge(self, receipt: Receipt, jws: str) -> int:
        """Move `acked` by a receipt whose signature was checked; return the new `acked`.

        Raises ReceiptRefusedError when the receipt is not of this journal, JournalForkedError when it proves
        that this file is not what this object last wrote.
        """
        if (receipt.dev, receipt.epoch) != (self.dev, self.epoch):
            raise ReceiptRefusedError(
                f"expected a receipt for {self.dev} in epoch {self.epoch},"
                f" got one for {receipt.dev} in {receipt.epoch}"
            )
        if receipt.safe > receipt.seq:
            raise ReceiptRefusedError(
                f"the hub's backup covers entry {receipt.safe}, and the hub itself only {receipt.seq}"
            )
        # An old word of the hub's moves nothing, and still proves what this file once held.
        self._check_history(receipt)
        if (receipt.generation, receipt.seq) >= (self.generation, self.acked):
            if receipt.seq < self.floor - 1:
                raise ReceiptRefusedError(
                    f"the hub came back with entry {receipt.seq}, and entries below {self.floor} are pruned"
                    " here: restore a newer backup of the hub"
                )
            self._with_reserve(lambda: self._acknowledge(receipt, jws))
        return self.acked

    def _check_history(self, receipt: Receipt) -> None:
        if receipt.seq > self.head:
            raise JournalForkedError(
                f"the hub has confirmed entry {receipt.seq}, and this ledger ends at {self.head}"
            )
        if receipt.seq >= max(self.floor - 1, 1) and b64(self._hash_of(receipt.seq)) != receipt.hash:
            raise JournalForkedError(f"the hub has confirmed another entry {receipt.seq} than this one")

    def _hash_of(self, seq: int) -> bytes:
        """The hash of an entry that is there, or of the last one that was pruned."""
        if seq < self.floor:
            return bytes(self._db.execute("SELECT prev FROM entry WHERE seq = ?", (seq + 1,)).get)
        return bytes(self._db.execute("SELECT hash FROM entry WHERE seq = ?", (seq,)).get)

    def _acknowledge(self, receipt: Receipt, jws: str) -> None:
        same = receipt.generation == self.generation
        safe = max(self.safe, receipt.safe) if same else receipt.safe
        if same and (receipt.seq, safe) == (self.acked, self.safe) and self.acked:
            return
        with transaction(self._db):
            self._db.execute(
                "INSERT INTO acked VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (one) DO UPDATE"
                " SET seq = ?2, generation = ?3, safe = ?4, jws = ?5, chk = ?6",
                checked(1, receipt.seq, receipt.generation, safe, jws),
            )
        self.acked, self.generation, self.safe = receipt.seq, receipt.generation, safe

    def fold(self) -> bool:
        """Bring the projections forward by a piece; False when nothing was left."""
        if self._with_reserve(lambda: views.catch_up(self._db, self._projections)):
            self._folded = int(self._db.execute("SELECT min(seq) FROM projection").get)
            return True
        self._folded = self.head
        return False

    def checkpoint(self) -> Appended:
        """Write a checkpoint: the closing state of every projection, signed for by its hash."""
        while self.fold():
            pass
        return self._with_reserve(self._write_checkpoint)

    def _write_checkpoint(
        self, orders: Sequence[Order] = (), carried: Mapping[str, views.State] = MappingProxyType({})
    ) -> Appended:
        """Write `orders` and then a checkpoint, with the states that it names, in one commit.

        `carried` are the states that a new epoch takes over.
        """
        with self._writing():
            for order in orders:
                done = self._insert(order)
                assert isinstance(done, Appended), "nobody else uses such a key"
            for state in carried.values():
                views.load(self._db, state)
            states = list(views.closing_states(self._db, self._projections))
            fact = Checkpoint(self._signer.public, tuple(state for state, _ in states))
            done = self._insert(Order(fact, f"checkpoint/{self.epoch}/{self.head + 1}"))
            assert isinstance(done, Appended), "nobody else uses such a key"
            self._db.executemany(
                "INSERT INTO closing VALUES (?, ?, ?, ?)",
                [(self.head, state.name, state.version, data) for state, data in states],
            )
        self._checkpoint = self.head
        return done

    def prune(self) -> int:
        """Delete the oldest entries, up to the next checkpoint that a backup of the hub covers.

        Returns how many: 0 when nothing is left to prune. Their idempotency keys are kept for 90 days.
        """
        floor = next_floor(self._db, self.floor, self.safe)
        if floor is None:
            return 0
        with transaction(self._db):
            tear_out(self._db, floor, self._wall_ms)
        pruned, self.floor = floor - self.floor, floor
        return pruned

    def rotate(self, signer: Signer) -> Appended:
        """Hand over to another key: the old one signs for the new one, which signs from the next entry on."""
        fact = KeyRotated(signer.public, signer.tier)
        (done,) = self.write([Order(fact, f"key/{self.epoch}/{self.head + 1}")])
        assert isinstance(done, Appended), "nobody else uses such a key"
        self._signer = signer
        return done

    def rebuild(self) -> Iterator[int]:
        """Drop every projection and fold it anew; yields the seq that it has come to, piece by piece.

        Raises NoStartError.
        """
        for projection in self._projections:
            views.reset(self._db, projection)
        while self.fold():
            yield int(self._db.execute("SELECT min(seq) FROM projection").get)

    def flush(self) -> None:
        """Move the log into the file, as far as no reader and no full disk is in the way."""
        try:
            self._db.wal_checkpoint(None, apsw.SQLITE_CHECKPOINT_PASSIVE)
        except apsw.Error as error:
            if not disk_is_full(error):
                self._broken = True
                raise
            self._reserve.release()

    def close(self) -> None:
        """Give the ledger back. After a failure the log stays as it is: the next start reads it."""
        if not self._broken:
            with suppress(apsw.Error):
                begin_new_round(self._db)
        self._opened.close()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """A transaction that writes entries: what is remembered of the head goes back with it."""
        with ExitStack() as unless_written:
            unless_written.callback(self._go_back, self.head, self._hash, self._wall_ms)
            with transaction(self._db):
                yield
            unless_written.pop_all()

    def _go_back(self, head: int, head_hash: bytes, wall_ms: int) -> None:
        self.head, self._hash, self._wall_ms = head, head_hash, wall_ms
