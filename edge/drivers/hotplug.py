"""Hotplug: the moment at which udev has brought in a device, or has let one go."""

import asyncio
import logging
from functools import cache
from typing import TYPE_CHECKING, Final, Self

from edge.drivers.profiles import Way

if TYPE_CHECKING:
    import pyudev

_log = logging.getLogger(__name__)

SUBSYSTEMS: Final[dict[Way, str]] = {
    "serial": "tty",
    "evdev": "input",
    "hidraw": "hidraw",
    "lp": "usbmisc",
    "iio": "iio",
    "gpio": "gpio",
    "i2c": "i2c-dev",
}
"""Way -> the kernel's subsystem of its devices; the network has no plug that udev sees."""


class Hotplug:
    """Hears from udev of devices of some ways, after its rules have given them their names and groups.

    Where there is no udev to hear of (a container), nothing ever happens.
    """

    def __init__(self, *ways: Way) -> None:
        self._monitor: pyudev.Monitor | None = None
        self._happened = asyncio.Event()
        try:
            self._listen([SUBSYSTEMS[way] for way in ways if way in SUBSYSTEMS])
        except (ImportError, OSError) as error:  # no libudev; no netlink
            _log.info("no hotplug: %s", error)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def wait(self, patience_s: float | None) -> bool:
        """Whether something was plugged in or out before the patience was over."""
        try:
            async with asyncio.timeout(patience_s):
                await self._happened.wait()
        except TimeoutError:
            return False
        self._happened.clear()
        return True

    def close(self) -> None:
        """Hear no more."""
        if self._monitor is not None:
            asyncio.get_running_loop().remove_reader(self._monitor.fileno())
            self._monitor = None

    def _listen(self, subsystems: list[str]) -> None:
        if not subsystems:
            return
        self._monitor = _monitor(subsystems)
        asyncio.get_running_loop().add_reader(self._monitor.fileno(), self._hear, self._monitor)

    def _hear(self, monitor: "pyudev.Monitor") -> None:
        while monitor.poll(timeout=0) is not None:
            self._happened.set()


def _monitor(subsystems: list[str]) -> "pyudev.Monitor":
    import pyudev  # noqa: PLC0415 (1 MB that an object whose devices are all there never needs)

    monitor = pyudev.Monitor.from_netlink(context())
    for subsystem in subsystems:
        monitor.filter_by(subsystem)
    monitor.start()
    return monitor


@cache
def context() -> "pyudev.Context":
    """The library of udev, found once: to look for it starts a process."""
    import pyudev  # noqa: PLC0415 (as above)

    return pyudev.Context()
