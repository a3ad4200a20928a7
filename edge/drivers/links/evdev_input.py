"""Input devices: keyboard scanners, touch panels. Their bytes are the kernel's `struct input_event`."""

import contextlib
import errno
import fcntl
import struct
import time
from typing import Final

from evdev import InputDevice, ecodes

from edge.drivers.driver import Axis, InputFacts
from edge.drivers.links.file import open_file
from edge.drivers.links.link import Link
from edge.drivers.links.port import PortLink
from edge.drivers.uris import FileAddress, PeripheralUri

# linux/input.h: _IOW('E', 0xa0, int), the same number on every machine that we install on.
_EVIOCSCLOCKID: Final = 0x400445A0
# linux/input.h: _IOW('E', 0x93, struct input_mask): type, bytes of codes, where they are; no bytes, no codes.
_EVIOCSMASK: Final = 0x40104593
_NO_MSC: Final = struct.pack("=IIQ", ecodes.EV_MSC, 0, 0)


async def opened(uri: PeripheralUri) -> Link:
    """Open, and take every event for us alone unless the URI says otherwise.

    A grab keeps the digits of a scanner away from the browser on the same machine. Events carry monotonic
    time, which nobody sets. A pty has none of these calls and is read as it is.
    """
    assert isinstance(uri.address, FileAddress), "parse_uri gives this way a path"
    try:
        device = InputDevice(uri.address.path)
    except OSError as error:
        if error.errno != errno.ENOTTY:
            raise
        return PortLink(open_file(uri.address.path))
    with contextlib.ExitStack() as unless_opened:
        unless_opened.callback(device.close)
        _set_clock(device)
        _refuse_msc(device)
        if uri.grab:
            device.grab()
        link = PortLink(device, _facts(device))
        unless_opened.pop_all()
    return link


def _set_clock(device: InputDevice[str]) -> None:
    """Ask for monotonic time; a device that refuses (a replayed one does) keeps the time of day."""
    with contextlib.suppress(OSError):
        fcntl.ioctl(device.fd, _EVIOCSCLOCKID, struct.pack("i", time.CLOCK_MONOTONIC))


def _refuse_msc(device: InputDevice[str]) -> None:
    """Have no MSC_SCAN beside each key; a device that refuses goes on telling them.

    The kernel keeps 64 events: an EAN-13 that is typed while we are busy fits in there without them.
    """
    with contextlib.suppress(OSError):
        fcntl.ioctl(device.fd, _EVIOCSMASK, _NO_MSC)


def _facts(device: InputDevice[str]) -> InputFacts:
    can = device.capabilities(absinfo=False)
    ranges = {code: device.absinfo(code) for code in can.get(ecodes.EV_ABS, [])}
    return InputFacts(
        device.name,
        {code: Axis(axis.min, axis.max) for code, axis in ranges.items()},
        frozenset(can.get(ecodes.EV_KEY, [])),
        frozenset(device.input_props()),
    )
