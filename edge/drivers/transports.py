"""The transports: they keep a device's port open, carry bytes to and from its driver, and tell its loss."""

import errno
import logging
import socket
from collections.abc import Callable
from contextlib import closing
from random import Random
from typing import Final, Literal, Protocol

from edge.commands import Command
from edge.drivers.driver import Commanded, Driver
from edge.drivers.hotplug import Hotplug
from edge.drivers.links import LinkLostError, open_link
from edge.drivers.profiles import Way
from edge.drivers.turns import Turns
from edge.drivers.uris import PeripheralUri
from edge.readings import DeviceFault, DeviceReady, Nanoseconds, Reading

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
    errno.EAGAIN: "is in use by another program: stop that program",
    errno.EBUSY: "is in use by another program: stop that program",
    errno.ECONNREFUSED: "refuses the connection: check that it is on, and its port number",
    errno.ECONNRESET: "has hung up: check its power",
    errno.ETIMEDOUT: "cannot be reached: check its network cable and its address",
    errno.EHOSTUNREACH: "cannot be reached: check its network cable and its address",
    errno.ENETUNREACH: "cannot be reached: check its network cable and its address",
}


# Whom Debian lets at such a device; hidraw and iio by hardware/udev/72-opos-input.rules.
_GROUPS: Final[dict[Way | Literal["camera"], str]] = {
    "serial": "dialout",
    "tcp": "dialout",
    "evdev": "input",
    "hidraw": "input",
    "iio": "input",
    "lp": "lp",
    "gpio": "gpio",
    "i2c": "i2c",
    "camera": "video",
}


class Clock(Protocol):
    """All that a transport asks of time."""

    def now_ns(self) -> Nanoseconds:
        """Monotonic time."""
        ...


class _Backoff:
    """The pauses between two attempts: each twice as long as the one before, and shortened by luck."""

    def __init__(self, luck: Random, way: Way) -> None:
        self._luck = luck
        self._way = way
        self._pause_s = PAUSE_FIRST_S
        self._hotplug: Hotplug | None = None

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        self.over()

    def over(self) -> None:
        """The device is there: nobody needs to listen to udev, and the next pause is a short one."""
        self._pause_s = PAUSE_FIRST_S
        if self._hotplug is not None:
            self._hotplug.close()
            self._hotplug = None

    def listen(self) -> None:
        """The device is missed: what udev brings in from now on ends a pause."""
        if self._hotplug is None:
            self._hotplug = Hotplug(self._way)

    async def pause(self) -> None:
        """Wait, so that ten devices of a box that comes back are not opened in the same instant."""
        assert self._hotplug is not None, "only who has lost a device waits for it"
        pause_s = self._pause_s * self._luck.uniform(0.5, 1.0)
        self._pause_s = min(2 * self._pause_s, PAUSE_MAX_S)
        if await self._hotplug.wait(pause_s):
            self._pause_s = PAUSE_FIRST_S


class Conversation:
    """One device, over all the ports that it will have."""

    def __init__(
        self, uri: PeripheralUri, driver: Driver, heard: Callable[[Reading], None], clock: Clock, luck: Random
    ) -> None:
        self._uri = uri
        self._driver = driver
        self._heard = heard
        self._clock = clock
        self._backoff = _Backoff(luck, uri.address.way)
        self._turns: Turns | None = None
        self._told_gone = False

    async def run(self) -> None:
        """Keep the driver in talk with its device for ever; a cancellation closes the port.

        A port that is lost or cannot be opened is one DeviceFault `device.gone`. It is opened again by its
        name, so a device that comes back under the same path or address is found, at once where udev tells of
        it; DeviceReady is said when it answers.
        """
        with self._backoff:
            while True:
                try:
                    await self._talk()
                except LinkLostError as lost:
                    self._backoff.listen()  # before anybody is told, and plugs it in
                    self._lost(lost)
                await self._backoff.pause()

    def command(self, command: Command) -> None:
        """Have the device do something, and now: a driver that only waits is woken up."""
        if isinstance(self._driver, Commanded):
            self._driver.command(command)
            if self._turns is not None:
                self._turns.wake()

    async def _talk(self) -> None:
        with closing(await open_link(self._uri)) as link:
            _log.info("the %s at %s is connected", self._uri.profile.device, self._uri.address)
            self._turns = Turns(link, self._driver, self._pass_on, self._clock.now_ns)
            try:
                await self._turns.run()
            finally:
                if self._turns.lasted:
                    self._well()
                self._turns = None

    def _pass_on(self, reading: Reading) -> None:
        if isinstance(reading, DeviceReady):
            self._well()
        self._heard(reading)

    def _well(self) -> None:
        self._told_gone = False
        self._backoff.over()

    def _lost(self, lost: LinkLostError) -> None:
        if self._told_gone:
            return  # it has been said, and nothing has come since
        self._told_gone = True
        address = self._uri.address
        sentence = f"The {self._uri.profile.device} at {address} {why(lost.reason, address.way)}."
        _log.warning("%s (%s)", sentence, lost)
        self._heard(DeviceFault(_GONE, sentence))


async def converse(
    uri: PeripheralUri, driver: Driver, heard: Callable[[Reading], None], clock: Clock, luck: Random
) -> None:
    """Keep `driver` in talk with its device for ever, and call `heard` with each reading."""
    await Conversation(uri, driver, heard, clock, luck).run()


def why(reason: Exception, way: Way | Literal["camera"] = "serial") -> str:
    """What is wrong with a port and what a person can do about it."""
    if isinstance(reason, ImportError):
        return f"needs the Python package {reason.name}: run pip install 'opos[gpio]'"
    if isinstance(reason, socket.gaierror):  # its numbers are none of the system's
        return "has a host name that nobody knows: check the name, or give its number"
    number = errno.ETIMEDOUT if isinstance(reason, TimeoutError) else getattr(reason, "errno", None)
    if number in {errno.EACCES, errno.EPERM}:
        return f"may not be opened: add the user of this service to the group {_GROUPS[way]}"
    return _WHY.get(number or 0, f"does not work ({reason}): unplug it, and plug it in again")
