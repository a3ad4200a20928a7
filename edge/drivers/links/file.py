"""Device files that are read and written as they are: hidraw, printers, ptys that stand in for others.

A hidraw gives one report a read, its id first, and takes one output report a write. A write to it waits for
the device (the kernel's usbhid allows it 5 s): drivers write to a hidraw only what a person has asked for.
"""

import contextlib
import errno
import fcntl
import os
import stat
import tty
from io import FileIO
from pathlib import Path
from typing import Final

from edge.drivers.links.link import Link
from edge.drivers.links.port import PortLink
from edge.drivers.uris import FileAddress, PeripheralUri

# Majors of Unix98 ptys, the far sides (the kernel's Documentation/admin-guide/devices.txt).
_PTY_MAJORS: Final = range(136, 144)


async def opened(uri: PeripheralUri) -> Link:
    """Open the device file of `uri`."""
    assert isinstance(uri.address, FileAddress), "parse_uri gives these ways a path"
    return PortLink(open_file(uri.address.path))


def open_file(path: str) -> FileIO:
    """Open without blocking, locked for this process alone; raises OSError.

    The lock is flock's: it dies with the process, and two objects on one machine do not share a device.
    """
    port = FileIO(os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY), "r+")
    with contextlib.ExitStack() as unless_ours:
        unless_ours.callback(port.close)
        _check_device(port.fileno())
        fcntl.flock(port, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if port.isatty():
            tty.setraw(port.fileno())
        unless_ours.pop_all()
    return port


def _check_device(port: int) -> None:
    if not stat.S_ISCHR(os.fstat(port).st_mode):
        raise OSError(errno.ENOTTY, "it is no device")


def is_pty(path: str) -> bool:
    """Whether `path` is a pty, which carries the bytes of a device but none of its calls; raises OSError."""
    return os.major(Path(path).stat().st_rdev) in _PTY_MAJORS
