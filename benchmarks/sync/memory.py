"""The agent's memory: idle, and the most while it carried 200,000 entries; beside it, its libraries."""

import asyncio
import subprocess
import sys
from typing import Final

from benchmarks.harness import Benchmark, Direction, Goal, Judged
from benchmarks.journal.ledgers import made
from benchmarks.journal.promise import room
from benchmarks.sync.drain import BACKLOG, drained
from benchmarks.sync.processes import rss_mb
from benchmarks.sync.receipts import listening
from benchmarks.sync.world import until, world

_LIBRARIES: Final = """
import asyncio, http.client, logging, ssl, sys
import apsw, click, msgspec, zstandard
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from paho.mqtt import client
print("ready", flush=True)
sys.stdin.read()
"""


def idle_mb() -> float:
    """The agent of an object that has told everything, and waits."""
    return asyncio.run(_idle_mb())


async def _idle_mb() -> float:
    with room() as directory:
        async with world(directory) as shop, shop.till():
            with listening(shop.place.broker) as heard:
                async with shop.agent() as agent:
                    await until(lambda: heard.seq > 0, "the hub sent a receipt")
                    return rss_mb(agent.pid)


def libraries_mb() -> float:
    """The ceiling: a process that has imported what the agent imports, and does nothing."""
    command = (sys.executable, "-c", _LIBRARIES)
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:  # noqa: S603
        assert process.stdout is not None
        process.stdout.readline()
        used_mb = rss_mb(process.pid)
        process.communicate()
        return used_mb


_LIMIT: Final = Goal(Judged.VALUE, Direction.AT_MOST, 48)

BENCHMARKS: Final = (
    Benchmark(name="agent-memory", unit="MB", goal=_LIMIT, value=idle_mb, ceiling=libraries_mb, rounds=3),
    Benchmark(
        name="agent-memory-drained",
        unit="MB",
        goal=_LIMIT,
        value=lambda: drained().agent_peak_mb,  # the most that it ever had
        ceiling=libraries_mb,
        rounds=1,
        prepare=made(BACKLOG),
    ),
)
