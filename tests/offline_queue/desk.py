"""A ledger on the desk: a pen to write it with, a hub that confirms, and a small shop to fold."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import apsw

from cloud_sync.contract.encoding import b64, encode
from cloud_sync.contract.entry import Body, SignedEntry, decode_body
from cloud_sync.contract.facts import Arrived
from cloud_sync.contract.receipt import Receipt
from cloud_sync.contract.signing import SoftwareKey
from edge.clock import Clock
from edge.offline_queue.budget import Reserve
from edge.offline_queue.integrity import Problem, full_check
from edge.offline_queue.outcomes import Appended
from edge.offline_queue.pen import Order, Pen
from edge.offline_queue.projections import Projection
from edge.offline_queue.reader import LedgerReader
from retail.custody import Move

GTIN: Final = "09520001000017"
DEV: Final = "shelf"


class Counted:
    """A projection: units by holder, and the transfers in their order."""

    name = "counted"
    version = 1
    reads: tuple[int, ...] = (1,)
    tables = ("counted", "transfers")
    schema = (
        "CREATE TABLE counted (holder TEXT PRIMARY KEY, units INTEGER NOT NULL) STRICT;"
        "CREATE TABLE transfers (n INTEGER PRIMARY KEY, transfer TEXT NOT NULL UNIQUE) STRICT;"
    )

    def fold(self, db: apsw.Cursor, body: Body) -> None:
        if not isinstance(body.fact, Arrived):
            return
        db.execute("INSERT INTO transfers (transfer) VALUES (?)", (body.fact.transfer,))
        for move in body.fact.moves:
            for holder, units in ((move.giver, -move.units), (move.taker, move.units)):
                db.execute(
                    "INSERT INTO counted VALUES (?, ?)"
                    " ON CONFLICT DO UPDATE SET units = units + excluded.units",
                    (holder, units),
                )


def arrived(transfer: str, units: int = 1) -> Arrived:
    return Arrived(transfer, (Move(GTIN, "transit", "shelf", units),))


class Desk:
    """A directory with one ledger; `pen` opens it, again and again."""

    def __init__(self, directory: Path, key: SoftwareKey, clock: Clock) -> None:
        self.path = directory / "ledger.db"
        self.key = key
        self.clock = clock
        self.projections: tuple[Projection, ...] = (Counted(),)
        self.reserve: Reserve | None = None
        self._pen: Pen | None = None

    def pen(self) -> Pen:
        """Open the ledger as a runtime that has just started."""
        self.close()
        self._pen = Pen(self.path, self.key, DEV, self.clock, self.projections, reserve=self.reserve)
        self._pen.begin("1.0")
        return self._pen

    def close(self) -> None:
        if self._pen is not None:
            self._pen.close()
            self._pen = None

    def problems(self) -> list[Problem]:
        """What the full check finds."""
        reader = LedgerReader(self.path)
        try:
            return [one for one in full_check(reader, self.projections) if isinstance(one, Problem)]
        finally:
            reader.close()

    def read(self, look: Callable[[LedgerReader], object]) -> object:
        reader = LedgerReader(self.path)
        try:
            return look(reader)
        finally:
            reader.close()

    def entries(self) -> list[SignedEntry]:
        reader = LedgerReader(self.path)
        try:
            return list(reader.entries())
        finally:
            reader.close()

    def kinds(self) -> list[str]:
        return [json.loads(entry.body)["fact"]["kind"] for entry in self.entries()]

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        reader = LedgerReader(self.path)
        try:
            return reader.select(sql)
        finally:
            reader.close()

    def spoil(self, *statements: str) -> None:
        """Change the file behind the ledger's back: the triggers are away meanwhile."""
        self.close()
        db = apsw.Connection(str(self.path))
        db.execute("PRAGMA ignore_check_constraints = ON")
        triggers = db.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            db.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            db.execute(statement)
        for _, sql in triggers:
            db.execute(str(sql))
        db.close()


def write(pen: Pen, *transfers: str) -> list[Appended | ValueError]:
    return pen.write([Order(arrived(each), f"transfer/{each}") for each in transfers])


def write_many(pen: Pen, count: int, prefix: str = "t") -> None:
    for n in range(count):
        write(pen, f"{prefix}{n}")


def receipt(pen: Pen, entries: list[SignedEntry], seq: int, safe: int = 0, generation: int = 1) -> Receipt:
    digest = next((entry.hash for entry in entries if entry.seq == seq), b"")
    return Receipt(pen.dev, pen.epoch, seq, b64(digest) if digest else "", generation, safe, 0)


def words(said: Receipt) -> str:
    """A receipt as a JWS: the pen is handed only those whose signature was checked."""
    return f"e30.{b64(encode(said))}.{b64(bytes(64))}"


def confirm(pen: Pen, desk: Desk, seq: int | None = None, safe: int = 0, generation: int = 1) -> int:
    """The hub confirms everything up to `seq`, or to the head."""
    said = receipt(pen, desk.entries(), pen.head if seq is None else seq, safe, generation)
    return pen.acknowledge(said, words(said))


def facts(entries: list[SignedEntry]) -> Iterator[object]:
    return (decode_body(entry.body).fact for entry in entries)
