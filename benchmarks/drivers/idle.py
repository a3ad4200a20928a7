"""A driver at rest: how often it wakes its process, beside what the protocol itself asks for."""

import asyncio
import os
import resource
import select
import time
import tty
from random import Random
from typing import Final

from benchmarks.drivers.farside import speaking
from benchmarks.harness import Benchmark, Direction, Goal, Judged
from edge.clock import SystemClock
from edge.drivers.registry import driver_for
from edge.drivers.scales.mtsics import ASK_EVERY_NS
from edge.drivers.transports import converse
from edge.drivers.uris import parse_uri
from edge.readings import Weighed

_LUCK: Final = Random(1)  # noqa: S311 (of the pauses before a port is tried again)
SECONDS: Final = 3.0
PATIENCE_S: Final = 30.0


def wakes_a_second() -> float:
    """How often a process wakes that does nothing but ask one scale for its weight."""
    with speaking("scale", 0) as path:
        return asyncio.run(_wakes_a_second(path))


async def _wakes_a_second(path: str) -> float:
    uri = parse_uri(f"serial:{path}?profile=mt-sics")
    heard = asyncio.Event()
    talk = asyncio.create_task(
        converse(
            uri,
            driver_for(uri.profile),
            lambda reading: heard.set() if isinstance(reading, Weighed) else None,
            SystemClock(),
            _LUCK,
        )
    )
    async with asyncio.timeout(PATIENCE_S):
        await heard.wait()
    woken = _woken()
    await asyncio.sleep(SECONDS)
    wakes = _woken() - woken
    talk.cancel()
    return wakes / SECONDS


def protocol_wakes_a_second() -> float:
    """The ceiling: a loop that asks as often, and sleeps until it is answered and until it asks again."""
    with speaking("scale", 0) as path:
        port = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        try:
            tty.setraw(port)
            os.write(port, b"SI\r\n")
            select.select([port], [], [], PATIENCE_S)
            woken, ends_s = _woken(), time.monotonic() + SECONDS
            while time.monotonic() < ends_s:
                os.read(port, 4096)
                select.select([port], [], [], ASK_EVERY_NS / 1e9)
                os.write(port, b"SI\r\n")
                select.select([port], [], [], PATIENCE_S)
            return (_woken() - woken) / SECONDS
        finally:
            os.close(port)


def _woken() -> int:
    """How often this process has gone to sleep by its own will (getrusage(2))."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw


BENCHMARKS: Final = (
    Benchmark(
        name="idle-wakes",
        unit="a second",
        goal=Goal(Judged.RATIO, Direction.AT_MOST, 1.2),
        value=wakes_a_second,
        ceiling=protocol_wakes_a_second,
        rounds=3,
    ),
)
