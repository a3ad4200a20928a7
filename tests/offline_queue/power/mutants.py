"""Bugs that we know how to make: each is the product with one thing wrong, for as long as its block lasts."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

import apsw
import msgspec

from cloud_sync.contract.entry import decode_body
from cloud_sync.contract.facts import Checkpoint
from edge.offline_queue import bookkeeping, ledger, pen, projections, pruning, set_aside
from edge.offline_queue.bookkeeping import checked, idem_digest
from edge.offline_queue.outcomes import Appended
from edge.offline_queue.pen import Order, Pen


class Mutant(msgspec.Struct, frozen=True):
    """A bug: what makes it, and whether it may show itself already while the power is there.

    One for which `in_life` is False must be found by a crash: a world whose life it spoils does not count.
    """

    made: Callable[[], AbstractContextManager[Any]]
    in_life: bool = False


@contextmanager
def _schema_without(*parts: tuple[str, str]) -> Iterator[None]:
    """The ledger's schema with some of its words replaced: the database refuses less than it should."""
    schema = ledger._schema()
    for old, new in parts:
        assert schema.count(old) == 1, f"expected {old!r} once in the schema"
        schema = schema.replace(old, new)
    with patch.object(ledger, "_schema", lambda: schema):
        yield


@contextmanager
def _pragma(wrong: str) -> Iterator[None]:
    """One PRAGMA of the ledger's set wrong; without a WAL a reader is in the way, and is not waited for."""
    name = wrong.split("=", maxsplit=1)[0]
    pragmas = tuple(wrong if pragma.startswith(name) else pragma for pragma in ledger._PRAGMAS)
    assert wrong in pragmas
    with patch.object(ledger, "_PRAGMAS", pragmas), patch.object(ledger, "_BUSY_MS", 0):
        yield


@contextmanager
def _acknowledged_before_the_commit() -> Iterator[None]:
    """What was written is committed when the next thing is, or at the end."""

    def settle(db: apsw.Connection) -> None:
        if db.in_transaction:
            db.execute("COMMIT")

    @contextmanager
    def late(db: apsw.Connection) -> Iterator[None]:
        settle(db)
        db.execute("BEGIN IMMEDIATE")
        yield

    def settled(usual: Callable[[Pen], None]) -> Callable[[Pen], None]:
        def first(self: Pen) -> None:
            settle(self._db)
            usual(self)

        return first

    with (
        patch.object(pen, "transaction", late),
        patch.object(projections, "transaction", late),
        patch.object(ledger, "transaction", late),
        patch.object(Pen, "flush", settled(Pen.flush)),
        patch.object(Pen, "close", settled(Pen.close)),
    ):
        yield


@contextmanager
def _stock_in_a_second_transaction() -> Iterator[None]:
    """Sales and arrivals of one group are committed one after the other."""
    usual = Pen._commit

    def commit(self: Pen, orders: Sequence[Order]) -> list[Appended | ValueError]:
        parts = [[*part] for _, part in groupby(orders, lambda order: type(order.fact))]
        return [answer for part in parts for answer in usual(self, part)]

    with patch.object(Pen, "_commit", commit):
        yield


def _each_order_in_its_own_transaction() -> AbstractContextManager[Any]:
    usual = Pen._commit

    def commit(self: Pen, orders: Sequence[Order]) -> list[Appended | ValueError]:
        return [answer for order in orders for answer in usual(self, [order])]

    return patch.object(Pen, "_commit", commit)


@contextmanager
def _deleted_before_it_is_safe() -> Iterator[None]:
    """What the hub has confirmed is pruned, whether a backup of it has that or not."""
    usual = Pen.prune

    def prune(self: Pen) -> int:
        safe, self.safe = self.safe, self.acked
        try:
            return usual(self)
        finally:
            self.safe = safe

    with _schema_without(("seq <= (SELECT safe FROM acked)", "TRUE")), patch.object(Pen, "prune", prune):
        yield


def _pruned_keys_are_forgotten() -> AbstractContextManager[Any]:
    return patch.object(pruning, "KEYS_KEPT_MS", -1)


