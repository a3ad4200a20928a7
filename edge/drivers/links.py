"""A link: one open port to a device, serial or TCP, that the event loop reads and writes without waiting."""

import asyncio
import contextlib
import errno
import os
import socket
import termios
from typing import Final, Protocol

import serial

from edge.drivers.profiles import SerialLine
from edge.drivers.registry import PeripheralUri, SerialAddress, TcpAddress

# More than a second of a serial line at 38400 baud, and what a Linux tty buffers at most.
READ_BYTES_MAX: Final = 4096

# Our longest command is 10 bytes, at most ten of them a second: with 1 KiB unsent the device has not listened
# for ten seconds or more.
UNSENT_BYTES_MAX: Final = 1024

# A device in the same building that does not answer a connect within 3 s is off.
_CONNECT_PATIENCE_S: Final = 3.0
# Drivers ask all the time: what a dead peer has not acknowledged for 5 s, it never will.
_UNACKNOWLEDGED_MS: Final = 5000


class LinkLostError(Exception):
    """The port cannot be opened, or is not there any more; `reason` is the system's error."""

    def __init__(self, reason: Exception) -> None:
        super().__init__(str(reason))
        self.reason = reason


class _Port(Protocol):
    def fileno(self) -> int: ...
    def close(self) -> None: ...


class Link:
    """An open port. Whatever goes wrong with it is a LinkLostError; after one it can only be closed."""

    def __init__(self, port: _Port, loop: asyncio.AbstractEventLoop) -> None:
        self._port = port
        self._loop = loop
        self._fd = port.fileno()
        self._unsent = bytearray()
        self._lost: LinkLostError | None = None

    async def read(self, patience_s: float | None) -> bytes:
        """What has come, as soon as something has; nothing when the patience is over."""
        ready: asyncio.Future[None] = self._loop.create_future()
        self._loop.add_reader(self._fd, _wake, ready)
        try:
            async with asyncio.timeout(patience_s):
                await ready
        except TimeoutError:
            return b""
        finally:
            self._loop.remove_reader(self._fd)
        return self._read()

    def write(self, data: bytes) -> None:
        """Send at once what the port takes, and the rest as soon as it takes more."""
        if self._lost is not None:
            raise self._lost
        if len(self._unsent) + len(data) > UNSENT_BYTES_MAX:
            raise LinkLostError(OSError(errno.EIO, "the device takes no commands any more"))
        self._unsent += data
        self._write()

    def close(self) -> None:
        """Close the port; what is still unsent is thrown away, so that closing waits for nobody."""
        self._loop.remove_writer(self._fd)
        with contextlib.suppress(termios.error):
            termios.tcflush(self._fd, termios.TCOFLUSH)  # ENOTTY on a socket, EIO when it is gone
        self._port.close()

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


async def open_link(uri: PeripheralUri) -> Link:
    """Open the port of `uri`; raises LinkLostError."""
    try:
        match uri.address:
            case SerialAddress(path):
                port: _Port = _open_serial(path, uri.profile.serial)
            case TcpAddress(host, number):
                port = await _open_tcp(host, number)
    except (OSError, termios.error) as error:
        raise LinkLostError(error) from error
    return Link(port, asyncio.get_running_loop())


def _open_serial(path: str, line: SerialLine) -> serial.Serial:
    """Open without blocking, locked for this process alone.

    The lock is flock's and not TIOCEXCL's: it dies with the process, even where the far side of a pty holds
    the terminal open. Line-control calls that a port lacks (ENOTTY on a pty) are tolerated by pyserial.
    """
    return serial.Serial(
        path,
        baudrate=line.baud,
        bytesize=line.bits,
        parity=line.parity,
        stopbits=line.stop,
        timeout=0,
        write_timeout=0,
        exclusive=True,
    )


async def _open_tcp(host: str, number: int) -> socket.socket:
    with contextlib.ExitStack() as unless_connected:
        port = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
        unless_connected.callback(port.close)
        port.setblocking(False)
        port.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        port.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNACKNOWLEDGED_MS)
        async with asyncio.timeout(_CONNECT_PATIENCE_S):
            await asyncio.get_running_loop().sock_connect(port, (host, number))
        unless_connected.pop_all()
    return port


def _wake(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)
