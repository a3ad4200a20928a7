"""Whether a ledger is what its object wrote: structure, chain, signatures, small rows, projections."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final

import apsw
import msgspec

from cloud_sync.contract.encoding import b64, unb64
from cloud_sync.contract.entry import Body, SignedEntry, check_body, check_entry, decode_body, first_prev
from cloud_sync.contract.facts import Checkpoint, Genesis, KeyRotated, kind_of
from cloud_sync.contract.receipt import Receipt
from cloud_sync.contract.signing import PublicKey, Verifier
from edge.offline_queue.bookkeeping import checked
from edge.offline_queue.ledger import APPLICATION_ID, SCHEMA_VERSION, schema_of, schema_wanted
from edge.offline_queue.projections import (
    NoStartError,
    Projection,
    digest_of,
    load,
    rebuild_start,
    rows_of,
)
from edge.offline_queue.reader import Identity, LedgerReader, Stored

HINDERED: Final = (
    apsw.BusyError,
    apsw.CantOpenError,
    apsw.FullError,
    apsw.InterruptError,
    apsw.LockedError,
    apsw.NoMemError,
    apsw.PermissionsError,
    apsw.ProtocolError,  # another program holds the locks of its log
)
"""How a machine says that it cannot read now: that says nothing about the ledger."""

# SQLite names up to a hundred faults by itself; ten tell as much.
_FAULTS_MAX: Final = 10


class Problem(msgspec.Struct, frozen=True):
    """One thing that is wrong with a ledger: at which entry (0: in no one entry), and what was expected."""

    seq: int
    reason: str


def full_check(
    reader: LedgerReader, projections: Sequence[Projection] = ()
) -> Iterator[Problem | SignedEntry]:
    """Everything that can be checked without the hub: every entry in order, each problem where it is found.

    All of it sees the ledger as it stands at the start, whoever writes meanwhile. Raises one of HINDERED.
    """
    with reader.still():
        try:
            yield from _structure(reader, projections)
            yield from problems(reader)
            yield from _bookkeeping(reader)
            yield from _reprojection(reader, projections)
        except HINDERED:
            raise
        except (apsw.Error, ValueError, NoStartError) as error:
            yield Problem(0, f"the file cannot be read any further: {error}")


def problems(reader: LedgerReader) -> Iterator[Problem | SignedEntry]:
    """Every entry of a ledger, in order, each with its problems before it: none means an intact chain.

    The key is the one that the first entry names for itself: that this is the object's own key, only its hub
    knows. A pruned ledger begins with a checkpoint, whose `prev` is believed as it is signed.
    """
    identity = reader.identity()
    if identity is None:
        yield Problem(0, "expected the name of an object and an epoch, got neither")
        return
    chain = _Chain(identity)
    for stored in reader.stored(reader.floor()):  # an entry may have been moved below the first
        for reason in chain.wrong(stored):
            yield Problem(stored.entry.seq, reason)
        yield stored.entry


def refold(
    reader: LedgerReader, projections: Sequence[Projection], scratch: apsw.Connection, upto: int
) -> None:
    """Fold `projections` anew, in a database of their own, from where a rebuild begins up to entry `upto`."""
    cursor = scratch.cursor()
    first = 0
    for projection in projections:
        scratch.execute(projection.schema)
        first, state = rebuild_start(reader.database, projection)
        load(scratch, state)
    with scratch:
        for stored in reader.stored(first + 1):
            if stored.entry.seq > upto:
                break
            body = decode_body(stored.entry.body)
            for projection in projections:
                projection.fold(cursor, body)


class _Chain:
    """The chain as it has been followed so far."""

    def __init__(self, identity: Identity) -> None:
        self._identity = identity
        self._prev: bytes | None = first_prev(identity.epoch)
        self._verifier: Verifier | None = None
        self._wall_ms = 0
        self.expected = 1

    def wrong(self, stored: Stored) -> Iterator[str]:
        """What is wrong with the next entry."""
        entry = stored.entry
        body = self._read(entry)
        if isinstance(body, str):
            yield body
        if self._verifier is None:
            yield from self._begin(entry, body)
        if entry.seq != self.expected:
            yield f"expected entry {self.expected}: what lies between is missing"
        if self._prev not in (None, entry.prev):
            yield "it does not follow from the entry before it"
        unsigned = list(self._signature(entry))
        yield from unsigned
        if isinstance(body, Body):
            yield from self._meaning(stored, body, believed=not unsigned)
        self._prev, self.expected = entry.hash, entry.seq + 1

    def _read(self, entry: SignedEntry) -> Body | str:
        try:
            return check_body(entry.body)
        except ValueError as error:
            return str(error)

    def _begin(self, entry: SignedEntry, body: Body | str) -> Iterator[str]:
        """The first entry there is names the key: a genesis, or a checkpoint where the rest was pruned."""
        fact = body.fact if isinstance(body, Body) else None
        if entry.seq > 1 and isinstance(fact, Checkpoint):
            self._prev, self.expected = None, entry.seq
        key = fact.key if isinstance(fact, Genesis | Checkpoint) else None
        try:
            self._verifier = None if key is None else Verifier(key)
        except ValueError as error:
            yield f"the key that it names is none: {error}"
        if key is None and self._wall_ms == 0:
            yield "the first entry is neither genesis nor checkpoint: nobody can say whose key signs"

    def _signature(self, entry: SignedEntry) -> Iterator[str]:
        if self._verifier is None:
            return
        try:
            check_entry(entry, self._verifier)
        except ValueError as error:
            yield str(error)

    def _meaning(self, stored: Stored, body: Body, *, believed: bool) -> Iterator[str]:
        """What it says; only an entry that is `believed` moves the clock, or hands over to another key."""
        told = (body.dev, body.epoch, body.seq)
        if told != (self._identity.dev, self._identity.epoch, stored.entry.seq):
            yield (
                f"expected entry {stored.entry.seq} of {self._identity.dev} in epoch {self._identity.epoch},"
                f" its body says {told}"
            )
        if (stored.kind, stored.idem) != (kind_of(body.fact), body.idem):
            yield f"it is filed as {stored.kind} {stored.idem!r}, its body says otherwise"
        if body.wall_ms < self._wall_ms:
            yield "its clock stands before that of the entry before it"
        if not believed:
            return
        self._wall_ms = body.wall_ms
        if isinstance(body.fact, KeyRotated):
            self._verifier = _verifier(body.fact.key) or self._verifier


def _verifier(key: PublicKey) -> Verifier | None:
    try:
        return Verifier(key)
    except ValueError:
        return None


def _structure(reader: LedgerReader, projections: Sequence[Projection]) -> Iterator[Problem]:
    """SQLite's own view of the file, and its tables, indexes and triggers against what was made."""
    db = reader.database
    stamp = (db.pragma("user_version"), db.pragma("application_id"))
    if stamp != (SCHEMA_VERSION, APPLICATION_ID):
        yield Problem(0, f"expected schema version {SCHEMA_VERSION} of OPOS, got {stamp}")
    for (fault,) in db.execute(f"PRAGMA integrity_check({_FAULTS_MAX})"):
        if fault != "ok":
            yield Problem(0, f"the file is damaged: {fault}")
    yield from _length(db)
    yield from _indexes(db)
    there, wanted = schema_of(db), schema_wanted([each.schema for each in projections])
    for name in sorted(wanted):
        if there.get(name) != wanted[name]:
            yield Problem(0, f"the schema of {name!r} is not what was made")
    for name in sorted(there.keys() - wanted.keys()) if projections else ():
        yield Problem(0, f"{name!r} is no table of this ledger")


