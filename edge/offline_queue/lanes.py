"""The telemetry lane: touches, pick-ups and dwell; bounded, drop-oldest, and counted when it loses something.

It has a file of its own, which nobody waits for: SQLite without a sync, so that a power cut may cost the last
half minute, or the file. What is lost that way shows: a lane whose end was not seen goes on under a new id.
Nothing here is ever an error for a sale.
"""

import logging
import secrets
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final, cast
from urllib.parse import quote

import apsw
import msgspec

from cloud_sync.contract.encoding import b64
from edge.offline_queue.budget import disk_is_full

_log: Final = logging.getLogger(__name__)

ROWS_MAX: Final = 10_000
"""A day of a busy mirror."""
BYTES_MAX: Final = 4 * 1024 * 1024
"""A thousandth of the disk's budget."""

# A row's own fields and its place in the tree, beside its kind and body.
_ROW_BYTES: Final = 32
# The log is moved into the file in small pieces, since the event loop does it.
_WAL_PAGES_MAX: Final = 256
# Rows come at one end and go at the other: SQLite's own 2 MB would keep what is between them for nobody.
_CACHE_KIB: Final = 256
# The writer is done within milliseconds; a second is a broken disk.
_BUSY_MS: Final = 1_000

_VERSION: Final = 1
_SCHEMA: Final = """
-- The lane itself: `last` is the highest seq that was ever given, `closed` says that its end was synced.
CREATE TABLE lane (
    one       INTEGER PRIMARY KEY CHECK (one = 1),
    id        TEXT NOT NULL,
    last      INTEGER NOT NULL,
    dropped   INTEGER NOT NULL,
    replaced  INTEGER NOT NULL,
    closed    INTEGER NOT NULL
) STRICT;

CREATE TABLE item (
    seq    INTEGER PRIMARY KEY,
    kind   TEXT NOT NULL,
    at_ms  INTEGER NOT NULL,
    body   BLOB NOT NULL
) STRICT;
"""


class NoLaneError(FileNotFoundError):
    """There is no telemetry to read at this path."""


class Item(msgspec.Struct, frozen=True):
    """One thing that happened, `at_ms` milliseconds since 1970 (UTC); `body` is its maker's."""

    seq: int
    kind: str
    at_ms: int
    body: bytes


class Piece(msgspec.Struct, frozen=True):
    """Some items of a lane, in order and without a gap, and what the lane has lost before them."""

    lane: str
    dropped: int
    """Items that were never sent."""
    replaced: int
    """Files that were damaged, with as many items as nobody knows."""
    items: tuple[Item, ...]


