"""From the commit of a sale to the hub's receipt in the object's own hands, all on this machine."""

import asyncio
import math
from typing import Final

import msgspec

from benchmarks.harness import Benchmark, Direction, Goal, Judged
from benchmarks.journal.promise import fdatasync_ms, room
from benchmarks.sync.world import world

# Enough that the 99th of a hundred is not the one that a hiccup hit.
SALES: Final = 500
# The object's entry, the hub's commit, and the object's note of the receipt.
_SYNCS: Final = 3


def receipt_p99_ms() -> float:
    """The milliseconds that 99 of 100 sales do not exceed."""
    return asyncio.run(_receipt_p99_ms())


async def _receipt_p99_ms() -> float:
    with room() as directory:
        async with world(directory) as shop, shop.till(SALES) as till, shop.agent():
            assert till.stdout is not None
            waits_ms = msgspec.json.decode(await till.stdout.readline(), type=list[float])
    return sorted(waits_ms)[math.ceil(len(waits_ms) * 0.99) - 1]


def syncs_ms() -> float:
    """The ceiling: as many syncs of this disk as nobody can leave out."""
    return _SYNCS * fdatasync_ms()


BENCHMARKS: Final = (
    Benchmark(
        name="receipt-p99",
        unit="ms",
        goal=Goal(Judged.VALUE, Direction.AT_MOST, 10),  # on a disk whose sync takes less than 0.5 ms
        value=receipt_p99_ms,
        ceiling=syncs_ms,
        rounds=3,
    ),
)
