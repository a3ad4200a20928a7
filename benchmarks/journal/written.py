"""What a promise writes: bytes and syncs, counted between SQLite and the file system."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Final

import apsw
import msgspec

from benchmarks.harness import Benchmark, Direction, Goal, Judged
from benchmarks.journal.promise import PAGE, journal
from benchmarks.sales import sale

# The log is written over after some 800 sales: so many take its checkpoints in their true share.
ENTRIES: Final = 4_000
# SQLite's own way to the disk on every POSIX system.
_BENEATH: Final = "unix"


class Written(msgspec.Struct, frozen=True):
    """What became of one sale on the disk, in the mean of many."""

    log_bytes: float
    """Into the write-ahead log, which is what a promise waits for."""
    file_bytes: float
    """Into the ledger's own file, when the log is emptied."""
    syncs: float
    """Of any file, those that empty the log among them."""


class _CountingFile(apsw.VFSFile):
    """A file that counts what is written to it, by the end of its name, and lets everything pass."""

    def __init__(self, name: str | apsw.URIFilename | None, flags: list[int], counts: Counter[str]) -> None:
        self._counts = counts
        self._what = "log" if flags[0] & apsw.SQLITE_OPEN_WAL else "file"
        super().__init__(_BENEATH, name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 - SQLite's name
        """Write."""
        self._counts[self._what] += len(data)
        super().xWrite(data, offset)

    def xSync(self, flags: int) -> None:  # noqa: N802 - SQLite's name
        """Sync: on Linux one fsync or fdatasync."""
        self._counts["syncs"] += 1
        super().xSync(flags)


class _CountingDisk(apsw.VFS):
    """SQLite's way to the disk for every file that is opened while it is the default."""

    def __init__(self, counts: Counter[str]) -> None:
        self._counts = counts
        super().__init__("counting", _BENEATH, makedefault=True)

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> _CountingFile:  # noqa: N802
        """Open."""
        return _CountingFile(name, flags, self._counts)


@contextmanager
def counted() -> Iterator[Counter[str]]:
    """Count everything that is written to databases that are opened inside the block."""
    counts: Counter[str] = Counter()
    disk = _CountingDisk(counts)
    try:
        yield counts
    finally:
        disk.unregister()


@cache
def written(*, books: bool) -> Written:
    """Sell one after the other, and count: the same sales write the same bytes, so once is enough."""

    async def sell() -> None:
        for one in map(sale, range(ENTRIES)):
            await opened.append(one, f"sale/{one.sale}")

    with counted() as counts, journal(books=books) as opened:
        counts.clear()
        asyncio.run(sell())
        return Written(counts["log"] / ENTRIES, counts["file"] / ENTRIES, counts["syncs"] / ENTRIES)


def bytes_later() -> float:
    """The bytes that nobody waits for: the share of a sale in the books, and in emptying the log."""
    sold = written(books=True)
    return sold.log_bytes + sold.file_bytes - written(books=False).log_bytes


BENCHMARKS: Final = (
    Benchmark(
        name="entry-syncs",
        unit="syncs",
        goal=Goal(Judged.VALUE, Direction.AT_MOST, 1.05),
        value=lambda: written(books=True).syncs,
        ceiling=lambda: 1.0,  # a promise without a sync is none
        rounds=1,
    ),
    Benchmark(
        name="entry-bytes",
        unit="B",
        goal=Goal(Judged.VALUE, Direction.AT_MOST, 6 * 1024),
        value=lambda: written(books=False).log_bytes,
        ceiling=lambda: float(len(PAGE)),  # the one page that any file system writes
        rounds=1,
    ),
    Benchmark(
        name="entry-bytes-later",
        unit="B",
        goal=None,
        value=bytes_later,
        ceiling=lambda: float(len(PAGE)),
        rounds=1,
    ),
)