def _length(db: apsw.Connection) -> Iterator[Problem]:
    """Whether the file has all of its pages: SQLite does not miss a part of the last one, if it is empty."""
    file, log = Path(db.filename), Path(db.filename_wal)
    if log.exists() and log.stat().st_size:
        return  # pages of the file may still stand in its log
    size, wanted = file.stat().st_size, db.pragma("page_count") * db.pragma("page_size")
    if size < wanted:
        yield Problem(0, f"the file is cut off: expected {wanted} bytes, got {size}")


def _indexes(db: apsw.Connection) -> Iterator[Problem]:
    """Read through every index: questions are answered from it, and SQLite's check is not as strict."""
    for name, (kind, table, statement, _) in sorted(schema_of(db).items()):
        if kind == "index":
            _, where, condition = (statement or "").partition(" WHERE ")
            question = f"SELECT count(*) FROM {table} INDEXED BY {name}{where}{condition}"  # noqa: S608
            try:
                db.execute(question).fetchall()
            except apsw.CorruptError as error:
                yield Problem(0, f"the index {name!r} is damaged: {error}")


def _bookkeeping(reader: LedgerReader) -> Iterator[Problem]:
    """The small rows beside the chain: each against its own check, and against the chain."""
    db = reader.database
    for table in ("journal", "acked", "projection", "spent"):
        for row in rows_of(db, table):
            if checked(*row[:-1]) != row:
                yield Problem(0, f"a row of {table!r} is not what was written: {row[:-1]}")
    head = reader.head()
    for name, seq in db.execute("SELECT name, seq FROM projection WHERE seq > ?", (head,)):
        yield Problem(head, f"projection {name!r} has read entry {seq}, and the ledger ends at {head}")
    yield from _receipt(reader)
    yield from _states(reader)


