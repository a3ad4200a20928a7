"""One serial line at 115200 baud: what it costs of a core, and how soon its readings are there."""

import asyncio
import math
import os
import select
import time
import tty
from collections.abc import Callable
from random import Random
from typing import Final

from benchmarks.drivers.farside import BYTES_PER_S, speaking, stamp, tag
from benchmarks.harness import Benchmark, Direction, Goal, Judged
from edge.clock import SystemClock
from edge.drivers.registry import driver_for
from edge.drivers.transports import converse
from edge.drivers.uris import parse_uri
from edge.readings import Reading, TagSeen

_LUCK: Final = Random(1)  # noqa: S311 (of the pauses before a port is tried again)
_TAG_BYTES: Final = len(tag(0, 0))
# Two seconds of a full line, without its beginning.
TAGS: Final = 2 * BYTES_PER_S // _TAG_BYTES
# Enough that the 99th of a hundred is not the one that a hiccup hit.
STAMPED: Final = 500
PATIENCE_S: Final = 30

Heard = Callable[[str], object]
Take = Callable[[str, int, Heard], None]
"""Hears so many tags at a port, and tells the EPC of each."""


def cost_percent() -> float:
    """The part of a core that transport and driver take of a line without a pause."""
    return _percent(_tags)


def bare_cost_percent() -> float:
    """The ceiling: a loop that waits, reads, and throws away."""
    return _percent(_read)


def latency_p99_ms() -> float:
    """From the writing of a tag on the far side to the reading in our hands."""
    return _p99_ms(_tags)


def bare_latency_p99_ms() -> float:
    """The ceiling: the same by a loop that waits and reads, and knows where the stamp stands."""
    return _p99_ms(_read)


class _Meter:
    """Reads the clocks at the first tag and at the last: what opening costs is paid once."""

    def __init__(self) -> None:
        self._tags = 0
        self._at_s: list[tuple[float, float]] = []

    def __call__(self, _: str) -> None:
        self._tags += 1
        if self._tags in {1, TAGS}:
            self._at_s.append((time.monotonic(), time.process_time()))

    def percent(self) -> float:
        """The part of a core between the two."""
        (began_s, cpu_began_s), (ended_s, cpu_ended_s) = self._at_s
        return 100 * (cpu_ended_s - cpu_began_s) / (ended_s - began_s)


def _percent(take: Take) -> float:
    meter = _Meter()
    with speaking("full", TAGS) as path:
        take(path, TAGS, meter)
    return meter.percent()


def _p99_ms(take: Take) -> float:
    waits_ns: list[int] = []
    with speaking("stamped", STAMPED) as path:
        take(path, STAMPED, lambda epc: waits_ns.append(time.monotonic_ns() - stamp(epc)[1]))
    return sorted(waits_ns)[math.ceil(STAMPED * 0.99) - 1] / 1e6


def _tags(path: str, count: int, heard: Heard) -> None:
    """Hear so many tags through a transport; none may be lost, and none come twice."""
    asyncio.run(_converse(path, count, heard))


async def _converse(path: str, count: int, heard: Heard) -> None:
    uri = parse_uri(f"serial:{path}?profile=r200")
    epcs: list[str] = []
    complete = asyncio.Event()

    def note(reading: Reading) -> None:
        if isinstance(reading, TagSeen):
            heard(reading.epc)
            epcs.append(reading.epc)
            if len(epcs) == count:
                complete.set()

    talk = asyncio.create_task(converse(uri, driver_for(uri.profile), note, SystemClock(), _LUCK))
    async with asyncio.timeout(PATIENCE_S):
        await complete.wait()
    talk.cancel()
    assert [stamp(epc)[0] for epc in epcs] == list(range(count))


def _read(path: str, count: int, heard: Heard) -> None:
    port = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    try:
        tty.setraw(port)
        os.write(port, b"?")
        stream = bytearray()
        for number in range(count):
            while len(stream) < (number + 1) * _TAG_BYTES:
                select.select([port], [], [], PATIENCE_S)
                stream += os.read(port, 4096)
            heard(stream[number * _TAG_BYTES + 8 : number * _TAG_BYTES + 20].hex())
    finally:
        os.close(port)


BENCHMARKS: Final = (
    Benchmark(
        name="serial-cost",
        unit="% of a core",
        goal=Goal(Judged.VALUE, Direction.AT_MOST, 2),
        value=cost_percent,
        ceiling=bare_cost_percent,
        rounds=5,
    ),
    Benchmark(
        name="byte-to-reading-p99",
        unit="ms",
        goal=Goal(Judged.VALUE, Direction.AT_MOST, 2),
        value=latency_p99_ms,
        ceiling=bare_latency_p99_ms,
        rounds=5,
    ),
)
