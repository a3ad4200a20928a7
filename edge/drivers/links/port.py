"""A link over a file descriptor: ports, sockets, device files."""

import asyncio
import contextlib
import errno
import os
import termios
from typing import Final, Protocol

from edge.drivers.driver import InputFacts
from edge.drivers.links.link import LinkLostError

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


class PortLink:
    """An open descriptor that the event loop watches."""

    def __init__(self, port: Port, facts: InputFacts | None = None) -> None:
        self.facts = facts
        self._port = port
        self._loop = asyncio.get_running_loop()
        self._fd = port.fileno()
        self._ready: asyncio.Future[bool] | None = None
        self._unsent = bytearray()
        self._lost: LinkLostError | None = None

    async def read(self, patience_s: float | None) -> bytes:
        """What has come, as soon as something has; nothing when the patience is over."""
        self._ready = self._loop.create_future()
        self._loop.add_reader(self._fd, self._stir, True)
        try:
            async with asyncio.timeout(patience_s):
                has_come = await self._ready
        except TimeoutError:
            return b""
        finally:
            self._loop.remove_reader(self._fd)
            self._ready = None
        return self._read() if has_come else b""

    def wake(self) -> None:
        """Let a pending `read` end, and not look: a serial port without bytes looks like one that hung up."""
        self._stir(has_come=False)

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
        self._loop.remove_writer(self._fd)
        with contextlib.suppress(termios.error):
            termios.tcflush(self._fd, termios.TCOFLUSH)  # ENOTTY on a socket, EIO when it is gone
        self._port.close()

    def _stir(self, has_come: bool) -> None:
        if self._ready is not None and not self._ready.done():
            self._ready.set_result(has_come)

    def _read(self) -> bytes:
        try:
            data = os.read(self._fd, READ_BYTES_MAX)
        except BlockingIOError:
            return b""
        except OSError as error:
            raise LinkLostError(error) from error
        if not data:
            raise LinkLostError(OSError(errno.ENODEV, "the device has hung up"))
        return data

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
            self._lost = lost  # nobody stands behind this call: who writes next is told