def _receipt(reader: LedgerReader) -> Iterator[Problem]:
    """What the hub has confirmed, against the hub's own words and the entry that they name.

    The hub's signature was checked when the receipt came; here its key is not known.
    """
    acked, jws = reader.receipt(), reader.receipt_jws()
    if jws is None:
        return
    try:
        said = msgspec.json.decode(unb64(jws.split(".")[1]), type=Receipt)
    except (ValueError, IndexError) as error:
        yield Problem(acked.seq, f"the hub's receipt cannot be read: {error}")
        return
    if (said.seq, said.generation) != (acked.seq, acked.generation) or said.safe > acked.safe:
        yield Problem(acked.seq, f"the hub's receipt says {said.seq}, and the ledger {acked.seq}")
    digest = reader.hash_of(acked.seq)
    if acked.seq > reader.head() or (digest is not None and b64(digest) != said.hash):
        yield Problem(acked.seq, "the hub has confirmed an entry that this ledger does not have")


def _states(reader: LedgerReader) -> Iterator[Problem]:
    """Each closing state against the hash that its checkpoint signs; the start of a rebuild must be whole."""
    db = reader.database
    signed: dict[tuple[int, str], tuple[int, str]] = {}
    for seq, data in db.execute("SELECT seq, body FROM entry WHERE kind = 'checkpoint' ORDER BY seq"):
        fact = decode_body(data).fact
        if isinstance(fact, Checkpoint):
            signed |= {(int(seq), each.name): (each.version, each.sha256) for each in fact.states}
    for seq, name, version, state in db.execute("SELECT seq, name, version, state FROM closing"):
        if signed.pop((seq, name), None) != (version, digest_of(state)):
            yield Problem(int(seq), f"the state of {name!r} is not what the checkpoint signs for")
    for seq, name in sorted(signed):
        yield Problem(seq, f"the state of {name!r} at this checkpoint is missing")


def _reprojection(reader: LedgerReader, projections: Sequence[Projection]) -> Iterator[Problem]:
    """Fold every projection anew, and compare column for column."""
    for projection in projections:
        seq = reader.database.execute(
            "SELECT seq FROM projection WHERE name = ? AND version = ?", (projection.name, projection.version)
        ).get
        if seq is None:
            yield Problem(0, f"projection {projection.name!r} is missing")
            continue
        with closing(apsw.Connection("")) as scratch:
            refold(reader, [projection], scratch, int(seq))
            for table in projection.tables:
                yield from _compared(
                    int(seq), table, rows_of(scratch, table), rows_of(reader.database, table)
                )


def _compared(seq: int, table: str, expected: Iterator[Any], got: Iterator[Any]) -> Iterator[Problem]:
    for wanted, there in zip_longest(expected, got):
        if wanted != there:
            yield Problem(seq, f"table {table!r}: expected the row {wanted}, got {there}")
            return
