"""Ledgers of a small shop, written by the journal's own pen: for commands to be asked about."""

from pathlib import Path
from typing import Any, Final

import apsw
from click.testing import CliRunner, Result

from cloud_sync.contract.certificate import CERTIFICATE_TYPE, CertifiedKey
from cloud_sync.contract.encoding import b64, encode
from cloud_sync.contract.facts import Arrived, DocumentApplied, Fact, Posting, Sale, SaleLine, TaxLine
from cloud_sync.contract.receipt import Receipt
from cloud_sync.contract.signing import SoftwareKey, seal
from edge.checkout.books import ShopProjection
from edge.cli.ledger import ledger
from edge.clock import ClockQuality
from edge.offline_queue.pen import Order, Pen
from edge.offline_queue.reader import LedgerReader
from edge.readings import Nanoseconds
from retail.custody import SOLD, Move
from retail.pricing.book import Version

DEV: Final = "mirror-4"
SWEATER: Final = "09520001000010"

# 21 November 2025, 04:40:00 UTC.
BEGAN_MS: Final = 1_763_700_000_000


class SteppingClock:
    """A clock that moves a second whenever it is read."""

    def __init__(self) -> None:
        self.ms = BEGAN_MS
        self.said: ClockQuality = "trusted"

    def now_ns(self) -> Nanoseconds:
        return Nanoseconds(self.ms * 1_000_000)

    def wall_ms(self) -> int:
        self.ms += 1_000
        return self.ms

    def quality(self) -> ClockQuality:
        return self.said


def sale(
    number: int, *names: str, currency: str = "EUR", total_minor: int = 5990, language: str = "en"
) -> Sale:
    """A sale of one unit of each name, two of the first."""
    lines = tuple(
        SaleLine(SWEATER, name, 1 if n else 2, total_minor, total_minor, "standard")
        for n, name in enumerate(names)
    )
    units = sum(line.units for line in lines)
    return Sale(
        sale=f"s{number}",
        number=f"K7QM-{number:04d}",
        business_date="2025-11-21",
        language=language,
        currency=currency,
        total_minor=total_minor,
        tender="house-account",
        prices=Version(1, 7),
        lines=lines,
        taxes=(TaxLine("standard", 1900, total_minor, total_minor * 19 // 119),),
        postings=(
            Posting("receivable/a7Kx", total_minor, currency),
            Posting("revenue", -total_minor, currency),
        ),
        moves=(Move(SWEATER, "floor", SOLD, units),),
    )


def arrived(transfer: str, units: int = 40) -> Arrived:
    return Arrived(transfer, (Move(SWEATER, "transit", "floor", units),))


# What a shop in five languages writes into its first day; entry 1 and 2 are genesis and boot.
DAY: Final[tuple[Fact, ...]] = (
    DocumentApplied("prices", Version(1, 7), "0" * 64),
    arrived("t1"),
    sale(1, "Merino sweater"),
    sale(2, "Schal, grün", "Mütze", currency="EUR", total_minor=13450, language="de"),
    sale(3, "羊毛衫", currency="JPY", total_minor=1200, language="zh"),
    sale(4, "سترة صوف", currency="KWD", total_minor=1500, language="ar"),
    sale(5, '"; DROP TABLE entry; \x1b[31m\u202ered\r\n=1+1', total_minor=1),
)


class Ledgers:
    """A directory with one ledger and the keys of its object and its retailer."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / "ledger.db"
        self.key = SoftwareKey.generate()
        self.root = SoftwareKey.generate()
        self.clock = SteppingClock()

    def pen(self, *, begin: bool = True) -> Pen:
        pen = Pen(self.path, self.key, DEV, self.clock, [ShopProjection()])
        if begin:
            pen.begin("1.0")
        return pen

    def write(self, *facts: Fact) -> Path:
        """Start the object, write each fact, fold, stop it."""
        pen = self.pen()
        put(pen, *facts)
        while pen.fold():
            pass
        pen.close()
        return self.path

    def certify(self) -> str:
        """Put the hub's word for the key beside the ledger."""
        certified = CertifiedKey(DEV, "demo", self.key.public, "file", BEGAN_MS)
        jws = seal(self.root, CERTIFICATE_TYPE, certified)
        self.path.with_name("certificate.jws").write_text(jws + "\n")
        return jws

    def pruned(self) -> int:
        """Confirm, checkpoint and prune; the first entry that is left."""
        pen = self.pen(begin=False)
        summed = pen.checkpoint().entry
        receipt = Receipt(DEV, pen.epoch, summed.seq, b64(summed.hash), 1, summed.seq, 0)
        pen.acknowledge(receipt, f"e30.{b64(encode(receipt))}.{b64(bytes(64))}")
        while pen.prune():
            pass
        floor = pen.floor
        pen.close()
        return floor

    def settle(self) -> None:
        """Move the log into the file, so that the file alone is the ledger."""
        db = apsw.Connection(str(self.path))
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.close()

    def copy_to(self, path: Path) -> None:
        reader = LedgerReader(self.path)
        try:
            reader.copy_to(path)
        finally:
            reader.close()

    def bodies(self) -> list[bytes]:
        reader = LedgerReader(self.path)
        try:
            return [entry.body for entry in reader.entries()]
        finally:
            reader.close()

    def spoil(self, *statements: str) -> None:
        """Change the file behind the ledger's back."""
        db = apsw.Connection(str(self.path))
        triggers: list[Any] = db.execute(
            "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'"
        ).fetchall()
        for name, _ in triggers:
            db.execute(f"DROP TRIGGER {name}")
        for statement in (*statements, *(sql for _, sql in triggers)):
            db.execute(statement)
        db.close()


def put(pen: Pen, *facts: Fact) -> None:
    """Write the facts in one commit, each under a key of its own."""
    first = pen.head + 1
    done = pen.write([Order(fact, f"{pen.epoch}/{seq}") for seq, fact in enumerate(facts, first)])
    assert not [each for each in done if isinstance(each, ValueError)]


def ask(*arguments: object) -> Result:
    """Run `opos ledger` with these arguments; a traceback fails the test."""
    result = CliRunner().invoke(ledger, [str(each) for each in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result
