"""While a port is open: its driver takes a turn whenever something has come, is due, or is to be done.

A turn is one step of `run` and has read once at most, so a device that talks without end leaves every other
one its turn. What calls us from the event loop only notes what the next turn begins with: whatever goes wrong
in a turn goes wrong in `run`. On a full serial line there are two hundred a second.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from typing import Final

from edge.drivers.driver import Driver, Informed
from edge.drivers.links import Link, LinkLostError
from edge.readings import DeviceReady, Nanoseconds, Reading

# So long must the port of a device that only waits stay open: a serial server in the network takes a
# connection and hangs up when somebody else has it.
STAYS_S: Final = 0.5

# A device that says a word and hangs up, as a reader that somebody else holds, is not there: one that has
# talked for so long is.
LASTS_NS: Final = 2_000_000_000

# Later than any deadline: monotonic time gets here after three centuries.
_NEVER_NS: Final = Nanoseconds(1 << 63)


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
        self._begins: deque[Callable[[], None]] = deque()
        """What the next turns begin with; one for each call of the event loop since the last."""
        self._idle: asyncio.Future[None] | None = None
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
            self._link.listen(self._come)
            while True:
                while self._begins:
                    self._turn(self._begins.popleft())
                self._idle = self._loop.create_future()
                await self._idle
        finally:
            self._link.listen(None)
            for timer in (self._alarm, self._proof):
                if timer is not None:
                    timer.cancel()

    def wake(self) -> None:
        """Take a turn as soon as this one is over: the driver has something to do that nobody knows of."""
        self._note(self._ring)

    def _greet(self) -> None:
        if self._link.facts is not None and isinstance(self._driver, Informed):
            self._driver.informed(self._link.facts)
        self._driver.opened(self._opened_ns)
        greeting = self._driver.to_send()
        self._link.write(greeting)
        if not greeting and self._driver.deadline_ns is None:
            # It only waits, as for a code to be scanned: that its port is there is all that one can know.
            self._proof = self._loop.call_later(STAYS_S, self._note, self._stayed)
        self._go_on(self._opened_ns)

    def _come(self) -> None:
        """Take what is there, in the very call that says so: until then the loop would call again."""
        try:
            data = self._link.take()
        except LinkLostError as lost:
            self._note(partial(_raise, lost))
        else:
            self._note(partial(self._receive, data))

    def _note(self, begin: Callable[[], None]) -> None:
        self._begins.append(begin)
        if self._idle is not None and not self._idle.done():
            self._idle.set_result(None)

    def _turn(self, begin: Callable[[], None]) -> None:
        begin()
        now_ns = self._now_ns()
        self._tell(self._driver.tick(now_ns))
        self._go_on(now_ns)

    def _receive(self, data: bytes) -> None:
        if not data:
            return
        self._talked_ns = self._now_ns()
        if self._proof is not None:
            self._stayed()
        self._tell(self._driver.receive(data))

    def _stayed(self) -> None:
        if self._proof is None:
            return  # a word of its own came in the same moment
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
        self._alarm = self._loop.call_later((due_ns - now_ns) / 1e9, self._note, self._ring)


def _raise(lost: LinkLostError) -> None:
    raise lost