class TelemetryLane:
    """The one writer of a lane. Its methods never raise: what cannot be kept is dropped, and counted."""

    def __init__(self, path: Path, rows_max: int = ROWS_MAX, bytes_max: int = BYTES_MAX) -> None:
        self._path = path
        self._rows_max = rows_max
        self._bytes_max = bytes_max
        self._sizes: deque[int] = deque()  # of the items in the file, oldest first
        self._bytes = 0
        self._last = 0
        self._db: apsw.Connection | None = None
        self.id = _new_id()
        self.dropped = 0
        self.replaced = 0
        try:
            self._open()
        except apsw.Error as error:
            self._replace(error)

    def put(self, kind: str, at_ms: int, body: bytes) -> int | None:
        """Keep an item, at the price of the oldest ones; its seq, or None when it was dropped at once."""
        size = _ROW_BYTES + len(kind) + len(body)
        seq, oldest = self._last + 1, self._surplus(size)

        def write(db: apsw.Connection) -> None:
            if oldest:
                first = seq - len(self._sizes)
                _delete(db, first + oldest - 1, seq, self.dropped + oldest)
            db.execute("INSERT INTO item VALUES (?, ?, ?, ?)", (seq, kind, at_ms, body))

        if size > self._bytes_max or not self._written(write):
            self.dropped += 1
            return None
        self._forget(oldest)
        self._sizes.append(size)
        self._bytes += size
        self._last, self.dropped = seq, self.dropped + oldest
        return seq

    def after(self, seq: int, limit: int) -> Piece:
        """Up to `limit` items that follow `seq`."""
        pieces: list[Piece] = []
        self._written(lambda db: pieces.append(_piece(db, seq, limit)))
        return pieces[0] if pieces else Piece(self.id, self.dropped, self.replaced, ())

    def sent(self, seq: int, lane: str) -> None:
        """Delete the items up to `seq` if they are of this `lane`: they are somebody else's now."""
        gone = len(self._sizes) - (self._last - seq)
        if lane != self.id or not 0 < gone <= len(self._sizes):
            return
        if self._written(lambda db: _delete(db, seq, self._last, self.dropped)):
            self._forget(gone)

    def wipe(self) -> None:
        """Give up all items, so that the disk has room for what matters."""
        gone = len(self._sizes)
        if self._written(lambda db: _delete(db, self._last, self._last, self.dropped + gone)):
            self._forget(gone)
            self.dropped += gone
            self._shrink()

    def close(self) -> None:
        """Sync what is there and give the file back."""
        if (db := self._db) is None:
            return
        with suppress(apsw.Error):
            db.execute("PRAGMA synchronous = FULL")
            self._mark(db, closed=False)
            # Before it is said to be whole: nothing has synced the file since it was opened.
            db.wal_checkpoint(None, apsw.SQLITE_CHECKPOINT_TRUNCATE)
            self._mark(db, closed=True)
        db.close(True)
        self._db = None

    def _open(self) -> None:
        db = apsw.Connection(str(self._path))
        with ExitStack() as unless_whole:
            unless_whole.callback(db.close, True)
            db.execute("PRAGMA page_size = 1024")
            db.execute("PRAGMA journal_mode = WAL")
            db.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
            db.execute(f"PRAGMA wal_autocheckpoint = {_WAL_PAGES_MAX}")
            if db.pragma("user_version") != _VERSION:
                self._create(db)
            self._resume(db)
            unless_whole.pop_all()
        self._db = db

    def _create(self, db: apsw.Connection) -> None:
        with db:
            db.execute(_SCHEMA)
            db.execute("INSERT INTO lane VALUES (1, ?, 0, ?, ?, 1)", (self.id, self.dropped, self.replaced))
            db.pragma("user_version", _VERSION)

    def _resume(self, db: apsw.Connection) -> None:
        """Take up the lane where it was left; raises apsw.Error if that is no place to go on from."""
        self.id, self._last, self.dropped, self.replaced, closed = _lane(db)
        sizes = "SELECT ? + length(kind) + length(body) FROM item ORDER BY seq"
        self._sizes.extend(cast("int", size) for (size,) in db.execute(sizes, (_ROW_BYTES,)))
        self._bytes = sum(self._sizes)
        self._check(db)
        self._last = max(self._last, db.execute("SELECT coalesce(max(seq), 0) FROM item").get)
        if not closed:
            self.id = _new_id()
        # On the disk before anything is given a number: after a power cut no number can mean two things.
        db.execute("PRAGMA synchronous = FULL")
        self._mark(db, closed=False)
        db.wal_checkpoint(None, apsw.SQLITE_CHECKPOINT_PASSIVE)
        db.execute("PRAGMA synchronous = OFF")

    def _check(self, db: apsw.Connection) -> None:
        """Raise apsw.CorruptError if the file does not hold together."""
        if (said := db.pragma("quick_check")) != "ok":
            raise apsw.CorruptError(str(said))
        gap = "SELECT max(seq) - min(seq) + 1 <> count(*) OR max(seq) < ? FROM item"
        if db.execute(gap, (self._last,)).get:
            raise apsw.CorruptError("an item is missing")

    def _mark(self, db: apsw.Connection, *, closed: bool) -> None:
        db.execute(
            "UPDATE lane SET id = ?, last = ?, dropped = ?, replaced = ?, closed = ?",
            (self.id, self._last, self.dropped, self.replaced, closed),
        )

    def _surplus(self, size: int) -> int:
        """How many of the oldest items have to go for one of `size` more."""
        surplus, left = max(len(self._sizes) + 1 - self._rows_max, 0), self._bytes + size
        for number, each in enumerate(self._sizes):
            if number >= surplus and left <= self._bytes_max:
                return number
            left -= each
        return len(self._sizes)

    def _forget(self, oldest: int) -> None:
        for _ in range(oldest):
            self._bytes -= self._sizes.popleft()

    def _written(self, write: Callable[[apsw.Connection], None]) -> bool:
        """Do `write` in one transaction; a full disk is passed over, a file that fails is replaced."""
        if self._db is None:
            return False
        try:
            _at_once(self._db, write)
        except apsw.Error as error:
            if not (disk_is_full(error) or isinstance(error, apsw.BusyError)):
                self._replace(error)
            return False
        return True

    def _shrink(self) -> None:
        """Make an empty file short; a reader may be in the way of it."""
        assert self._db is not None
        with suppress(apsw.Error):
            self._db.execute("VACUUM")
            self._db.wal_checkpoint(None, apsw.SQLITE_CHECKPOINT_TRUNCATE)

    def _replace(self, error: apsw.Error) -> None:
        """Begin a new file: what the old one held is lost. Without a disk to do it on, all is dropped."""
        _log.warning("%s: telemetry was lost, a new file takes its place: %s", self._path, error)
        if self._db is not None:
            self._db.close(True)
            self._db = None
        self.dropped += len(self._sizes)
        self.replaced += 1
        self.id, self._last, self._bytes = _new_id(), 0, 0
        self._sizes.clear()
        try:
            _remove(self._path.with_name(self._path.name + end) for end in ("-wal", "-shm", ""))
            self._open()
        except (apsw.Error, OSError) as again:
            _log.warning("%s: no telemetry is kept: %s", self._path, again)