def _pruned_before_the_keys_are_kept() -> AbstractContextManager[Any]:
    """The entries go in one transaction, and their keys are written down in the next."""

    def tear_out(db: apsw.Connection, floor: int, _wall_ms: int) -> None:
        old: list[Any] = db.execute("SELECT seq, body FROM entry WHERE seq < ?", (floor,)).fetchall()
        db.execute("DELETE FROM entry WHERE seq < ?", (floor,))
        db.execute("DELETE FROM closing WHERE seq < ?", (floor,))
        db.execute("COMMIT")
        db.execute("BEGIN IMMEDIATE")
        for seq, data in old:
            body = decode_body(data)
            row = checked(idem_digest(body.idem), seq, body.wall_ms)
            db.execute("REPLACE INTO spent VALUES (?, ?, ?, ?)", row)

    return patch.object(pen, "tear_out", tear_out)


def _a_column_without_a_check() -> AbstractContextManager[Any]:
    """The check of a small row leaves out its last column."""
    usual = bookkeeping.check_of
    return patch.object(bookkeeping, "check_of", lambda *values: usual(*values[:-1]))


@contextmanager
def _keys_are_not_looked_up() -> Iterator[None]:
    with (
        _schema_without(("idem  TEXT NOT NULL UNIQUE", "idem  TEXT NOT NULL")),
        patch.object(Pen, "_known", lambda _self, _order: None),
    ):
        yield


def _a_second_library_looks_at_the_live_file() -> AbstractContextManager[Any]:
    """The interpreter's own SQLite reads the ledger in the same process, and closes it."""
    usual = Pen.fold

    def fold(self: Pen) -> bool:
        other = sqlite3.connect(self.path)
        other.execute("SELECT count(*) FROM entry").fetchone()
        other.close()
        return usual(self)

    return patch.object(Pen, "fold", fold)


def _the_file_is_not_synced_when_the_log_is_moved() -> AbstractContextManager[Any]:
    usual = Pen.flush

    def flush(self: Pen) -> None:
        self._db.execute("PRAGMA synchronous = OFF")
        usual(self)
        self._db.execute("PRAGMA synchronous = FULL")

    return patch.object(Pen, "flush", flush)


def _a_view_moves_its_cursor_in_another_transaction() -> AbstractContextManager[Any]:
    def catch_up(db: apsw.Connection, views: Sequence[projections.Projection]) -> bool:
        folded = False
        for view in views:
            seq = db.execute("SELECT seq FROM projection WHERE name = ?", (view.name,)).get
            rows: list[Any] = db.execute(
                "SELECT seq, body FROM entry WHERE seq > ? ORDER BY seq", (seq,)
            ).fetchall()
            with db:
                for _, body in rows:
                    view.fold(db.cursor(), decode_body(body))
            if rows:
                folded = True
                projections._read_up_to(db, view, int(rows[-1][0]))
        return folded

    return patch.object(projections, "catch_up", catch_up)


def _a_checkpoint_without_its_states() -> AbstractContextManager[Any]:
    """The states that a checkpoint names are kept one commit later."""

    def checkpoint(self: Pen) -> Appended:
        while self.fold():
            pass
        states = list(projections.closing_states(self._db, self._projections))
        fact = Checkpoint(self._signer.public, tuple(state for state, _ in states))
        (done,) = self.write([Order(fact, f"checkpoint/{self.epoch}/{self.head + 1}")])
        assert isinstance(done, Appended)
        with ledger.transaction(self._db):
            for state, data in states:
                row = (self.head, state.name, state.version, data)
                self._db.execute("INSERT INTO closing VALUES (?, ?, ?, ?)", row)
        return done

    return patch.object(Pen, "checkpoint", checkpoint)


def _any_receipt_moves_acked() -> AbstractContextManager[Any]:
    return patch.object(Pen, "_check_history", lambda _self, _receipt: None)


def _the_head_stays_after_a_failed_commit() -> AbstractContextManager[Any]:
    return patch.object(Pen, "_writing", lambda self: ledger.transaction(self._db))


@contextmanager
def _an_entry_names_the_last_hash_but_one() -> Iterator[None]:
    """In a group, every entry is chained to what stood before the group."""
    usual = Pen._commit, Pen._insert
    stale = b""

    def commit(self: Pen, orders: Sequence[Order]) -> list[Appended | ValueError]:
        nonlocal stale
        stale = self._hash
        return usual[0](self, orders)

    def insert(self: Pen, order: Order) -> Appended | ValueError:
        self._hash = stale
        return usual[1](self, order)

    unchained = ("NEW.seq > 1 AND NEW.prev IS NOT", "FALSE AND NEW.prev IS NOT")
    with (
        _schema_without(unchained),
        patch.object(Pen, "_commit", commit),
        patch.object(Pen, "_insert", insert),
    ):
        yield


