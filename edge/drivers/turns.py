"""While a port is open: its driver takes a turn whenever something has come, is due, or is to be done.

A turn is one call of the event loop and reads once at most, so a device that talks without end leaves every
other one its turn. On a full serial line there are two hundred a second: nothing is made anew for each.
"""

import asyncio
from collections.abc import Callable, Iterable
from functools import partial
from typing import Final

from edge.drivers.driver import Driver, Informed
from edge.drivers.links import Link
from edge.readings import DeviceReady, Nanoseconds, Reading

# So long must the port of a device that only waits stay open: a serial server in the network takes a
# connection and hangs up when somebody else has it.
STAYS_S: Final = 0.5

# A device that says a word and hangs up, as a reader that somebody else holds, is not there: one that has
# talked for so long is.
LASTS_NS: Final = 2_000_000_000

# Later than any deadline: monotonic time gets here after three centuries.
_NEVER_NS: Final = Nanoseconds(1 << 63)


class _HandedOver:
    """What goes wrong within is raised by whoever awaits `over`: nobody stands behind a call of the loop.

    A queue that `run` reads would do the same, and cost a round of the loop for each turn: 5 % more CPU.
    """

    def __init__(self, over: "asyncio.Future[None]") -> None:
        self._over = over

    def __enter__(self) -> None:
        return

    def __exit__(self, _: object, error: BaseException | None, __: object) -> bool:
        if not isinstance(error, Exception):
            return False
        if not self._over.done():
            self._over.set_exception(error)
        return True


class Turns:
    """One open link and the driver behind it."""

    def __init__(
        self,
        link: Link,
        driver: Driver,
        heard: Callable[[Reading], None],
        now_ns: Callable[[], Nanoseconds],
    ) -> None:
        self._link = link
        self._driver = driver
        self._heard = heard
        self._now_ns = now_ns
        self._loop = asyncio.get_running_loop()
        self._over: asyncio.Future[None] = self._loop.create_future()
        self._handed_over = _HandedOver(self._over)
        self._alarm: asyncio.TimerHandle | None = None
        self._rings_ns = _NEVER_NS
        self._proof: asyncio.TimerHandle | None = None
        self._opened_ns = self._talked_ns = now_ns()

    @property
    def lasted(self) -> bool:
        """Whether the device has said something after so long a time that it is really there."""
        return self._talked_ns - self._opened_ns >= LASTS_NS

    async def run(self) -> None:
        """Greet the device and take turns without end; raises LinkLostError, and what `heard` raises."""
        try:
            self._greet()
            self._link.listen(partial(self._turn, self._receive))
            await self._over
        finally:
            self._link.listen(None)
            for timer in (self._alarm, self._proof):
                if timer is not None:
                    timer.cancel()

    def wake(self) -> None:
        """Take a turn as soon as this one is over: the driver has something to do that nobody knows of."""
        self._loop.call_soon(self._turn, self._ring)

    def _greet(self) -> None:
        if self._link.facts is not None and isinstance(self._driver, Informed):
            self._driver.informed(self._link.facts)
        self._driver.opened(self._opened_ns)
        greeting = self._driver.to_send()
        self._link.write(greeting)
        if not greeting and self._driver.deadline_ns is None:
            # It only waits, as for a code to be scanned: that its port is there is all that one can know.
            self._proof = self._loop.call_later(STAYS_S, self._turn, self._stayed)
        self._go_on(self._opened_ns)

    def _turn(self, begin: Callable[[], None]) -> None:
        if self._over.done():
            return  # this was due in the same moment as the end
        with self._handed_over:
            begin()
            now_ns = self._now_ns()
            self._tell(self._driver.tick(now_ns))
            self._go_on(now_ns)

    def _receive(self) -> None:
        data = self._link.take()
        if not data:
            return
        self._talked_ns = self._now_ns()
        if self._proof is not None:
            self._stayed()
        self._tell(self._driver.receive(data))

    def _stayed(self) -> None:
        assert self._proof is not None, "it is proved once"
        self._proof.cancel()
        self._proof = None
        self._heard(DeviceReady())

    def _ring(self) -> None:
        self._rings_ns = _NEVER_NS

    def _tell(self, readings: Iterable[Reading]) -> None:
        for reading in readings:
            self._heard(reading)

    def _go_on(self, now_ns: Nanoseconds) -> None:
        """Say what is to be said, and sleep until something is due.

        A deadline mostly moves later, with every byte that comes. The alarm stays where it is then: it rings
        too early once, finds nothing due, and is set to what the deadline has become.
        """
        if said := self._driver.to_send():
            self._link.write(said)
        due_ns = self._driver.deadline_ns
        if due_ns is None or due_ns >= self._rings_ns:
            return
        if self._alarm is not None:
            self._alarm.cancel()
        self._rings_ns = due_ns
        self._alarm = self._loop.call_later((due_ns - now_ns) / 1e9, self._turn, self._ring)
