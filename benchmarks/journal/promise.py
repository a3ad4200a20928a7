"""A promise: from the call of `append` to its return, one sale after the other and many at once."""

import asyncio
import contextlib
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.harness import Benchmark, Direction, Goal, Judged
from benchmarks.sales import sale
from cloud_sync.contract.signing import SoftwareKey
from edge.checkout.books import ShopProjection
from edge.clock import SystemClock
from edge.offline_queue.journal import Journal, open_journal
from edge.offline_queue.pen import Order, Pen

# A quarter of what the log takes before it is written over: no sample waits for a checkpoint of the log.
ENTRIES: Final = 150
TOGETHER: Final = 500
PAGE: Final = b"\0" * 4096
# The disk is measured where the ledgers lie: a memory file system would make every promise free.
BESIDE: Final = Path(__file__).parents[2]


@contextmanager
def room() -> Iterator[Path]:
    """A directory on the real disk, for as long as the block lasts."""
    with tempfile.TemporaryDirectory(dir=BESIDE, prefix=".bench-") as directory:
        yield Path(directory)


@contextmanager
def journal(*, books: bool = True) -> Iterator[Journal]:
    """A new journal of a shop, at work: a log of full length, and the till's `books` that follow."""
    with room() as directory:
        path = directory / "ledger.db"
        projections = [ShopProjection()] if books else []
        opened = open_journal(path, SoftwareKey.generate(), "bench", SystemClock(), projections)
        with contextlib.closing(opened):
            opened.start("0")
            yield opened


def durable_entry_ms() -> float:
    """The median time of one sale from the call to its promise, one after the other."""
    sales = [sale(n) for n in range(ENTRIES)]
    with journal() as opened:

        async def sell() -> float:
            return median([await timed_ms(opened, n) for n in range(ENTRIES)])

        async def timed_ms(opened: Journal, n: int) -> float:
            began = time.perf_counter()
            await opened.append(sales[n], f"sale/{sales[n].sale}")
            return (time.perf_counter() - began) * 1e3

        return asyncio.run(sell())


def pen_entry_ms() -> float:
    """The same without the event loop and the thread of the writer: what those cost is the difference."""
    sales = [Order(one, f"sale/{one.sale}") for one in map(sale, range(ENTRIES))]
    with room() as directory:
        pen = Pen(directory / "ledger.db", SoftwareKey.generate(), "bench", SystemClock(), [ShopProjection()])
        with contextlib.closing(pen):
            pen.begin("0")
            return median([_written_ms(pen, order) for order in sales])


def _written_ms(pen: Pen, order: Order) -> float:
    began = time.perf_counter()
    pen.write([order])
    return (time.perf_counter() - began) * 1e3


def fdatasync_ms() -> float:
    """The median time of the ceiling: append 4 KiB to a file and fdatasync it."""
    with room() as directory:
        descriptor = os.open(directory / "file", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            return median([synced_ms(descriptor) for _ in range(ENTRIES)])
        finally:
            os.close(descriptor)


def synced_ms(descriptor: int) -> float:
    """The time of one append of 4 KiB and its fdatasync."""
    began = time.perf_counter()
    os.write(descriptor, PAGE)
    os.fdatasync(descriptor)
    return (time.perf_counter() - began) * 1e3


def together_per_s() -> float:
    """Promised sales a second when many ask at the same time."""
    sales = [sale(n) for n in range(TOGETHER)]
    with journal() as opened:

        async def sell() -> float:
            began = time.perf_counter()
            await asyncio.gather(*(opened.append(each, f"sale/{each.sale}") for each in sales))
            return TOGETHER / (time.perf_counter() - began)

        return asyncio.run(sell())


def fdatasyncs_per_s() -> float:
    """The ceiling of a journal that syncs once a sale."""
    return 1e3 / fdatasync_ms()


BENCHMARKS: Final = (
    Benchmark(
        name="durable-entry",
        unit="ms",
        goal=Goal(Judged.RATIO, Direction.AT_MOST, 1.5),
        value=durable_entry_ms,
        ceiling=fdatasync_ms,
        rounds=41,  # a sample takes a tenth of a second, and other work on the machine shows at once
    ),
    Benchmark(
        name="pen-entry",
        unit="ms",
        goal=None,
        value=pen_entry_ms,
        ceiling=fdatasync_ms,
        rounds=21,
    ),
    Benchmark(
        name="commits-together",
        unit="/s",
        goal=Goal(Judged.RATIO, Direction.AT_LEAST, 0.85),
        value=together_per_s,
        ceiling=fdatasyncs_per_s,
        rounds=11,
    ),
)
