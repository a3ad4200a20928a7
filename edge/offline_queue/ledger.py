"""The ledger's file: made whole or not at all, brought up to date, refused when it is damaged."""

import fcntl
import os
import secrets
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

import apsw

from cloud_sync.contract.encoding import b64
from cloud_sync.contract.entry import Body, decode_body, entry_hash, first_prev
from cloud_sync.contract.facts import kind_of
from edge.offline_queue.bookkeeping import checked
from edge.offline_queue.outcomes import ForeignLedgerError, JournalClosedError, JournalDamagedError

SCHEMA_VERSION: Final = 2
"""SQLite's `user_version` of a ledger."""
APPLICATION_ID: Final = int.from_bytes(b"OPOS", "big")
"""SQLite's `application_id` of a ledger: `file` and a person with a hex viewer know it by this."""

# 5 KB are written for an entry at this size, 10 KB at SQLite's own 4096 (measured; design, section 1).
_PAGE_BYTES: Final = 1024
# A WAL this long is checkpointed between sales, whether the hub has acknowledged or not. With the commits
# that come before the next quiet moment it stays below 4,062 pages: there its index needs a second piece of
# shared memory, which a full disk has not (seen on ext4).
WAL_PAGES_MAX: Final = 3_072
# The WAL is grown once and then written over and over: a commit that makes a file longer costs the file
# system a commit of its own (measured: 244 us against 105 us).
_WAL_BYTES: Final = 4 * 1024 * 1024 + 128 * 1024
# A reader holds the file for a moment when it opens it; five seconds is a broken disk.
_BUSY_MS: Final = 5_000
# An entry touches the last pages of its tables, and a page somewhere in the index of keys. SQLite's own 2 MB
# would fill with pages that nobody asks for again: memory that seems to grow with every sale.
_CACHE_KIB: Final = 512

DAMAGE: Final = (apsw.CorruptError, apsw.NotADBError, UnicodeDecodeError)
"""What reading a file raises that does not hold together: SQLite's word, or a text that is none."""

_PRAGMAS: Final = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    f"PRAGMA cache_size = -{_CACHE_KIB}",
    "PRAGMA wal_autocheckpoint = 0",  # the pen does it between sales
    "PRAGMA cell_size_check = ON",
    "PRAGMA trusted_schema = OFF",
)

Schema = Mapping[str, tuple[str, str, str | None, bool]]
"""Name -> type, table, statement, and whether it has pages, of everything in a file's `sqlite_schema`."""


def open_ledger(path: Path, dev: str, keys_spent: Iterable[tuple[bytes, int, int]] = ()) -> apsw.Connection:
    """The ledger at `path`, to be written by this process alone; made with a new epoch if there is none.

    `keys_spent` (digest, seq, wall_ms) are the idempotency keys of an epoch that a new one follows. Raises
    JournalDamagedError when the file does not hold together, ForeignLedgerError when it is another object's
    or a later version's, JournalClosedError when the disk does not let it be opened.
    """
    try:
        if not path.exists():
            _make(path, dev, keys_spent)
        _grow_wal(_wal(path))
        return _opened(path, dev)
    except DAMAGE as error:
        raise JournalDamagedError(f"{path}: this is no whole ledger: {error}") from error
    except apsw.Error as error:
        raise JournalClosedError(f"{path}: the ledger cannot be opened: {error}") from error
    except OSError as error:
        raise JournalClosedError(f"{path}: the ledger cannot be made: {error}") from error


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Be the only process that writes the ledger at `path`; raises JournalClosedError if another one does."""
    try:
        file = path.with_name(f"{path.name}.lock").open("a")
    except OSError as error:
        raise JournalClosedError(f"{path}: the ledger cannot be opened: {error}") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise JournalClosedError(
                f"{path}: another process writes this ledger: stop the object first"
            ) from error
        yield


@contextmanager
def transaction(db: apsw.Connection) -> Iterator[None]:
    """Both, or neither: a commit when the block ends, and nothing of it when it does not.

    One inside another is a part of that one.
    """
    if db.in_transaction:
        yield
        return
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    finally:
        if db.in_transaction:  # it was not committed
            db.execute("ROLLBACK")


def begin_new_round(db: apsw.Connection) -> None:
    """Move the log into the file, and begin it anew with a commit that changes nothing.

    The next start would read a long log again, and one flipped bit in it would end it early. It is not cut
    off: a truncation that is half done at a power cut would leave old pages to be read over newer ones.
    """
    db.wal_checkpoint(None, apsw.SQLITE_CHECKPOINT_PASSIVE)
    with transaction(db):
        db.pragma("user_version", SCHEMA_VERSION)  # the same again, which SQLite writes all the same


def schema_of(db: apsw.Connection) -> Schema:
    """What is in the file."""
    sql = "SELECT name, type, tbl_name, sql, rootpage <> 0 FROM sqlite_schema"
    rows: list[Any] = db.execute(sql).fetchall()
    return {str(name): (str(kind), str(table), sql, bool(paged)) for name, kind, table, sql, paged in rows}


def schema_wanted(statements: Sequence[str] = ()) -> Schema:
    """What must be in the file: the ledger's own schema, and that of its projections."""
    return _laid_out(_schema(), *statements)


