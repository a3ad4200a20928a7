"""The journal: append-only, chained and signed; the ledger and the queue are both views of it.

One thread owns the one connection. Whoever calls `append` at the same time shares a commit, and so an fsync.
A promise of `append` is kept only after the commit: what it returns is on the disk.
"""

import asyncio
import queue
import secrets
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from importlib import resources
from pathlib import Path
from typing import Any, Final, cast

import apsw
import msgspec

from cloud_sync.contract.encoding import b64
from cloud_sync.contract.entry import (
    Body,
    Boot,
    Fact,
    Genesis,
    SignedEntry,
    decode_body,
    encode_body,
    entry_hash,
    first_prev,
    kind_of,
    sign_entry,
)
from cloud_sync.contract.receipt import Receipt
from cloud_sync.contract.signing import Signer
from edge.clock import Clock
from edge.offline_queue.outcomes import (
    Appended,
    IdemConflictError,
    JournalClosedError,
    JournalDamagedError,
    ReceiptRefusedError,
    Recorded,
)
from edge.offline_queue.projections import Projection, catch_up, prepare

SCHEMA_VERSION: Final = 1

# 5 KB are written for an entry at this size, 10 KB at SQLite's own 4096 (measured; design, section 1).
_PAGE_BYTES: Final = 1024
# A WAL of 4 MiB is checkpointed between sales, whether the hub has acknowledged or not.
_WAL_PAGES_MAX: Final = 4 * 1024 * 1024 // _PAGE_BYTES
# One commit takes at most so many entries: a burst must not make the first of it wait for the last.
_GROUP_MAX: Final = 64
# A room that appends faster than the disk writes is told so long before memory is short.
_WAITING_MAX: Final = 1_024


class _Order(msgspec.Struct):
    """Something that only the writer's thread may do, and who waits for it."""

    done: Future[Any]
    fact: Fact | None = None
    idem: str = ""
    work: Callable[[], Any] | None = None


def _promise() -> Future[Any]:
    """A future that its waiter cannot cancel: an order given to the disk is not taken back."""
    done: Future[Any] = Future()
    done.set_running_or_notify_cancel()
    return done


