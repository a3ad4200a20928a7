"""Sixteen simulated devices on one event loop: what is lost, and what they cost together."""

import asyncio
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Final

import msgspec

from benchmarks.harness import Benchmark, Direction, Goal, Judged
from edge.clock import SystemClock
from edge.drivers.registry import driver_for
from edge.drivers.transports import converse
from edge.drivers.uris import parse_uri
from edge.readings import DeviceFault, Garbled, Reading, TagSeen, Weighed

_LUCK: Final = Random(1)  # noqa: S311 (of the pauses before a port is tried again)
READERS: Final = 8
SCALES: Final = 8
TAGS_A_READER: Final = 20
SECONDS: Final = 5.0
PATIENCE_S: Final = 30.0

# A reader that misses no tag tells each of its field once a round.
_READER: Final = (
    '[[device]]\nname = "r{0}"\ntype = "r200"\nat = "pty:r{0}"\nread_permille = 1000\nseed = {0}\n'
)
_SCALE: Final = '[[device]]\nname = "s{0}"\ntype = "mt-sics"\nat = "pty:s{0}"\nseed = {0}\n'


class Told:
    """What one device has said since the counting began."""

    def __init__(self) -> None:
        self.tags: Counter[str] = Counter()
        self.weights = 0
        self.troubles = 0
        self.awake = asyncio.Event()

    def __call__(self, reading: Reading) -> None:
        """Take note of a reading."""
        match reading:
            case TagSeen(epc=epc):
                self.tags[epc] += 1
            case Weighed():
                self.weights += 1
            case Garbled() | DeviceFault():
                self.troubles += 1
            case _:
                pass
        if self.weights or len(self.tags) == TAGS_A_READER:
            self.awake.set()

    def begin(self) -> None:
        """Forget what was."""
        self.tags.clear()
        self.weights = self.troubles = 0

    def lost(self) -> int:
        """Readings that are missing, and things that should not have been said.

        The round that is under way has told some tags once more than the others.
        """
        rounds = max(self.tags.values(), default=0)
        missing = sum(max(0, rounds - 1 - times) for times in self.tags.values())
        mute = not self.weights and len(self.tags) < TAGS_A_READER
        return missing + self.troubles + mute


def lost() -> float:
    """The readings that were lost in five seconds of sixteen devices."""
    return asyncio.run(_lost())


def cost_percent() -> float:
    """The part of a core that all of them take."""
    return asyncio.run(_cost_percent())


async def _lost() -> float:
    async with _crowd() as told:
        await asyncio.sleep(SECONDS)
        return sum(each.lost() for each in told)


async def _cost_percent() -> float:
    async with _crowd():
        began_s, used_s = time.monotonic(), time.process_time()
        await asyncio.sleep(SECONDS)
        return 100 * (time.process_time() - used_s) / (time.monotonic() - began_s)


@asynccontextmanager
async def _crowd() -> AsyncIterator[list[Told]]:
    """All devices, when each has been heard."""
    with _bench() as folder:
        told: list[Told] = []
        talks = []
        for number in range(READERS):
            told.append(Told())
            talks.append(_talk(f"serial:{folder}/r{number}?profile=yrm100", told[-1]))
        for number in range(SCALES):
            told.append(Told())
            talks.append(_talk(f"serial:{folder}/s{number}?profile=mt-sics", told[-1]))
        async with asyncio.timeout(PATIENCE_S):
            for each in told:
                await each.awake.wait()
        for each in told:
            each.begin()
        yield told
        for talk in talks:
            talk.cancel()
        await asyncio.gather(*talks, return_exceptions=True)


def _talk(text: str, heard: Callable[[Reading], None]) -> asyncio.Task[None]:
    uri = parse_uri(text)
    return asyncio.create_task(converse(uri, driver_for(uri.profile), heard, SystemClock(), _LUCK))


@contextmanager
def _bench() -> Iterator[Path]:
    """A bench in a process of its own, its fields full."""
    with TemporaryDirectory(prefix="opos-bench-") as name:
        folder = Path(name)
        file = folder / "bench.toml"
        devices = "".join(
            [_READER.format(n) for n in range(READERS)] + [_SCALE.format(n) for n in range(SCALES)]
        )
        file.write_text(f'[bench]\ncontrol = "b.sock"\nstate = "b.json"\n{devices}', "utf-8")
        (folder / "b.json").write_bytes(msgspec.json.encode(_goods()))
        command = (sys.executable, "-m", "opos", "sim", "up", os.fspath(file), "--json")
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:  # noqa: S603 (ourselves)
            assert process.stdout is not None
            assert process.stdout.readline(), "the bench did not start"
            try:
                yield folder
            finally:
                process.terminate()


def _goods() -> dict[str, object]:
    """What lies where, as a bench keeps it."""
    return {
        f"r{reader}": {
            "world": {
                "tags": [
                    {"epc": f"30{reader:02X}{number:020X}", "rssi_dbm": -50}
                    for number in range(TAGS_A_READER)
                ]
            }
        }
        for reader in range(READERS)
    }


def devices() -> float:
    """How many there are."""
    return float(READERS + SCALES)


def bare_loop_percent() -> float:
    """The ceiling: an event loop that is woken as often as they speak, and does nothing."""
    return asyncio.run(_bare_loop_percent())


async def _bare_loop_percent() -> float:
    """A hundred answers of scales and two hundred rounds of readers a second come in pieces of their own."""
    began_s, used_s = time.monotonic(), time.process_time()
    while time.monotonic() - began_s < 1:
        await asyncio.sleep(1 / 300)
    return 100 * (time.process_time() - used_s) / (time.monotonic() - began_s)


BENCHMARKS: Final = (
    Benchmark(
        name="crowd-lost",
        unit="readings of 16 devices",
        goal=Goal(Judged.VALUE, Direction.AT_MOST, 0),
        value=lost,
        ceiling=devices,
        rounds=2,
    ),
    Benchmark(
        name="crowd-cost",
        unit="% of a core",
        goal=None,
        value=cost_percent,
        ceiling=bare_loop_percent,
        rounds=2,
    ),
)
