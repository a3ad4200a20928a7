"""The bad days: each lets a side take rows while something goes wrong, and counts what came of them."""

import random
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final, Protocol

import msgspec

from tests.agent.line_world import Broker, Cable
from tests.offline_queue.small_disk import SOMEBODY_ELSE, fill, small_disk

_PAUSE: Final = threading.Event()  # nobody sets it
# Nothing new for so long, with the line open: nothing more will come. Both come back within 10 s.
_QUIET_S: Final = 20.0
# Where the storage lies on the day when the disk is full.
_DISK_MIB: Final = 80


class Side(Protocol):
    """One of the two that are compared."""

    name: str

    def start(self, rows: int, per_s: int) -> None:
        """Start it, and let it take rows up to `rows`."""
        ...

    def kill(self) -> None:
        """Kill -9."""
        ...

    def look_after(self, rows: int, per_s: int) -> None:
        """Start again what has ended by itself."""
        ...

    def taken(self) -> int:
        """How many rows it has said yes to."""
        ...

    def arrived(self) -> "Counter[int]":
        """Row -> how often it is at the other end."""
        ...

    def pace(self, since_ms: int) -> int:
        """Rows a second from the first arrival after `since_ms` (milliseconds since 1970) to the last."""
        ...

    def close(self) -> None:
        """End all of it."""
        ...


MakeSide = Callable[[Path, Path, int, int], Side]


class Came(msgspec.Struct, frozen=True):
    """What came of one day for one side."""

    day: str
    side: str
    taken: int
    arrived: int
    lost: int
    """Rows that it had said yes to, and that never came."""
    doubled: int
    """Rows that came more than once."""
    rows_per_s: int | None = None
    """How fast a backlog drained, from the first arrival to the last."""


class Stage(msgspec.Struct):
    """One side on its stage: a broker, a cable to it, and a place for its storage."""

    side: Side
    broker: Broker
    cable: Cable
    storage: Path


def drain(make: MakeSide, rows: int) -> Came:
    """A backlog of `rows` was taken without a line; then the line is there."""
    with _stage(make) as stage:
        _start_and_lose_the_line(stage, rows, 0)
        _wait(lambda: stage.side.taken() == rows, 120)
        healed_ms = time.time_ns() // 1_000_000
        stage.cable.heal()
        _settle(stage, rows, 0)
        return _came("drain", stage.side, healed_ms)


def black_hole(make: MakeSide, rows: int) -> Came:
    """The line stays open and swallows everything for ten seconds, then it is reset."""
    per_s = rows // 20
    with _stage(make) as stage:
        stage.side.start(rows, per_s)
        _wait(lambda: stage.side.taken() > rows // 5)
        stage.cable.go_dead()
        _PAUSE.wait(10)
        stage.cable.heal()
        _settle(stage, rows, per_s)
        return _came("black hole", stage.side)


def kill_9(make: MakeSide, rows: int, seed: int = 4) -> Came:
    """Five times the process is killed while it takes rows, and started again."""
    per_s, luck = rows // 20, random.Random(seed)  # noqa: S311 - a moment, not a secret
    with _stage(make) as stage:
        for _ in range(5):
            stage.side.start(rows, per_s)
            before = stage.side.taken()
            _wait(lambda before=before: stage.side.taken() > before)  # type: ignore[misc] # bound at once
            _PAUSE.wait(luck.uniform(1, 4))
            stage.side.kill()
        stage.side.start(rows, per_s)
        _settle(stage, rows, per_s)
        return _came("kill -9, five times", stage.side)


def disk_full(make: MakeSide, rows: int) -> Came:
    """Without a line, somebody else's file fills the disk for five seconds; then there is room and a line."""
    return _disk_full("disk full", make, rows)


def disk_full_and_killed(make: MakeSide, rows: int) -> Came:
    """The same, and the process is killed while the disk is full."""
    return _disk_full("disk full, then kill -9", make, rows, killed=True)


def _disk_full(day: str, make: MakeSide, rows: int, *, killed: bool = False) -> Came:
    per_s = rows // 20
    with _stage(make, small=True) as stage:
        _start_and_lose_the_line(stage, rows, per_s)
        _wait(lambda: stage.side.taken() > rows // 5)
        fill(stage.storage)
        began = time.monotonic()
        while time.monotonic() < began + 5:
            stage.side.look_after(rows, per_s)
            _PAUSE.wait(0.2)
        if killed:
            stage.side.kill()
        (stage.storage / SOMEBODY_ELSE).unlink()
        stage.cable.heal()
        if killed:
            stage.side.start(rows, per_s)
        _settle(stage, rows, per_s)
        return _came(day, stage.side)


DAYS: Final = {
    "drain": drain,
    "black hole": black_hole,
    "kill -9, five times": kill_9,
    "disk full": disk_full,
    "disk full, then kill -9": disk_full_and_killed,
}


@contextmanager
def _stage(make: MakeSide, *, small: bool = False) -> Iterator[Stage]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="beside-")))
        storage = stack.enter_context(small_disk(folder, _DISK_MIB)) if small else folder / "storage"
        storage.mkdir(exist_ok=True)
        # It keeps what it has acknowledged for a subscriber that is away: no row is lost at the other end.
        broker = Broker(folder, "max_queued_messages 0", "max_inflight_messages 0")
        broker.start()
        stack.callback(broker.kill)
        cable = Cable(broker.port)
        stack.callback(cable.close)
        side = make(folder, storage, cable.port, broker.port)
        stack.callback(side.close)
        yield Stage(side, broker, cable, storage)


def _start_and_lose_the_line(stage: Stage, rows: int, per_s: int) -> None:
    """Let it connect and take its first row (the other gateway takes none before), then kill the line."""
    stage.side.start(rows, per_s)
    _wait(lambda: stage.side.taken() > 0)
    stage.cable.go_dead()


def _settle(stage: Stage, rows: int, per_s: int) -> None:
    """Wait until every row was taken and nothing more arrives."""
    count, since = -1, time.monotonic()
    while time.monotonic() < since + _QUIET_S:
        stage.side.look_after(rows, per_s)
        _PAUSE.wait(0.5)
        now = stage.side.arrived().total()
        if now != count or stage.side.taken() < rows:
            count, since = now, time.monotonic()
        elif now >= rows and len(stage.side.arrived()) == rows:
            return


def _wait(condition: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"nothing has moved for {seconds:g} s: see the log of the side")
        _PAUSE.wait(0.02)


def _came(day: str, side: Side, since_ms: int | None = None) -> Came:
    taken, arrived = side.taken(), side.arrived()
    return Came(
        day=day,
        side=side.name,
        taken=taken,
        arrived=len(arrived),
        lost=sum(row not in arrived for row in range(taken)),
        doubled=sum(times > 1 for times in arrived.values()),
        rows_per_s=None if since_ms is None else side.pace(since_ms),
    )
