"""The journal: what it costs to promise a sale, beside what the disk itself asks."""

import asyncio
import contextlib
import hashlib
import os
import tempfile
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from benchmarks.harness import Benchmark, Direction, Goal, Judged
from cloud_sync.contract.entry import Posting, Sale, SaleLine, TaxLine, entry_hash
from cloud_sync.contract.signing import SoftwareKey
from edge.clock import SystemClock
from edge.offline_queue.journal import Journal, open_journal
from edge.offline_queue.reader import LedgerReader
from retail.custody import Move
from retail.pricing.book import Version

ENTRIES = 50
TOGETHER = 500
PAGE = b"\0" * 4096
# The disk is measured where the ledgers lie: a memory file system would make every promise free.
BESIDE = Path(__file__).parent.parent


def sale(n: int) -> Sale:
    """A sale of three lines, with tags, as a shelf writes it."""
    lines = tuple(
        SaleLine(
            f"0952000100{k:04d}", "Ethiopia Yirgacheffe 250 g", 1, 1150, 1150, "reduced", (f"{n:023d}{k}",)
        )
        for k in range(3)
    )
    postings = (
        Posting("receivable/a7KxQ", 3450, "EUR"),
        Posting("revenue", -3224, "EUR"),
        Posting("tax/reduced", -226, "EUR"),
    )
    moves = tuple(Move(line.gtin, "shelf-b12", "sold", 1) for line in lines)
    taxes = (TaxLine("reduced", 700, 3450, 226),)
    return Sale(
        f"sale-{n:012d}", f"K7QM-{n:04d}", "2026-01-31", "en", "EUR", 3450, "house-account",
        Version(1, 1), lines, taxes, postings, moves,
    )  # fmt: skip


@contextmanager
def journal() -> Iterator[tuple[Journal, Path]]:
    """A new journal on the real disk."""
    with tempfile.TemporaryDirectory(dir=BESIDE, prefix=".bench-") as directory:
        path = Path(directory) / "ledger.db"
        opened = open_journal(path, SoftwareKey.generate(), "bench", SystemClock())
        opened.start("0")
        with contextlib.closing(opened):
            yield opened, path


def durable_entry_ms() -> float:
    """The median time of one sale from the call to its promise, one after the other."""
    with journal() as (opened, _):

        async def sell() -> float:
            return median([await timed_ms(opened, n) for n in range(ENTRIES)])

        return asyncio.run(sell())


async def timed_ms(opened: Journal, n: int) -> float:
    """How long one append takes."""
    began = time.perf_counter()
    await opened.append(sale(n), f"sale/{n}")
    return (time.perf_counter() - began) * 1e3


def fdatasync_ms() -> float:
    """The median time of the ceiling: append 4 KiB to a file and fdatasync it."""
    with synced_file() as descriptor:
        taken = []
        for _ in range(ENTRIES):
            began = time.perf_counter()
            os.write(descriptor, PAGE)
            os.fdatasync(descriptor)
            taken.append((time.perf_counter() - began) * 1e3)
        return median(taken)


@contextmanager
def synced_file() -> Iterator[int]:
    """A new file on the same disk."""
    with tempfile.TemporaryDirectory(dir=BESIDE, prefix=".bench-") as directory:
        descriptor = os.open(Path(directory) / "file", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            yield descriptor
        finally:
            os.close(descriptor)


def together_per_s() -> float:
    """Promised sales a second when many ask at the same time."""
    with journal() as (opened, _):

        async def sell() -> None:
            await asyncio.gather(*(opened.append(sale(n), f"sale/{n}") for n in range(TOGETHER)))

        return TOGETHER / seconds(lambda: asyncio.run(sell()))


def fdatasyncs_per_s() -> float:
    """The ceiling of a journal that syncs once a sale."""
    return 1e3 / fdatasync_ms()


def bytes_written() -> float:
    """Bytes that one sale puts into the write-ahead log."""
    with journal() as (opened, path):

        async def sell() -> int:
            await opened.append(sale(0), "sale/0")
            before = path.with_name("ledger.db-wal").stat().st_size
            for n in range(1, ENTRIES + 1):
                await opened.append(sale(n), f"sale/{n}")
            return path.with_name("ledger.db-wal").stat().st_size - before

        return asyncio.run(sell()) / ENTRIES


def verified_per_s() -> float:
    """Entries a second whose hash and link are checked."""
    with journal() as (opened, path):
        fill(opened)
        reader = LedgerReader(path)
        with contextlib.closing(reader):
            entries = list(reader.entries())

    def check() -> None:
        prev = entries[0].prev
        for entry in entries:
            assert entry.prev == prev
            prev = entry_hash(entry.kid, entry.prev, entry.body)

    return len(entries) / seconds(check)


def bare_hashes_per_s() -> float:
    """The ceiling: base64url and SHA-256 of the same bodies, and nothing else."""
    with journal() as (opened, path):
        fill(opened)
        with contextlib.closing(LedgerReader(path)) as reader:
            bodies = [entry.body for entry in reader.entries()]

    def loop() -> None:
        for body in bodies:
            hashlib.sha256(urlsafe_b64encode(body)).digest()

    return len(bodies) / seconds(loop)


def fill(opened: Journal) -> None:
    """Write enough sales to time a pass over them."""

    async def sell() -> None:
        for start in range(0, 4 * TOGETHER, TOGETHER):
            numbers = range(start, start + TOGETHER)
            await asyncio.gather(*(opened.append(sale(n), f"sale/{n}") for n in numbers))

    asyncio.run(sell())


def seconds(work: Callable[[], object]) -> float:
    """How long `work` takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


BENCHMARKS = (
    Benchmark(
        name="durable-entry",
        unit="ms",
        goal=Goal(Judged.RATIO, Direction.AT_MOST, 1.5),
        value=durable_entry_ms,
        ceiling=fdatasync_ms,
    ),
    Benchmark(
        name="commits-together",
        unit="/s",
        goal=Goal(Judged.RATIO, Direction.AT_LEAST, 0.85),
        value=together_per_s,
        ceiling=fdatasyncs_per_s,
    ),
    Benchmark(
        name="entry-bytes",
        unit="B",
        goal=Goal(Judged.VALUE, Direction.AT_MOST, 6 * 1024),
        value=bytes_written,
        ceiling=lambda: 4096.0,  # the one page that any file system writes
        rounds=2,
    ),
    Benchmark(
        name="chain-hashing",
        unit="/s",
        goal=Goal(Judged.RATIO, Direction.AT_LEAST, 0.7),
        value=verified_per_s,
        ceiling=bare_hashes_per_s,
        rounds=4,
    ),
)