class Journal:
    """The one writer of a ledger.

    Make it with `open_journal`; `append` and `acknowledge` are for the event loop. `on_head` (the new head,
    after each commit) and `on_failure` (the disk failed: stop, start again) are called from the writer's
    thread.
    """

    def __init__(
        self, db: apsw.Connection, signer: Signer, dev: str, clock: Clock, projections: Sequence[Projection]
    ) -> None:
        self._db = db
        self._signer = signer
        self._clock = clock
        self._projections = tuple(projections)
        self._boot = b64(secrets.token_bytes(6))
        self._dev = dev
        self._orders: queue.Queue[_Order | None] = queue.Queue(_WAITING_MAX)
        self._failure: str | None = None
        self.on_head: Callable[[int], None] = lambda _head: None
        self.on_failure: Callable[[str], None] = lambda _why: None
        self.epoch, self.head, self._last_hash, self._last_wall_ms = _resume(db, dev)
        self.acked = int(db.execute("SELECT coalesce(max(seq), 0) FROM acked").get or 0)
        self._thread = threading.Thread(target=self._write, name="journal", daemon=True)

    @property
    def dev(self) -> str:
        """Whose journal it is."""
        return self._dev

    def start(self, version: str) -> None:
        """Write `genesis` if the file is new, then `boot`; bring projections up to date; accept appends.

        Raises JournalClosedError when the disk is full or fails.
        """
        try:
            if self.head == 0:
                self._commit([_Order(_promise(), Genesis(self._signer.public, "file"), "genesis")])
            self._commit([_Order(_promise(), Boot(version), f"boot/{self._boot}")])
            prepare(self._db, self._projections)
            while catch_up(self._db, self._projections):
                pass
        except apsw.Error as error:
            raise JournalClosedError(f"the journal of {self._dev} cannot be written: {error}") from error
        self._thread.start()

    async def append(self, fact: Fact, idem: str) -> Appended:
        """Write `fact`; return once it is on the disk. The same `idem` again returns the entry that is there.

        Raises UnbalancedError or IdemConflictError (nothing was written), JournalClosedError (nothing was
        written, or it is unknown: start again and look).
        """
        done: Future[Appended] = _promise()
        self._order(_Order(done, fact, idem))
        return await asyncio.wrap_future(done)

    async def acknowledge(self, receipt: Receipt, jws: str) -> int:
        """Move `acked` by a receipt whose signature was checked; return the new `acked`.

        Raises ReceiptRefusedError when the receipt is not of this journal.
        """
        done: Future[int] = _promise()
        self._order(_Order(done, work=lambda: self._acknowledge(receipt, jws)))
        return await asyncio.wrap_future(done)

    def close(self) -> None:
        """Write what was ordered, then give the file back."""
        if self._thread.is_alive():
            self._orders.put(None)
            self._thread.join()
        self._db.close()

    def _order(self, order: _Order) -> None:
        if self._failure is not None or not self._thread.is_alive():
            raise JournalClosedError(f"the journal of {self._dev} no longer writes: {self._failure}")
        try:
            self._orders.put_nowait(order)
        except queue.Full:
            raise JournalClosedError(
                f"{_WAITING_MAX} entries wait for the disk of {self._dev}: it is stuck"
            ) from None

    def _write(self) -> None:
        """The writer's thread: one commit for all that waits, projections when nothing does."""
        orders: list[_Order] = []
        try:
            while (order := self._orders.get()) is not None:
                orders = [order, *self._more()]
                self._commit([one for one in orders if one.fact is not None])
                for one in orders:
                    if one.work is not None:
                        _settle(one.done, one.work)
                while self._orders.empty() and catch_up(self._db, self._projections):
                    pass
            self._failure = "it was closed"
        except apsw.Error as error:
            # An fsync that failed may have thrown the pages away
            # (https://wiki.postgresql.org/wiki/Fsync_Errors): nothing in this process can be believed any
            # more. The runtime stops and starts again.
            self._failure = str(error)
            self.on_failure(self._failure)
        finally:
            self._fail(orders, self._failure or "its writer died")

    def _more(self) -> list[_Order]:
        more: list[_Order] = []
        while len(more) < _GROUP_MAX - 1:
            try:
                order = self._orders.get_nowait()
            except queue.Empty:
                break
            if order is None:
                self._orders.put(None)
                break
            more.append(order)
        return more

    def _fail(self, orders: Sequence[_Order], why: str) -> None:
        """Tell everybody who still waits that nothing is written any more."""
        reason = JournalClosedError(f"the journal of {self._dev} no longer writes: {why}")
        waiting = list(orders)
        while not self._orders.empty():
            order = self._orders.get_nowait()
            if order is not None:
                waiting.append(order)
        for order in waiting:
            if not order.done.done():
                order.done.set_exception(reason)

    def _commit(self, orders: Sequence[_Order]) -> None:
        """Write the facts of `orders` in one transaction, and keep the promises only once it is durable."""
        if not orders:
            return
        kept: list[tuple[_Order, Appended]] = []
        head, last_hash, wall_ms = self.head, self._last_hash, self._last_wall_ms
        try:
            with self._db:
                for order in orders:
                    appended = self._insert(order)
                    if appended is not None:
                        kept.append((order, appended))
        except apsw.Error:
            self.head, self._last_hash, self._last_wall_ms = head, last_hash, wall_ms
            raise
        for order, appended in kept:
            order.done.set_result(appended)
        if self.head != head:
            self.on_head(self.head)

    def _insert(self, order: _Order) -> Appended | None:
        """One fact into the open transaction; None if it is refused, which its caller has been told."""
        assert order.fact is not None
        row = self._db.execute(
            "SELECT seq, kid, prev, body, hash, sig FROM entry WHERE idem = ?", (order.idem,)
        ).get
        if row is not None:
            return self._already(order, SignedEntry(*row))
        body = Body(
            dev=self._dev,
            epoch=self.epoch,
            seq=self.head + 1,
            idem=order.idem,
            boot=self._boot,
            mono_us=self._clock.now_ns() // 1_000,
            wall_ms=max(self._last_wall_ms, self._clock.wall_ms()),
            clock=self._clock.quality(),
            fact=order.fact,
        )
        try:
            data = encode_body(body)
        except ValueError as error:
            order.done.set_exception(error)
            return None
        entry = sign_entry(self._signer, body.seq, self._last_hash, data)
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
        self.head, self._last_hash, self._last_wall_ms = entry.seq, entry.hash, body.wall_ms
        return Appended(entry, body, Recorded.NOW)

    def _already(self, order: _Order, entry: SignedEntry) -> Appended | None:
        body = decode_body(entry.body)
        if body.fact != order.fact:
            order.done.set_exception(
                IdemConflictError(
                    f"{order.idem!r} is entry {entry.seq}, which says something else: use a new key"
                )
            )
            return None
        return Appended(entry, body, Recorded.ALREADY)

    def _acknowledge(self, receipt: Receipt, jws: str) -> int:
        if (receipt.dev, receipt.epoch) != (self._dev, self.epoch):
            raise ReceiptRefusedError(
                f"expected a receipt for {self._dev} in epoch {self.epoch},"
                f" got one for {receipt.dev} in {receipt.epoch}"
            )
        if receipt.seq:
            known = self._db.execute("SELECT hash FROM entry WHERE seq = ?", (receipt.seq,)).get
            if known is None or b64(known) != receipt.hash:
                raise ReceiptRefusedError(
                    f"the hub confirmed an entry {receipt.seq} that this journal does not have"
                )
        old = self._db.execute("SELECT generation, seq FROM acked").get
        if old is None or (receipt.generation, receipt.seq) > tuple(old):
            with self._db:
                self._db.execute(
                    "INSERT INTO acked VALUES (1, ?1, ?2, ?3, ?4) ON CONFLICT (one) DO UPDATE"
                    " SET seq = ?1, generation = ?2, safe = ?3, jws = ?4",
                    (receipt.seq, receipt.generation, receipt.safe, jws),
                )
            self.acked = receipt.seq
        return self.acked


