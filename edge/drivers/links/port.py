"""A link over a file descriptor: ports, sockets, device files."""

import asyncio
import contextlib
import errno
import os
import termios
from collections.abc import Callable
from typing import Final, Protocol

from edge.drivers.driver import InputFacts
from edge.drivers.links.link import Link, LinkLostError

# More than a second of a serial line at 38400 baud, what a Linux tty buffers at most, and 170 input events.
READ_BYTES_MAX: Final = 4096

# A long receipt with a picture, on a printer that is busy. A device that is asked all the time and does not
# listen is noticed by its silence long before this is full.
UNSENT_BYTES_MAX: Final = 64 * 1024


class Port(Protocol):
    """All that a link asks of what has been opened."""

    def fileno(self) -> int:
        """The descriptor, which does not block."""
        ...

    def close(self) -> None:
        """Give it back."""
        ...


class PortLink(Link):
    """An open descriptor that the event loop watches."""

    def __init__(self, port: Port, facts: InputFacts | None = None) -> None:
        self.facts = facts
        self._port = port
        self._loop = asyncio.get_running_loop()
        self._fd = port.fileno()
        self._come: Callable[[], object] | None = None
        self._unsent = bytearray()
        self._lost: LinkLostError | None = None

    def listen(self, come: Callable[[], object] | None) -> None:
        """Call `come` while the descriptor can be read, or is lost to who writes."""
        self._come = come
        if come is None:
            self._loop.remove_reader(self._fd)
        else:
            self._loop.add_reader(self._fd, come)

    def take(self) -> bytes:
        """What has come, as much of it as fits in one read."""
        if self._lost is not None:
            raise self._lost
        try:
            data = os.read(self._fd, READ_BYTES_MAX)
        except BlockingIOError:
            return b""
        except OSError as error:
            raise LinkLostError(error) from error
        if not data:
            raise LinkLostError(OSError(errno.ENODEV, "the device has hung up"))
        return data

    def write(self, data: bytes) -> None:
        """Send at once what the port takes, and the rest as soon as it takes more."""
        if self._lost is not None:
            raise self._lost
        if len(self._unsent) + len(data) > UNSENT_BYTES_MAX:
            raise LinkLostError(OSError(errno.EIO, "the device takes no commands any more"))
        self._unsent += data
        self._write()

    def close(self) -> None:
        """Close the port; what is still unsent is thrown away."""
        self.listen(None)
        self._loop.remove_writer(self._fd)
        with contextlib.suppress(termios.error):
            termios.tcflush(self._fd, termios.TCOFLUSH)  # ENOTTY on a socket, EIO when it is gone
        self._port.close()

    def _write(self) -> None:
        self._loop.remove_writer(self._fd)
        if not self._unsent:
            return
        try:
            del self._unsent[: os.write(self._fd, self._unsent)]
        except BlockingIOError:
            pass  # its buffer is full: the rest goes out when there is room
        except OSError as error:
            raise LinkLostError(error) from error
        if self._unsent:
            self._loop.add_writer(self._fd, self._write_rest)

    def _write_rest(self) -> None:
        try:
            self._write()
        except LinkLostError as lost:
            self._lost = lost  # nobody stands behind this call: who takes or writes next is told
            if self._come is not None:
                self._come()
