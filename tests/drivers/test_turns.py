"""A driver's turns on an open link: when it is ticked, what ends them, and that nothing is heard after."""

import asyncio
import random
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest

from edge.clock import SystemClock
from edge.drivers.links import LinkLostError
from edge.drivers.links.link import Link
from edge.drivers.turns import LASTS_NS, Turns
from edge.readings import CodeScanned, Garbled, Nanoseconds, Reading

HOUR_NS = 3_600_000_000_000
SOON_NS = 20_000_000

# Generous, since it is only waited out when a test fails.
DEADLINE_S = 20.0


def run(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(test, DEADLINE_S))


async def until(holds: Callable[[], bool]) -> None:
    while not holds():
        await asyncio.sleep(0.001)


class HeldLink(Link):
    """A link whose far end the test holds."""

    def __init__(self) -> None:
        self.come: Callable[[], object] | None = None
        self.lost: LinkLostError | None = None
        self.came: list[bytes] = []
        self.written: list[bytes] = []

    def says(self, data: bytes) -> None:
        self.came.append(data)
        assert self.come is not None
        self.come()

    def loses(self) -> None:
        self.lost = LinkLostError(OSError("unplugged"))
        assert self.come is not None
        self.come()

    def listen(self, come: Callable[[], object] | None) -> None:
        self.come = come

    def take(self) -> bytes:
        if self.lost is not None:
            raise self.lost
        return self.came.pop(0)

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def close(self) -> None:
        pass


class Timed:
    """Has its deadline so long after whatever comes as the first byte of it tells; says when it was due."""

    pending = 0

    def __init__(self, pauses_ns: dict[bytes, int | None], first_ns: int | None) -> None:
        self.deadline_ns: Nanoseconds | None = None
        self.ticks = 0
        self.due = 0
        self._pauses_ns = pauses_ns
        self._pause_ns = first_ns

    def opened(self, now_ns: Nanoseconds) -> None:
        self._set(now_ns)

    def receive(self, data: bytes) -> Iterator[Reading]:
        self._pause_ns = self._pauses_ns[data]
        self._set(SystemClock().now_ns())
        yield CodeScanned(data.decode())

    def to_send(self) -> bytes:
        return b""

    def tick(self, now_ns: Nanoseconds) -> Iterator[Reading]:
        self.ticks += 1
        if self.deadline_ns is not None and now_ns >= self.deadline_ns:
            self.due += 1
            self.deadline_ns = None
            yield Garbled("", "due")

    def _set(self, now_ns: Nanoseconds) -> None:
        self.deadline_ns = None if self._pause_ns is None else Nanoseconds(now_ns + self._pause_ns)


class Bench:
    """Turns that run beside the test."""

    def __init__(
        self,
        driver: Timed,
        heard: Callable[[Reading], None] | None = None,
        now_ns: Callable[[], Nanoseconds] | None = None,
    ) -> None:
        self.link = HeldLink()
        self.heard: list[Reading] = []
        self.turns = Turns(self.link, driver, heard or self.heard.append, now_ns or SystemClock().now_ns)
        self.task = asyncio.create_task(self.turns.run())

    async def begun(self) -> "Bench":
        await until(lambda: self.link.come is not None)
        return self

    async def ended(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        assert self.link.come is None


@pytest.mark.parametrize("first_ns", [None, HOUR_NS, SOON_NS], ids=["none", "late", "soon"])
@pytest.mark.parametrize("then", [b"soon", b"later", b"now"])
def test_a_driver_is_ticked_when_its_deadline_is_there_wherever_that_was_before(
    first_ns: int | None, then: bytes
) -> None:
    async def test() -> None:
        driver = Timed({b"soon": SOON_NS, b"later": 3 * SOON_NS, b"now": 0}, first_ns)
        bench = await Bench(driver).begun()
        bench.link.says(then)
        await until(lambda: driver.due > 0)
        assert driver.due == 1
        await bench.ended()

    run(test())


def test_deadlines_that_only_move_later_cost_one_alarm(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test() -> None:
        driver = Timed({b"more": HOUR_NS}, HOUR_NS)
        bench = await Bench(driver).begun()
        loop, alarms = asyncio.get_running_loop(), list[float]()
        with monkeypatch.context() as counted:
            counted.setattr(loop, "call_later", lambda pause_s, *_: alarms.append(pause_s))
            for _ in range(100):
                bench.link.says(b"more")
        assert alarms == []
        assert driver.ticks == 100
        await bench.ended()

    run(test())


def test_a_driver_that_waits_for_nothing_is_left_alone() -> None:
    async def test() -> None:
        driver = Timed({b"wait": SOON_NS, b"rest": None}, None)
        bench = await Bench(driver).begun()
        bench.link.says(b"wait")
        bench.link.says(b"rest")
        await asyncio.sleep(3 * SOON_NS / 1e9)
        assert driver.due == 0
        assert driver.ticks <= 3  # of which one is the alarm that was set before
        await bench.ended()

    run(test())


@pytest.mark.parametrize("when", [b"at once", b"when due"])
@pytest.mark.parametrize("wrong", [OSError, KeyboardInterrupt, asyncio.CancelledError])
def test_what_goes_wrong_in_a_turn_goes_wrong_in_who_waits_for_the_end(
    when: bytes, wrong: type[BaseException]
) -> None:
    def heard(reading: Reading) -> None:
        if isinstance(reading, CodeScanned) is (when == b"at once"):
            raise wrong

    async def test() -> None:
        bench = await Bench(Timed({b"at once": HOUR_NS, b"when due": 0}, None), heard).begun()
        bench.link.says(when)
        await until(bench.task.done)
        await bench.task

    with pytest.raises(wrong):
        run(test())


def test_nothing_is_heard_of_a_link_that_is_lost() -> None:
    async def test() -> None:
        bench = await Bench(Timed({b"more": 0}, HOUR_NS)).begun()
        bench.link.loses()
        bench.link.lost = None
        bench.link.says(b"more")
        bench.turns.wake()
        with pytest.raises(LinkLostError):
            await bench.task
        assert bench.heard == []

    run(test())


@pytest.mark.parametrize(
    ("after_ns", "said", "lasted"),
    [(0, b"more", False), (LASTS_NS - 1, b"more", False), (LASTS_NS, b"more", True), (LASTS_NS, b"", False)],
)
def test_a_device_lasts_that_says_something_late(after_ns: int, said: bytes, lasted: bool) -> None:
    async def test() -> None:
        begun_ns = random.Random(1).randrange(1 << 40)
        now_ns = begun_ns
        bench = await Bench(Timed({b"more": None}, None), now_ns=lambda: Nanoseconds(now_ns)).begun()
        assert not bench.turns.lasted
        now_ns += after_ns
        bench.link.says(said)
        assert bench.turns.lasted is lasted
        await bench.ended()

    run(test())