class LaneReader:
    """A lane as another process reads it. It sees a new file that takes the place of a damaged one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._db: apsw.Connection | None = None
        self._inode = 0

    def after(self, seq: int, limit: int) -> Piece:
        """Up to `limit` items that follow `seq`. Raises NoLaneError when there is nothing to read from."""
        try:
            with self._opened() as db:
                piece = _piece(db, seq, limit)
        except (apsw.Error, OSError) as error:
            self.close()
            raise NoLaneError(f"{self._path}: no telemetry can be read: {error}") from error
        return piece

    def close(self) -> None:
        """Give the file back."""
        if self._db is not None:
            self._db.close()
            self._db = None

    def _opened(self) -> apsw.Connection:
        inode = self._path.stat().st_ino
        if self._db is None or inode != self._inode:
            self.close()
            uri = f"file:{quote(str(self._path.absolute()))}?mode=ro"
            self._db = apsw.Connection(uri, flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI)
            self._db.set_busy_timeout(_BUSY_MS)
            self._inode = inode
        return self._db


def _at_once(db: apsw.Connection, write: Callable[[apsw.Connection], None]) -> None:
    db.execute("BEGIN")
    try:
        write(db)
        db.execute("COMMIT")
    finally:
        if db.in_transaction:  # it was not committed, and no full disk has ended it of its own accord
            db.execute("ROLLBACK")


def _lane(db: apsw.Connection) -> tuple[str, int, int, int, int]:
    """The lane's row: id, last, dropped, replaced, closed."""
    row = db.execute("SELECT id, last, dropped, replaced, closed FROM lane").fetchone()
    if row is None:
        raise apsw.CorruptError("it does not say which lane it is")
    return cast("tuple[str, int, int, int, int]", row)


def _piece(db: apsw.Connection, seq: int, limit: int) -> Piece:
    lane, _, dropped, replaced, _ = _lane(db)
    rows = db.execute(
        "SELECT seq, kind, at_ms, body FROM item WHERE seq > ? ORDER BY seq LIMIT ?", (seq, limit)
    )
    items = (Item(*cast("tuple[int, str, int, bytes]", row)) for row in rows)
    return Piece(lane, dropped, replaced, tuple(items))


def _delete(db: apsw.Connection, up_to: int, last: int, dropped: int) -> None:
    db.execute("DELETE FROM item WHERE seq <= ?", (up_to,))
    db.execute("UPDATE lane SET last = ?, dropped = ?", (last, dropped))


def _remove(files: Iterable[Path]) -> None:
    for file in files:
        file.unlink(missing_ok=True)


def _new_id() -> str:
    return b64(secrets.token_bytes(6))
