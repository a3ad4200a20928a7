"""What a hub has kept, read from its file with questions of our own."""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from cloud_sync.contract.batch import reopen

Journal = tuple[str, str]
"""Object and epoch."""


class Held(msgspec.Struct, frozen=True):
    """How far a hub has come with each journal: the last seq, its hash, and what it calls safe."""

    generation: int
    heads: dict[Journal, tuple[int, bytes, int]]

    def seq(self, journal: Journal) -> int:
        """The last entry that it has of a journal; 0 for none."""
        return self.heads.get(journal, (0, b"", 0))[0]

    def safe(self, journal: Journal) -> int:
        """What it says that a backup covers."""
        return self.heads.get(journal, (0, b"", 0))[2]


class Kept(msgspec.Struct, frozen=True):
    """Everything that a hub's figures and alarms are judged by."""

    journals: dict[Journal, dict[int, tuple[bytes, bytes]]]
    """Each journal's hashes and bodies, by seq."""
    money: Counter[tuple[str, str]]
    stock: Counter[tuple[str, str]]
    sales: Counter[str]
    alarms: Counter[str]
    doubts: Counter[tuple[str, str]]
    """(object, reason for which the meaning of an entry was not taken) -> how many."""
    evidence: frozenset[Journal]
    """Journals of which a forked frame was set aside."""


_open: dict[Path, sqlite3.Connection] = {}


def held_in(path: Path) -> Held:
    """How far the hub in this file has come."""
    with _reading(path) as db:
        ((generation,),) = db.execute("SELECT generation FROM hub")
        rows = db.execute("SELECT dev, epoch, seq, hash, safe FROM cursor")
        return Held(generation, {(dev, epoch): (seq, digest, safe) for dev, epoch, seq, digest, safe in rows})


def hash_in(path: Path, journal: Journal, seq: int) -> bytes | None:
    """The hash of one entry as the hub in this file has it."""
    sql = "SELECT bytes FROM frame WHERE dev = ? AND epoch = ? AND kept = 1 AND ? BETWEEN first_new AND last"
    with _reading(path) as db:
        row = db.execute(sql, (*journal, seq)).fetchone()
    if row is None:
        return None
    batch = reopen(row[0])
    return batch.hashes[seq - batch.header.first]


def kept_in(path: Path) -> Kept:
    """All that the hub in this file has kept."""
    with _reading(path) as db:
        journals: defaultdict[Journal, dict[int, tuple[bytes, bytes]]] = defaultdict(dict)
        for dev, epoch, seq, digest, body in db.execute("SELECT dev, epoch, seq, hash, body FROM entry"):
            journals[dev, epoch][seq] = (digest, body)
        forked = db.execute("SELECT DISTINCT dev, epoch FROM quarantine WHERE reason = 'fork'")
        return Kept(
            journals=dict(journals),
            money=_sums(db, "SELECT account, currency, sum(amount_minor) FROM money GROUP BY 1, 2"),
            stock=_sums(db, "SELECT holder, gtin, sum(units) FROM stock GROUP BY 1, 2"),
            sales=Counter(dict(db.execute("SELECT dev, count(*) FROM sale GROUP BY 1"))),
            alarms=Counter(dict(db.execute("SELECT kind, sum(times) FROM alarm GROUP BY 1"))),
            doubts=_sums(
                db, "SELECT dev, reason, count(*) FROM quarantine WHERE entry IS NOT NULL GROUP BY 1, 2"
            ),
            evidence=frozenset((str(dev), str(epoch)) for dev, epoch in forked),
        )


def _sums(db: sqlite3.Connection, sql: str) -> Counter[tuple[str, str]]:
    return Counter({(one, other): total for one, other, total in db.execute(sql) if total})


@contextmanager
def _reading(path: Path) -> Iterator[sqlite3.Connection]:
    """One view of the file, by a connection that stays open: to open one costs more than most questions."""
    if path not in _open:
        _open[path] = sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None)
    db = _open[path]
    db.execute("BEGIN")
    try:
        yield db
    finally:
        db.execute("ROLLBACK")


def close(path: Path) -> None:
    """Another file takes the place of this one."""
    if path in _open:
        _open.pop(path).close()
