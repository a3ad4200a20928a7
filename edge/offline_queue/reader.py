"""The read side of the journal, for processes that never write it: the agent and the inspector.

It opens the ledger with apsw as the writer does. A second SQLite library in one process would drop the
file's POSIX locks when it closes (https://www.sqlite.org/howtocorrupt.html, section 2.2), so nobody may open
a ledger with another one.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import apsw
import msgspec

from cloud_sync.contract.encoding import unb64
from cloud_sync.contract.entry import SignedEntry
from cloud_sync.contract.receipt import Receipt

# The writer's checkpoint holds the file for a few milliseconds; five seconds is a broken disk.
_BUSY_MS: Final = 5_000
# Pages are read once and in order: SQLite's own 2 MB would be a twentieth of the agent.
_CACHE_KIB: Final = 256

_ENTRY: Final = "SELECT seq, kid, prev, body, hash, sig FROM entry"
_STORED: Final = "SELECT kind, idem, seq, kid, prev, body, hash, sig FROM entry"


class NoLedgerError(FileNotFoundError):
    """There is no ledger at this path, or the file there is none."""


def as_entry(row: tuple[Any, ...]) -> SignedEntry:
    """The entry in a row of seq, kid, prev, body, hash, sig; raises ValueError if one of them is missing."""
    if None in row:
        raise ValueError(f"entry {row[0]}: a column is empty, which no journal has written")
    return SignedEntry(*row)


class Stored(msgspec.Struct, frozen=True):
    """An entry, and under which kind and idempotency key it is filed."""

    entry: SignedEntry
    kind: str
    idem: str


class Identity(msgspec.Struct, frozen=True):
    """Whose journal it is: the object, and the epoch of this file."""

    dev: str
    epoch: str


class Acked(msgspec.Struct, frozen=True):
    """What the hub has confirmed: up to which seq, in which of its generations, and what a backup covers."""

    seq: int = 0
    generation: int = 0
    safe: int = 0


class LedgerReader:
    """A ledger opened read-only. Every call ends its statement, so that it never holds up a checkpoint."""

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise NoLedgerError(f"{path}: there is no ledger; an object makes one when it first runs")
        uri = f"file:{quote(str(path.absolute()))}?mode=ro"
        try:
            self._db = apsw.Connection(uri, flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI)
            self._db.set_busy_timeout(_BUSY_MS)
            self._db.pragma("cache_size", -_CACHE_KIB)
            self.identity()
        except (apsw.Error, ValueError) as error:
            raise NoLedgerError(f"{path}: this is no ledger: {error}") from error

    def close(self) -> None:
        """Give the file back."""
        self._db.close()

    @property
    def database(self) -> apsw.Connection:
        """The connection itself, for checks that look at the file as SQLite sees it."""
        return self._db

    @contextmanager
    def still(self) -> Iterator[None]:
        """See the ledger as it stands now until the block ends; its log cannot be reused meanwhile."""
        self._db.execute("BEGIN")
        try:
            yield
        finally:
            if self._db.in_transaction:  # a damaged file may have ended it
                self._db.execute("ROLLBACK")

    def identity(self) -> Identity | None:
        """Whose journal it is; None in the moment between a new file and its first entry."""
        row: Any = self._db.execute("SELECT dev, epoch FROM journal").fetchone()
        return Identity(*row) if row else None

    def head(self) -> int:
        """The last seq."""
        return int(self._db.execute("SELECT coalesce(max(seq), 0) FROM entry").get)

    def acked(self) -> int:
        """The last seq that the hub has confirmed."""
        return self.receipt().seq

    def receipt(self) -> Acked:
        """What the hub has confirmed."""
        row: Any = self._db.execute("SELECT seq, generation, safe FROM acked").fetchone()
        return Acked(*row) if row else Acked()

    def receipt_jws(self) -> str | None:
        """The hub's own signed words of what it has confirmed; None before the first."""
        jws = self._db.execute("SELECT jws FROM acked").get
        return None if jws is None else str(jws)

    def last_receipt(self) -> Receipt | None:
        """What the hub said last, as the pen has taken it; None before the first."""
        jws = self.receipt_jws()
        return None if jws is None else msgspec.json.decode(unb64(jws.split(".")[1]), type=Receipt)

    def last_rotation(self) -> int:
        """The seq of the last entry that named another key; 0 if none is here."""
        sql = "SELECT coalesce(max(seq), 0) FROM entry WHERE kind = 'key.rotated'"
        return int(self._db.execute(sql).get)

    def floor(self) -> int:
        """The first seq that is kept; 1 while nothing was pruned."""
        return int(self._db.execute("SELECT coalesce(min(seq), 1) FROM entry").get)

    def spent(self) -> list[tuple[bytes, int, int]]:
        """Digest, seq and wall time of the idempotency keys whose entries are not in this file any more."""
        rows: list[Any] = self._db.execute("SELECT digest, seq, wall_ms FROM spent ORDER BY seq").fetchall()
        return rows

    def after(self, seq: int, limit: int) -> list[SignedEntry]:
        """Up to `limit` entries that follow `seq`, in order."""
        rows = self._db.execute(f"{_ENTRY} WHERE seq > ? ORDER BY seq LIMIT ?", (seq, limit)).fetchall()
        return [as_entry(row) for row in rows]

    def hash_of(self, seq: int) -> bytes | None:
        """The hash of one entry; None when there is none."""
        row = self._db.execute("SELECT hash FROM entry WHERE seq = ?", (seq,)).get
        return None if row is None else bytes(row)

    def entry(self, seq: int) -> SignedEntry | None:
        """One entry; None when it is not (or no longer) there."""
        row = self._db.execute(f"{_ENTRY} WHERE seq = ?", (seq,)).fetchone()
        return None if row is None else as_entry(row)

    def entries(self, first: int = 1, chunk: int = 1_000) -> Iterator[SignedEntry]:
        """Every entry from `first` on, read in pieces: a long ledger needs no more memory."""
        while piece := self.after(first - 1, chunk):
            yield from piece
            first = piece[-1].seq + 1

    def stored(self, first: int = 1, chunk: int = 1_000) -> Iterator[Stored]:
        """Every entry from `first` on as `entries` does, with the columns by which it is filed."""
        sql = f"{_STORED} WHERE seq >= ? ORDER BY seq LIMIT ?"
        while rows := self._db.execute(sql, (first, chunk)).fetchall():
            for kind, idem, *row in rows:
                entry = as_entry(tuple(row))
                yield Stored(entry, str(kind), str(idem))
            first = entry.seq + 1

    def select(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a SELECT, for views that a room above keeps in this file."""
        return self._db.execute(sql).fetchall()

    def copy_to(self, path: Path) -> None:
        """A compact copy of the whole ledger as a file of its own, as of now."""
        self._db.execute("VACUUM INTO ?", (str(path),))
