"""One look at a glass that is at work, and at a bare one beside it: taps, a kill -9, what it weighs."""

import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec
from playwright.sync_api import Browser, Page

from benchmarks.glass.eyes import back_ms, eyes, number, page_kb, presses_ms, results_ms, tap
from benchmarks.glass.object import HOST, mirror, panel, until
from benchmarks.harness import SkippedError
from benchmarks.journal.promise import room
from benchmarks.sync.processes import rss_mb
from edge.display.studio import NoBrowserError, chromium

# The 95th percentile of so many is the third worst; each presses twice.
SHOPPERS: Final = 50
# The first ones warm the browser and the object's caches up.
WARM_UP: Final = 5


class Look(msgspec.Struct, frozen=True):
    """What one glass came to."""

    press_ms: float
    """95th percentile."""
    result_ms: float
    """95th percentile, from the tap on "Buy now" until "It's yours"."""
    restart_ms: float
    page_kb: float
    memory_mb: float


class Looks:
    """Pairs of looks, ours and bare, one after the other; whoever asks for the next has it taken."""

    def __init__(self, take: Callable[[], tuple[Look, Look]]) -> None:
        self._take = take
        self._taken: list[tuple[Look, Look]] = []
        self._asked: Counter[tuple[str, int]] = Counter()

    def ours(self, name: str) -> Callable[[], float]:
        """One figure of our glass, of one look after the other."""
        return lambda: self._next(name, 0)

    def bare(self, name: str) -> Callable[[], float]:
        """The same of the bare one."""
        return lambda: self._next(name, 1)

    def _next(self, name: str, which: int) -> float:
        turn = self._asked[name, which]
        self._asked[name, which] += 1
        if turn == len(self._taken):
            self._taken.append(self._take())
        found: float = getattr(self._taken[turn][which], name)
        return found


def take(shoppers: int = SHOPPERS) -> tuple[Look, Look]:
    """Look at both."""
    return look_at_ours(shoppers), look_at_bare(shoppers)


@contextmanager
def browsing() -> Iterator[Browser]:
    """Chromium, or a figure that is skipped."""
    try:
        with chromium() as browser:
            yield browser
    except NoBrowserError as error:
        raise SkippedError(str(error)) from error


def look_at_ours(shoppers: int) -> Look:
    """Shoppers buy at a panel; a mirror is killed while two garments are compared, and begins again."""
    with panel(free_port()) as (sold, scan), browsing() as browser, eyes(browser, sold.url) as page:
        for shopper in range(WARM_UP + shoppers):
            if shopper == WARM_UP:
                page.evaluate(FORGET)
            buy(page, scan, shopper)
        memory_mb = rss_mb(sold.pid)
        size_kb = page_kb(browser, sold.url)
        press_ms, result_ms = _p95(presses_ms(page)), _p95(results_ms(page, "buy"))
    return Look(press_ms, result_ms, _restarted_ms(), size_kb, memory_mb)


def look_at_bare(shoppers: int) -> Look:
    """The same at a glass with nothing of ours in it."""
    with room() as folder:
        port = free_port()
        process = bare_glass(port, folder)
        with browsing() as browser, eyes(browser, f"http://{HOST}:{port}/") as page:
            for turn in range(WARM_UP + shoppers):
                if turn == WARM_UP:
                    page.evaluate(FORGET)
                tap(page, "buy")
                tap(page, "done")
            memory_mb = rss_mb(process.pid)
            size_kb = page_kb(browser, f"http://{HOST}:{port}/")
            before = number(page)
            ended(process)
            began_s = time.perf_counter()
            process = bare_glass(port, folder, wait=False)
            restart_ms = back_ms(page, before, began_s)
            ended(process)
            return Look(_p95(presses_ms(page)), _p95(results_ms(page, "buy")), restart_ms, size_kb, memory_mb)


FORGET: Final = "seen.presses.length = seen.results.length = 0"


def buy(page: Page, scan: Callable[[int], None], shopper: int) -> None:
    """One shopper, from the scanner to the glass that waits for the next one."""
    scan(shopper)
    page.wait_for_selector('html[data-screen="basket"]', state="attached")
    tap(page, "buy")
    tap(page, "done")


def _restarted_ms() -> float:
    with mirror(free_port()) as held, browsing() as browser, eyes(browser, held.url) as page:
        page.wait_for_selector('html[data-screen="compare"]', state="attached")
        before, basket = number(page), _basket(held.state())
        held.kill()
        began_s = time.perf_counter()
        held.start()
        page.wait_for_selector(
            f'html[data-screen="compare"]:not([data-away]):not([data-number="{before}"])', state="attached"
        )
        took_ms = (time.perf_counter() - began_s) * 1e3
        assert _basket(held.state()) == basket
        return took_ms


def _basket(shown: dict[str, Any]) -> object:
    return shown["screen"], shown.get("charge"), shown.get("lines"), shown.get("products")


def bare_glass(port: int, folder: Path, *, wait: bool = True) -> "subprocess.Popen[bytes]":
    """A glass with nothing of ours in it, as a process; `wait` until it listens."""
    command = [sys.executable, "-m", "benchmarks.glass.bare", str(port), str(folder / "taps")]
    process = subprocess.Popen(command)  # noqa: S603
    if wait:
        until(lambda: _listens(port), "the bare glass")
    return process


def ended(process: "subprocess.Popen[bytes]") -> None:
    """Kill -9."""
    process.kill()
    process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _p95(taken: list[float]) -> float:
    return sorted(taken)[len(taken) * 95 // 100]
