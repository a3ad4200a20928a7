"""The transports: they keep a device's port open, carry bytes to and from its driver, and tell its loss."""

import asyncio
import errno
import logging
import socket
from collections.abc import Callable, Iterable
from random import Random
from typing import Final, Protocol

from edge.drivers.links import Link, LinkLostError, open_link
from edge.drivers.registry import Driver, PeripheralUri
from edge.readings import DeviceFault, Nanoseconds, Reading

_log = logging.getLogger(__name__)

# To try a port that is not there costs microseconds, and whoever has just plugged the device in stands before
# it: pauses begin short and stay below 2 s.
PAUSE_FIRST_S: Final = 0.1
PAUSE_MAX_S: Final = 2.0

_GONE: Final = "device.gone"

_WHY: Final = {
    errno.ENOENT: "is not there: check its plug and its power",
    errno.ENODEV: "is not there any more: check its plug and its power",
    errno.ENXIO: "is not there any more: check its plug and its power",
    errno.EIO: "is not there any more: check its plug and its power",
    errno.EACCES: "may not be opened: add the user of this service to the group dialout",
    errno.EPERM: "may not be opened: add the user of this service to the group dialout",
    errno.EAGAIN: "is in use by another program: stop that program",
    errno.EBUSY: "is in use by another program: stop that program",
    errno.ECONNREFUSED: "refuses the connection: check that it is on, and its port number",
    errno.ECONNRESET: "has hung up: check its power",
    errno.ETIMEDOUT: "cannot be reached: check its network cable and its address",
    errno.EHOSTUNREACH: "cannot be reached: check its network cable and its address",
    errno.ENETUNREACH: "cannot be reached: check its network cable and its address",
}


class Clock(Protocol):
    """All that a transport asks of time."""

    def now_ns(self) -> Nanoseconds:
        """Monotonic time."""
        ...


class _Backoff:
    """The pauses between two attempts: each twice as long as the one before, and shortened by luck."""

    def __init__(self, luck: Random) -> None:
        self._luck = luck
        self._pause_s = PAUSE_FIRST_S

    def again(self) -> None:
        """Begin with a short pause the next time."""
        self._pause_s = PAUSE_FIRST_S

    async def pause(self) -> None:
        """Wait, so that ten devices of a box that comes back are not opened in the same instant."""
        pause_s = self._pause_s * self._luck.uniform(0.5, 1.0)
        self._pause_s = min(2 * self._pause_s, PAUSE_MAX_S)
        await asyncio.sleep(pause_s)


class _Conversation:
    """One device, over all the ports that it will have."""

    def __init__(
        self, uri: PeripheralUri, driver: Driver, heard: Callable[[Reading], None], clock: Clock, luck: Random
    ) -> None:
        self._uri = uri
        self._driver = driver
        self._heard = heard
        self._clock = clock
        self._backoff = _Backoff(luck)
        self._told_gone = False

    async def run(self) -> None:
        """Talk for ever; a cancellation closes the port."""
        while True:
            try:
                link = await open_link(self._uri)
                try:
                    await self._talk(link)
                finally:
                    link.close()
            except LinkLostError as lost:
                self._lost(lost)
            await self._backoff.pause()

    async def _talk(self, link: Link) -> None:
        _log.info("the %s at %s is connected", self._uri.profile.device, self._uri.address)
        self._driver.opened(self._clock.now_ns())
        while True:
            link.write(self._driver.to_send())
            data = await link.read(self._patience_s())
            if data:
                self._told_gone = False
                self._backoff.again()
                self._pass_on(self._driver.receive(data))
            self._pass_on(self._driver.tick(self._clock.now_ns()))

    def _patience_s(self) -> float | None:
        deadline_ns = self._driver.deadline_ns
        return None if deadline_ns is None else max(0, deadline_ns - self._clock.now_ns()) / 1e9

    def _pass_on(self, readings: Iterable[Reading]) -> None:
        for reading in readings:
            self._heard(reading)

    def _lost(self, lost: LinkLostError) -> None:
        if self._told_gone:
            return  # it has been said, and nothing has come since
        self._told_gone = True
        sentence = f"The {self._uri.profile.device} at {self._uri.address} {why(lost.reason)}."
        _log.warning("%s (%s)", sentence, lost)
        self._heard(DeviceFault(_GONE, sentence))


async def converse(
    uri: PeripheralUri, driver: Driver, heard: Callable[[Reading], None], clock: Clock, luck: Random
) -> None:
    """Keep `driver` in talk with its device for ever, and call `heard` with each reading.

    A port that is lost or cannot be opened is one DeviceFault `device.gone`. It is opened again by its name,
    so a device that comes back under the same path or address is found; DeviceReady is said when it answers.
    """
    await _Conversation(uri, driver, heard, clock, luck).run()


def why(reason: Exception) -> str:
    """What is wrong with a port and what a person can do about it."""
    if isinstance(reason, socket.gaierror):  # its numbers are none of the system's
        return "has a host name that nobody knows: check the name, or give its number"
    number = errno.ETIMEDOUT if isinstance(reason, TimeoutError) else getattr(reason, "errno", None)
    return _WHY.get(number or 0, f"does not work ({reason}): unplug it, and plug it in again")