def _the_clock_goes_back() -> AbstractContextManager[Any]:
    usual = Pen.write

    def write(self: Pen, orders: Sequence[Order]) -> list[Appended | ValueError]:
        self._wall_ms = 0
        return usual(self, orders)

    return patch.object(Pen, "write", write)


def _the_log_is_wiped_at_a_start() -> AbstractContextManager[Any]:
    return patch.object(ledger, "_grow_wal", lambda wal: wal.write_bytes(bytes(4096)))


def _a_ledger_is_made_in_its_place() -> AbstractContextManager[Any]:
    """Without another name to be made under: half a ledger has the name of a whole one."""
    usual = ledger._make

    def make(path: Path, *others: Any) -> None:
        with patch.object(Path, "with_name", lambda self, name: self.parent / name.removesuffix(".part")):
            usual(path, *others)

    return patch.object(ledger, "_make", make)


def _the_end_of_an_epoch_is_forgotten_at_once() -> AbstractContextManager[Any]:
    """The note that an epoch is over goes before the next one has begun."""
    usual = set_aside.predecessor

    def predecessor(path: Path, *others: Any) -> Any:
        before = usual(path, *others)
        if before is not None:
            set_aside.forget(path)
        return before

    return patch.object(pen, "predecessor", predecessor)


@contextmanager
def _new_names_are_not_synced() -> Iterator[None]:
    with (
        patch.object(ledger, "sync_directory", lambda _directory: None),
        patch.object(set_aside, "sync_directory", lambda _directory: None),
    ):
        yield


def _a_note_gets_its_name_before_it_is_synced() -> AbstractContextManager[Any]:
    def write(path: Path, note: set_aside.Note) -> None:
        part = path.with_name("note.part")
        part.write_bytes(msgspec.json.encode(note))
        part.rename(set_aside._note(path))
        ledger.sync_directory(path.parent)

    return patch.object(set_aside, "_write", write)


MUTANTS: Final[dict[str, Mutant]] = {
    "acknowledged before the commit": Mutant(_acknowledged_before_the_commit),
    "stock in a second transaction": Mutant(_stock_in_a_second_transaction),
    "each order in its own transaction": Mutant(_each_order_in_its_own_transaction),
    "synchronous NORMAL instead of FULL": Mutant(lambda: _pragma("PRAGMA synchronous = NORMAL")),
    "synchronous OFF instead of FULL": Mutant(lambda: _pragma("PRAGMA synchronous = OFF")),
    "journal_mode MEMORY instead of WAL": Mutant(lambda: _pragma("PRAGMA journal_mode = MEMORY")),
    "journal_mode OFF instead of WAL": Mutant(lambda: _pragma("PRAGMA journal_mode = OFF")),
    "deleted before it is safe": Mutant(_deleted_before_it_is_safe, in_life=True),
    "pruned keys are forgotten": Mutant(_pruned_keys_are_forgotten),
    "pruned before the keys are kept": Mutant(_pruned_before_the_keys_are_kept),
    "a column without a check": Mutant(_a_column_without_a_check),
    "keys are not looked up": Mutant(_keys_are_not_looked_up),
    "a second library looks at the live file": Mutant(_a_second_library_looks_at_the_live_file),
    "the file is not synced when the log is moved": Mutant(_the_file_is_not_synced_when_the_log_is_moved),
    "a view moves its cursor in another transaction": Mutant(_a_view_moves_its_cursor_in_another_transaction),
    "a checkpoint without its states": Mutant(_a_checkpoint_without_its_states),
    "any receipt moves acked": Mutant(_any_receipt_moves_acked, in_life=True),
    "the head stays after a failed commit": Mutant(_the_head_stays_after_a_failed_commit, in_life=True),
    "an entry names the last hash but one": Mutant(_an_entry_names_the_last_hash_but_one, in_life=True),
    "the clock goes back": Mutant(_the_clock_goes_back, in_life=True),
    "the log is wiped at a start": Mutant(_the_log_is_wiped_at_a_start),
    "a ledger is made in its place": Mutant(_a_ledger_is_made_in_its_place),
    "the end of an epoch is forgotten at once": Mutant(_the_end_of_an_epoch_is_forgotten_at_once),
    "new names are not synced": Mutant(_new_names_are_not_synced),
    "a note gets its name before it is synced": Mutant(_a_note_gets_its_name_before_it_is_synced),
}
