"""Two identical scanners on one object, each at a port of its own: both read all their codes, in order."""

import asyncio
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edge.clock import SystemClock
from edge.drivers.registry import driver_for
from edge.drivers.transports import converse
from edge.drivers.uris import parse_uri
from edge.readings import CodeScanned, DeviceReady, Garbled, Reading
from tests.simulators.bench_process import PATIENCE_S, BenchProcess, write_bench

CODES = 200
SCANNER = '[[device]]\nname = "{0}"\ntype = "serial-scanner"\nat = "pty:{0}"\n'
NAMES = ("left", "right")


def code(name: str, number: int) -> str:
    """A code that only this scanner reads, and only once."""
    return f"{name}-{number:04d}"


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():
            await asyncio.sleep(0.01)


async def heard_by_both(bench: BenchProcess) -> dict[str, list[Reading]]:
    """What an object hears of both while a hand scans with one and the other in turn."""
    heard: dict[str, list[Reading]] = {name: [] for name in NAMES}
    uris = {name: parse_uri(f"serial:{bench.folder / name}?profile=serial-scanner") for name in NAMES}
    talks = [
        asyncio.create_task(
            converse(uri, driver_for(uri.profile), heard[name].append, SystemClock(), random.Random(1))
        )
        for name, uri in uris.items()
    ]
    await until(lambda: all(DeviceReady() in readings for readings in heard.values()))
    await asyncio.to_thread(scan_all, bench)
    await until(lambda: all(len(codes(readings)) >= CODES for readings in heard.values()))
    for talk in talks:
        talk.cancel()
    await asyncio.gather(*talks, return_exceptions=True)
    return heard


def scan_all(bench: BenchProcess) -> None:
    for number in range(CODES):
        for name in NAMES:
            bench.do(name, "scan", text=code(name, number))


def codes(readings: list[Reading]) -> list[str]:
    return [each.text for each in readings if isinstance(each, CodeScanned)]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[BenchProcess]:
    """A bench with both of them, in a process of its own."""
    running = BenchProcess(write_bench(tmp_path, *(SCANNER.format(name) for name in NAMES)))
    yield running.started()
    running.kill()


def test_two_identical_scanners_both_read_two_hundred_of_two_hundred(bench: BenchProcess) -> None:
    heard = asyncio.run(heard_by_both(bench))
    assert {name: codes(readings) for name, readings in heard.items()} == {
        name: [code(name, number) for number in range(CODES)] for name in NAMES
    }
    assert not any(isinstance(each, Garbled) for readings in heard.values() for each in readings)