@cache
def _laid_out(*statements: str) -> Schema:
    with closing(apsw.Connection(":memory:")) as db:
        for statement in statements:
            db.execute(statement)
        return schema_of(db)


def check_schema(path: Path, db: apsw.Connection) -> None:
    """Raise JournalDamagedError if a table, an index or a trigger of the ledger is not what was made."""
    there = schema_of(db)
    for name, wanted in schema_wanted().items():
        if there.get(name) != wanted:
            raise JournalDamagedError(f"{path}: the schema of {name!r} is not what was made")


def sync_directory(directory: Path) -> None:
    """Make new names in `directory` survive a power cut."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _make(path: Path, dev: str, keys_spent: Iterable[tuple[bytes, int, int]]) -> None:
    """Make a ledger under another name, then give it its own: half a ledger never has it."""
    if _wal(path).exists():
        raise JournalDamagedError(f"{path} is gone, but its log {_wal(path).name} is there")
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    part.with_name(f"{part.name}-journal").unlink(missing_ok=True)
    with closing(apsw.Connection(str(part))) as db:
        db.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
        db.execute("PRAGMA synchronous = FULL")
        with db:
            db.execute(_schema())
            db.execute(
                "INSERT INTO journal VALUES (?, ?, ?, ?)", checked(1, dev, b64(secrets.token_bytes(16)))
            )
            db.executemany("INSERT INTO spent VALUES (?, ?, ?, ?)", (checked(*spent) for spent in keys_spent))
            db.pragma("application_id", APPLICATION_ID)
            db.pragma("user_version", SCHEMA_VERSION)
    part.rename(path)
    sync_directory(path.parent)


def _grow_wal(wal: Path) -> None:
    """Give the write-ahead log its full length; zeros are no header, so that SQLite finds it empty."""
    if wal.exists() and wal.stat().st_size:
        return
    # A process that was killed may have given the ledger its name, and no more: a log must not outlive it.
    sync_directory(wal.parent)
    with wal.open("wb") as file:
        file.write(bytes(_WAL_BYTES))
        file.flush()
        os.fsync(file.fileno())
    sync_directory(wal.parent)


def _opened(path: Path, dev: str) -> apsw.Connection:
    db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
    with ExitStack() as unless_whole:
        unless_whole.callback(db.close)
        db.set_busy_timeout(_BUSY_MS)
        for pragma in _PRAGMAS:
            db.execute(pragma)
        # After a failed sync nobody knows what the log holds: closing must not move it into the file.
        db.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        keep = array("i", [1])  # a C int; ctypes would do as well, and take 1 MB of the object's memory
        db.file_control("main", apsw.SQLITE_FCNTL_PERSIST_WAL, keep.buffer_info()[0])
        _bring_up_to_date(path, db)
        check_schema(path, db)
        _check_owner(path, db, dev)
        _check_tail(path, db)
        unless_whole.pop_all()
    return db


def _bring_up_to_date(path: Path, db: apsw.Connection) -> None:
    version = db.pragma("user_version")
    if version == 1:
        _from_version_1(db)
    elif version > SCHEMA_VERSION:
        raise ForeignLedgerError(
            f"{path}: it was written by a later version of OPOS (schema {version}): update OPOS"
        )
    elif (version, db.pragma("application_id")) != (SCHEMA_VERSION, APPLICATION_ID):
        raise JournalDamagedError(f"{path}: expected the schema {SCHEMA_VERSION} of a ledger, got {version}")


def _from_version_1(db: apsw.Connection) -> None:
    """Version 1 had neither checks, nor closing states, nor spent keys; its projections are folded anew."""
    with db:
        rows: dict[str, list[Any]] = {
            table: db.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608 - a name of ours
            for table in ("journal", "acked")
        }
        for name, (kind, _, statement, _) in schema_of(db).items():
            if statement is not None and name != "entry":
                db.execute(f"DROP {kind} IF EXISTS {name}")
        for name, (_, _, statement, _) in schema_wanted().items():
            if statement is not None and name != "entry":
                db.execute(statement)
        for table, old in rows.items():
            for row in old:
                marks = ", ".join("?" * (len(row) + 1))
                db.execute(f"INSERT INTO {table} VALUES ({marks})", checked(*row))  # noqa: S608 - a name of ours
        db.pragma("application_id", APPLICATION_ID)
        db.pragma("user_version", SCHEMA_VERSION)


def _check_owner(path: Path, db: apsw.Connection, dev: str) -> None:
    row = db.execute("SELECT one, dev, epoch, chk FROM journal").fetchone()
    if row is None or checked(*row[:3]) != tuple(row):
        raise JournalDamagedError(f"{path}: the row that says whose ledger it is was damaged")
    if row[1] != dev:
        raise ForeignLedgerError(
            f"{path}: this ledger is of {row[1]}, not of {dev}: it belongs to another object"
        )


_TAIL_TYPES: Final = (int, str, str, str, bytes, bytes, bytes)


def _check_tail(path: Path, db: apsw.Connection) -> None:
    """Check the entries since the last checkpoint: a crash can hurt only what was written last.

    The whole chain is the full check's, which goes on behind (see `integrity`).
    """
    first = db.execute("SELECT coalesce(max(seq), 1) FROM entry WHERE kind = 'checkpoint'").get
    epoch = db.execute("SELECT epoch FROM journal").get
    prev = first_prev(epoch) if first == 1 else None
    expected = first
    for row in db.execute(
        "SELECT seq, kind, idem, kid, prev, body, hash FROM entry WHERE seq >= ? ORDER BY seq", (first,)
    ):
        if tuple(type(each) for each in row) != _TAIL_TYPES:
            raise JournalDamagedError(f"{path}: the entry after {expected - 1} is not what was written")
        seq, kind, idem, kid, link, body, digest = row
        if seq != expected or prev not in (None, link) or entry_hash(kid, link, body) != digest:
            raise JournalDamagedError(f"{path}: entry {seq} is not what was written")
        told = _told(path, seq, body)
        if (told.seq, told.epoch, kind_of(told.fact), told.idem) != (seq, epoch, kind, idem):
            raise JournalDamagedError(f"{path}: entry {seq} is not filed as what it says")
        prev, expected = digest, seq + 1


def _told(path: Path, seq: int, body: bytes) -> Body:
    try:
        return decode_body(body)
    except ValueError as error:
        raise JournalDamagedError(f"{path}: entry {seq} cannot be read: {error}") from error


def _schema() -> str:
    return resources.files("edge.offline_queue").joinpath("schema.sql").read_text(encoding="utf-8")


def _wal(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")