def open_journal(
    path: Path, signer: Signer, dev: str, clock: Clock, projections: Sequence[Projection] = ()
) -> Journal:
    """Open the ledger at `path`, or make a new one with a new epoch.

    Raises JournalDamagedError when the file is another object's, another version's, or does not hold
    together; JournalClosedError when the disk does not let it be opened.
    """
    new = not path.exists()
    try:
        db = apsw.Connection(str(path))
        db.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute(f"PRAGMA wal_autocheckpoint = {_WAL_PAGES_MAX}")
        with db:
            if db.pragma("user_version") == 0 and new:
                _create(db, dev)
        if db.pragma("user_version") != SCHEMA_VERSION:
            raise JournalDamagedError(
                f"{path}: expected schema version {SCHEMA_VERSION}: update OPOS, or keep the file"
            )
        _check_tail(path, db)
    except apsw.CorruptError as error:
        raise JournalDamagedError(f"{path}: {error}: keep the file, and call the hub's owner") from error
    except apsw.NotADBError as error:
        raise JournalDamagedError(f"{path}: this file is no ledger: {error}") from error
    except apsw.Error as error:
        raise JournalClosedError(f"{path}: the ledger cannot be opened: {error}") from error
    return Journal(db, signer, dev, clock, projections)


def _create(db: apsw.Connection, dev: str) -> None:
    schema = resources.files("edge.offline_queue").joinpath("schema.sql").read_text(encoding="utf-8")
    db.execute(schema)
    db.execute("INSERT INTO journal VALUES (1, ?, ?)", (dev, b64(secrets.token_bytes(16))))
    db.pragma("user_version", SCHEMA_VERSION)


# A crash can hurt only what was written last; the whole chain is `opos ledger verify`'s to check.
_TAIL: Final = 256


def _check_tail(path: Path, db: apsw.Connection) -> None:
    """Hash the last entries again: the head that the next entry is chained to must be that of its bytes."""
    rows = db.execute(
        "SELECT seq, kid, prev, body, hash FROM entry ORDER BY seq DESC LIMIT ?", (_TAIL,)
    ).fetchall()
    for row in rows:
        seq, kid, prev, body, digest = cast("tuple[int, str, bytes, bytes, bytes]", row)
        if entry_hash(kid, prev, body) != digest:
            raise JournalDamagedError(
                f"{path}: entry {seq} is not what was written: keep the file, stop selling"
            )


def _resume(db: apsw.Connection, dev: str) -> tuple[str, int, bytes, int]:
    """Epoch, head, its hash and its wall time."""
    owner, epoch = db.execute("SELECT dev, epoch FROM journal").get
    if owner != dev:
        raise JournalDamagedError(f"this ledger is of {owner}, not of {dev}: it belongs to another object")
    row = db.execute("SELECT seq, hash, body FROM entry ORDER BY seq DESC LIMIT 1").get
    if row is None:
        return epoch, 0, first_prev(epoch), 0
    seq, digest, body = row
    return epoch, seq, digest, decode_body(body).wall_ms


def _settle(done: Future[Any], work: Callable[[], Any]) -> None:
    try:
        done.set_result(work())
    except ReceiptRefusedError as error:
        done.set_exception(error)
