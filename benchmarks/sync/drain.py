"""A long backlog on its way: 200,000 entries by a real agent through Mosquitto into a real hub.

The time is that from the hub's first receipt to its last, so that no start of a process is in it; on two
cores the agent, the broker, the hub and the till share them.
"""

import asyncio
import time
from collections.abc import Mapping
from contextlib import closing
from functools import cache
from typing import Final

import msgspec

from benchmarks.harness import Benchmark, Direction, Goal, Judged, SkippedError
from benchmarks.journal.ledgers import kept, made
from benchmarks.journal.promise import room
from benchmarks.opening import DEV, KEY, LEDGER
from benchmarks.sync.processes import cpu_s, rss_mb
from benchmarks.sync.receipts import Heard, listening
from benchmarks.sync.world import World, until, world
from cloud_sync.contract.batch import fitting, pack, unpack
from cloud_sync.contract.entry import SignedEntry
from cloud_sync.contract.signing import SoftwareKey, Verifier
from edge.offline_queue.reader import LedgerReader
from simulators.demo.errands import opos, run

BACKLOG: Final = 200_000
# A tenth of it is enough to know how fast one core packs.
_PACKED: Final = 20_000


class Drained(msgspec.Struct, frozen=True):
    """One drain: entries, seconds, CPU seconds by process, and the agent's memory after it."""

    entries: int
    seconds: float
    cpu_s: Mapping[str, float]
    agent_mb: float
    agent_peak_mb: float

    def cpu_us(self, name: str) -> float:
        """The CPU time of one process for each entry, in microseconds."""
        return self.cpu_s[name] / self.entries * 1e6


def drain() -> Drained:
    """Drain the backlog once, from a fresh copy into a fresh hub."""
    return asyncio.run(_drain())


@cache
def drained() -> Drained:
    """One drain that several figures look at."""
    return drain()


async def _drain() -> Drained:
    ledger = kept(BACKLOG)
    with room() as directory:
        async with world(directory, ledger / LEDGER, ledger / KEY) as shop, shop.till() as till:
            with listening(shop.place.broker) as heard:
                async with shop.agent() as agent:
                    pids = {**shop.place.pids, "agent": agent.pid, "till": till.pid}
                    return await _measured(shop, heard, pids)


async def _measured(shop: World, heard: Heard, pids: Mapping[str, int]) -> Drained:
    with closing(LedgerReader(shop.data / "ledger.db")) as reader:
        head = reader.head()
    await until(lambda: heard.seq > 0, "the hub sent a receipt")
    before_s = {name: cpu_s(pid) for name, pid in pids.items()}
    await until(lambda: heard.seq >= head, f"the hub has confirmed all {head} entries")
    used_s = {name: cpu_s(pid) - before_s[name] for name, pid in pids.items()}
    (began_s, first), (ended_s, _) = heard.receipts[0], heard.receipts[-1]
    await _check_believed(shop)
    agent = pids["agent"]
    return Drained(head - first, ended_s - began_s, used_s, rss_mb(agent), rss_mb(agent, peak=True))


async def _check_believed(shop: World) -> None:
    """The object itself must have recorded what the hub said."""
    said = await run(opos("sync", "status", shop.file, "--json"))
    unsynced = msgspec.json.decode(said, type=dict[str, object])["unsynced"]
    if unsynced:
        raise SkippedError(f"the object still waits for receipts of {unsynced} entries")


@cache
def _entries() -> list[SignedEntry]:
    with closing(LedgerReader(kept(BACKLOG) / LEDGER)) as reader:
        return reader.after(0, _PACKED)


def _frames(key: SoftwareKey) -> list[bytes]:
    entries, frames = _entries(), []
    while entries:
        batch = fitting(entries)
        frames.append(pack(key, DEV, "bench", batch))
        entries = entries[len(batch) :]
    return frames


def packed_per_s() -> float:
    """The ceiling: entries a second that one core packs into frames, and does nothing else."""
    key = SoftwareKey.from_pem((kept(BACKLOG) / KEY).read_bytes())
    entries = len(_entries())
    began = time.perf_counter()
    _frames(key)
    return entries / (time.perf_counter() - began)


def packing_us() -> float:
    """The same as microseconds for each entry."""
    return 1e6 / packed_per_s()


def verifying_us() -> float:
    """What one core needs to verify a frame, for each entry in it, in microseconds."""
    key = SoftwareKey.from_pem((kept(BACKLOG) / KEY).read_bytes())
    frames, verifier = _frames(key), Verifier(key.public)
    began = time.perf_counter()
    for frame in frames:
        unpack(frame, verifier)
    return (time.perf_counter() - began) / len(_entries()) * 1e6


def drained_per_s() -> float:
    """Entries a second from the ledger to the hub's receipt."""
    found = drain()
    return found.entries / found.seconds


BENCHMARKS: Final = (
    Benchmark(
        name="drain",
        unit="/s",
        goal=Goal(Judged.VALUE, Direction.AT_LEAST, 100_000),
        value=drained_per_s,
        ceiling=packed_per_s,
        rounds=3,
        prepare=made(BACKLOG),
    ),
    Benchmark(
        name="drain-agent",
        unit="us CPU",
        goal=None,
        value=lambda: drained().cpu_us("agent"),
        ceiling=packing_us,
        rounds=1,
        prepare=made(BACKLOG),
    ),
    Benchmark(
        name="drain-hub",
        unit="us CPU",
        goal=None,
        value=lambda: drained().cpu_us("hub"),
        ceiling=verifying_us,
        rounds=1,
        prepare=made(BACKLOG),
    ),
    Benchmark(
        name="drain-broker",
        unit="us CPU",
        goal=None,
        value=lambda: drained().cpu_us("mosquitto"),
        ceiling=packing_us,
        rounds=1,
        prepare=made(BACKLOG),
    ),
    Benchmark(
        name="drain-till",
        unit="us CPU",
        goal=None,
        value=lambda: drained().cpu_us("till"),
        ceiling=packing_us,
        rounds=1,
        prepare=made(BACKLOG),
    ),
)
