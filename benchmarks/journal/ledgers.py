"""Long ledgers: written once under var/benchmarks, and kept until what they are made by has changed."""

import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import apsw
import msgspec

from benchmarks.harness import SkippedError, Track
from benchmarks.journal.promise import BESIDE
from benchmarks.opening import DEV, KEY, LEDGER
from benchmarks.sales import small_sale
from cloud_sync.contract.entry import Body
from cloud_sync.contract.signing import SoftwareKey
from edge.checkout.books import ShopProjection
from edge.clock import SystemClock
from edge.offline_queue.ledger import schema_wanted
from edge.offline_queue.pen import Order, Pen

DIRECTORY: Final = BESIDE / "var" / "benchmarks"
BARE: Final = "bare.db"
_MADE_BY: Final = "made-by.txt"
# What other people need of the disk stays free, whatever is measured.
_FREE_BYTES_MIN: Final = 5_000_000_000
# A ledger and the bare database of its size, for each entry; measured: 2.5 KB.
_ENTRY_BYTES: Final = 3_000
# So many sales go into one commit: any more and the log outgrows the length that it has in a shop.
_TOGETHER: Final = 128
# A start reads the entries since the last checkpoint, which come to at most 4,096: nearly so many.
_TAIL: Final = 4_000


def kept(entries: int) -> Path:
    """The directory of a ledger of `entries` that was made before; raises SkippedError if none was."""
    directory = DIRECTORY / f"ledger-{entries}"
    if not _is_fresh(directory):
        raise SkippedError(f"{directory}: expected a ledger that was made before")
    return directory


def made(*lengths: int) -> Callable[[Track], None]:
    """What makes sure, before a measurement, that there are ledgers of so many entries."""

    def prepare(track: Track) -> None:
        for entries in lengths:
            directory = DIRECTORY / f"ledger-{entries}"
            if not _is_fresh(directory):
                shutil.rmtree(directory, ignore_errors=True)
                _check_room(entries)
                _make(directory, entries, track)

    return prepare


def made_with_bare(entries: int) -> Callable[[Track], None]:
    """The same, and beside the ledger a database of its size with nothing of ours in it."""

    def prepare(track: Track) -> None:
        made(entries)(track)
        if not (kept(entries) / BARE).exists():
            _make_bare(kept(entries), entries)

    return prepare


def _is_fresh(directory: Path) -> bool:
    made_by = directory / _MADE_BY
    return made_by.is_file() and made_by.read_text(encoding="utf-8") == _maker()


def _maker() -> str:
    """What a ledger is made by: the file's schema, what an entry says, and how it is filled here."""
    schema = sorted(schema_wanted([ShopProjection().schema]).items())
    entry = msgspec.inspect.type_info(Body)
    return hashlib.sha256(repr((schema, entry)).encode() + Path(__file__).read_bytes()).hexdigest()


def _check_room(entries: int) -> None:
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    missing = entries * _ENTRY_BYTES + _FREE_BYTES_MIN - shutil.disk_usage(DIRECTORY).free
    if missing > 0:
        raise SkippedError(
            f"{DIRECTORY}: a ledger of {entries:,} entries is made only where 5 GB stay free: free"
            f" {missing // 1_000_000:,} MB more"
        )


def _make(directory: Path, entries: int, track: Track) -> None:
    """Write the ledger under another name: half of one never has its own."""
    part = directory.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    maker = _maker()
    steps = _written(part, entries)
    for _ in track(steps, total=-(-entries // _TOGETHER), description=f"a ledger of {entries:,} entries"):
        pass
    (part / _MADE_BY).write_text(maker, encoding="utf-8")
    part.rename(directory)


def _written(directory: Path, entries: int) -> Iterator[int]:
    """Write sales as the pen does, with its checkpoints, so many in a commit; say the head after each."""
    key = SoftwareKey.generate()
    (directory / KEY).touch(mode=0o600)
    (directory / KEY).write_bytes(key.to_pem())
    with closing(Pen(directory / LEDGER, key, DEV, SystemClock(), [ShopProjection()])) as pen:
        pen.begin("0")
        last = 0
        while pen.head < entries or pen.head - last < _TAIL:
            if pen.checkpoint_is_due:
                last = pen.checkpoint().entry.seq
            _sell(pen, _TOGETHER if pen.head < entries else _TAIL - (pen.head - last))
            yield pen.head


def _sell(pen: Pen, count: int) -> None:
    sales = [small_sale(n) for n in range(pen.head, pen.head + count)]
    pen.write([Order(one, f"sale/{one.sale}") for one in sales])
    while pen.fold():
        pass
    if pen.wal_is_long:
        pen.flush()


def _make_bare(directory: Path, rows: int) -> None:
    row_bytes = (directory / LEDGER).stat().st_size // rows
    part = directory / f"{BARE}.part"
    part.unlink(missing_ok=True)
    with closing(apsw.Connection(str(part))) as db:
        for pragma in ("page_size = 1024", "journal_mode = OFF", "synchronous = OFF"):
            db.execute(f"PRAGMA {pragma}")
        db.execute("CREATE TABLE fact (seq INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT")
        db.execute(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
            " INSERT INTO fact SELECT i, zeroblob(?) FROM n",
            (rows, row_bytes),
        )
        db.execute("PRAGMA journal_mode = WAL")
    part.rename(directory / BARE)
