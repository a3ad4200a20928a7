"""What goes on behind the promises: folding the books anew, and writing down their state."""

import time
from contextlib import closing
from typing import Final

import apsw

from benchmarks.harness import Benchmark
from benchmarks.journal.chain import chain, copied, per_s
from benchmarks.journal.promise import fdatasync_ms, room
from benchmarks.sales import sale
from cloud_sync.contract.entry import decode_body
from cloud_sync.contract.signing import SoftwareKey
from edge.checkout.books import ShopProjection
from edge.clock import SystemClock
from edge.offline_queue.integrity import refold
from edge.offline_queue.pen import Order, Pen
from edge.offline_queue.reader import LedgerReader

# Tagged goods of some weeks: their places are most of a closing state.
SALES: Final = 2_000


def _refold_all() -> None:
    with copied() as path, closing(LedgerReader(path)) as reader, closing(apsw.Connection("")) as scratch:
        refold(reader, [ShopProjection()], scratch, reader.head())


def _decode_all() -> None:
    for entry in chain().entries:
        decode_body(entry.body)


def checkpoint_ms() -> float:
    """The time that the pen needs for a checkpoint, while a sale would have to wait."""
    with room() as directory:
        pen = Pen(directory / "ledger.db", SoftwareKey.generate(), "bench", SystemClock(), [ShopProjection()])
        with closing(pen):
            pen.begin("0")
            pen.write([Order(one, f"sale/{one.sale}") for one in map(sale, range(SALES))])
            while pen.fold():
                pass
            pen.flush()
            began = time.perf_counter()
            pen.checkpoint()
            return (time.perf_counter() - began) * 1e3


BENCHMARKS: Final = (
    Benchmark(
        name="re-projection",
        unit="/s",
        goal=None,
        value=lambda: per_s(_refold_all),
        ceiling=lambda: per_s(_decode_all),  # whoever reads a body has to decode it
        rounds=5,
    ),
    Benchmark(
        name="checkpoint",
        unit="ms",
        goal=None,
        value=checkpoint_ms,
        ceiling=fdatasync_ms,
        rounds=3,
    ),
)
