"""Two thousand shoppers in time-lapse: what they leave in the browser and in the object's memory.

The ceiling is what there was after the first of them, when everything is warm: the others add nothing.
"""

import gc
from collections.abc import Callable, Iterable
from typing import Final

import msgspec
from playwright.sync_api import CDPSession, Page

from benchmarks.glass.eyes import eyes
from benchmarks.glass.looks import browsing, buy, free_port
from benchmarks.glass.object import panel
from benchmarks.harness import Benchmark, Direction, Goal, Judged, Track
from benchmarks.sync.processes import rss_mb

SHOPPERS: Final = 2000
FIRST: Final = 200


class Left(msgspec.Struct, frozen=True):
    """What is in use, after everything that is garbage was thrown away."""

    heap_kb: float
    nodes: float
    server_mb: float


_left: list[Left] = []


def shop(track: Track) -> None:
    """Have all of them buy, once."""
    if not _left:
        _left.extend(left(SHOPPERS, FIRST, track))


def left(shoppers: int, first: int, track: Track) -> tuple[Left, Left]:
    """What is left after the first of them, and after all."""
    gc.collect()
    with panel(free_port()) as (sold, scan), browsing() as browser, eyes(browser, sold.url) as page:
        lens = page.context.new_cdp_session(page)
        lens.send("Performance.enable")
        crowd: Iterable[object] = range(1, shoppers + 1)
        marks: list[Left] = []
        for shopper, _ in enumerate(track(crowd, total=shoppers, description="shoppers"), start=1):
            buy(page, scan, shopper)
            if shopper in {first, shoppers}:
                marks.append(_now(page, lens, sold.pid))
        began, ended = marks
        return began, ended


def _now(page: Page, lens: CDPSession, pid: int) -> Left:
    page.evaluate("seen.presses.length = seen.results.length = 0")
    lens.send("HeapProfiler.collectGarbage")
    said = {each["name"]: each["value"] for each in lens.send("Performance.getMetrics")["metrics"]}
    return Left(said["JSHeapUsedSize"] / 1e3, said["Nodes"], rss_mb(pid))


def _benchmark(name: str, unit: str, ratio: float, of: Callable[[Left], float]) -> Benchmark:
    goal = Goal(Judged.RATIO, Direction.AT_MOST, ratio)
    return Benchmark(name, unit, goal, lambda: of(_left[1]), lambda: of(_left[0]), 1, shop)


BENCHMARKS: Final = (
    _benchmark("crowd-heap", "KB", 1.05, lambda left: left.heap_kb),
    _benchmark("crowd-nodes", "nodes", 1.05, lambda left: left.nodes),
    _benchmark("crowd-server", "MB", 1.05, lambda left: left.server_mb),
)
