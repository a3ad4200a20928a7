"""The links: one open port to a device, by any way, that the event loop reads and writes without waiting.

Each way has a module of its own, which is imported when a device is reached by it: an object has two or three
devices, and need not hold the libraries of all the others in memory.
"""

import termios
from importlib import import_module
from typing import Final, cast

from edge.drivers.links.link import Link, LinkLostError, Opener
from edge.drivers.links.port import UNSENT_BYTES_MAX
from edge.drivers.profiles import Way
from edge.drivers.uris import PeripheralUri

__all__ = ["UNSENT_BYTES_MAX", "Link", "LinkLostError", "open_link"]

# Way -> module; each has a coroutine function `opened(uri)`.
_OPENERS: Final[dict[Way, str]] = {
    "serial": "edge.drivers.links.serial_line",
    "tcp": "edge.drivers.links.tcp",
    "evdev": "edge.drivers.links.evdev_input",
    "hidraw": "edge.drivers.links.file",
    "lp": "edge.drivers.links.file",
    "iio": "edge.drivers.links.iio",
    "gpio": "edge.drivers.links.gpio",
    "i2c": "edge.drivers.links.i2c",
}


async def open_link(uri: PeripheralUri) -> Link:
    """Open the port of `uri`; raises LinkLostError."""
    try:
        opener = cast(Opener, import_module(_OPENERS[uri.address.way]).opened)
        return await opener(uri)
    except termios.error as error:  # a port that cannot be set to this line; it is no OSError, but tells one
        raise LinkLostError(OSError(*error.args)) from error
    except (OSError, ImportError) as error:  # a library of an extra may not be installed
        raise LinkLostError(error) from error
