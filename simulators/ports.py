"""The ports that devices are reached at: a pty behind a symlink, or a TCP socket for one host at a time."""

import asyncio
import errno
import os
import termios
import tty
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol, cast

from simulators.devices.device import RefusedError

READ_BYTES: Final = 4096
# As much as a pty holds for a host that does not read; a socket's host gets no more patience than that.
UNREAD_BYTES_MAX: Final = 16_384
# The rates that termios has names for; any other rate that a host sets is none of a device's.
RATES: Final = {
    getattr(termios, name): int(name[1:]) for name in dir(termios) if name[0] == "B" and name[1:].isdigit()
}


class Doorkeeper(Protocol):
    """Who wants to know of the hosts that come and go at a network port."""

    def arrived(self) -> None:
        """A host is there."""

    def left(self) -> None:
        """The host is gone."""

    def turn_away(self) -> bytes:
        """What a second host is told."""


class Port(Protocol):
    """Where a host finds a device; what nobody takes in time is lost, as on a line."""

    @property
    def address(self) -> str:
        """Where it is, in the words of the bench's file."""

    @property
    def host_baud(self) -> int | None:
        """The rate that the host has set; None where it cannot be known."""

    async def open(self, heard: Callable[[bytes], None]) -> None:
        """Begin; RefusedError when the place is taken."""

    def write(self, data: bytes) -> None:
        """Send without waiting."""

    def close(self) -> None:
        """Pull the plug; the host's end fails."""


class PtyPort:
    """A pty, found by a symlink. It keeps the slave open, so a host may close and open it again."""

    def __init__(self, link: Path, baud: int) -> None:
        self._link = link
        self._baud = baud
        self._ends: tuple[int, int] | None = None

    @property
    def address(self) -> str:
        """The symlink."""
        return f"pty:{self._link}"

    @property
    def host_baud(self) -> int | None:
        """What the host has set by termios."""
        if self._ends is None:
            return None
        speed = termios.tcgetattr(self._ends[0])[5]
        return RATES.get(speed, speed)

    async def open(self, heard: Callable[[bytes], None]) -> None:
        """Make a new pair and point the symlink at it; a stale symlink is replaced in one step."""
        if self._link.exists() and not self._link.is_symlink():
            raise RefusedError(f"{self._link} is somebody's file: move it away or choose another name")
        self._ends = master, slave = os.openpty()
        _make_serial(slave, self._baud)
        os.set_blocking(master, False)
        try:
            _point(self._link, os.ttyname(slave))
        except OSError as error:
            self.close()
            raise RefusedError(f"a device cannot be reached at {self._link}: {error.strerror}") from error
        asyncio.get_running_loop().add_reader(master, lambda: heard(os.read(master, READ_BYTES)))

    def write(self, data: bytes) -> None:
        """Send what fits; a host that does not read loses the rest."""
        if self._ends is None:
            return
        try:
            os.write(self._ends[0], data)
        except BlockingIOError:
            return

    def close(self) -> None:
        """Close both ends and remove the symlink, if it is still ours."""
        if self._ends is None:
            return
        master, slave = self._ends
        asyncio.get_running_loop().remove_reader(master)
        if self._link.is_symlink() and str(self._link.readlink()) == os.ttyname(slave):
            self._link.unlink()
        os.close(slave)
        os.close(master)
        self._ends = None


class TcpPort:
    """A listening socket, like a serial device server: one host at a time, a second one is turned away."""

    def __init__(self, host: str, port: int) -> None:
        self._place = host, port
        self._server: asyncio.Server | None = None
        self._transport: asyncio.WriteTransport | None = None
        self._heard: Callable[[bytes], None] | None = None
        self.doorkeeper: Doorkeeper | None = None

    @property
    def address(self) -> str:
        """Host and port, the one that was given out if port 0 was asked for."""
        return f"tcp:{self._place[0]}:{self._place[1]}"

    @property
    def host_baud(self) -> int | None:
        """A socket has no rate."""
        return None

    async def open(self, heard: Callable[[bytes], None]) -> None:
        """Listen; a port 0 is asked for once and then kept."""
        self._heard = heard
        self._server = await listen(lambda: _Host(self), self._place)
        self._place = self._server.sockets[0].getsockname()[:2]

    def write(self, data: bytes) -> None:
        """Send to the host, if there is one and it reads."""
        transport = self._transport
        if transport and transport.get_write_buffer_size() + len(data) <= UNREAD_BYTES_MAX:
            transport.write(data)

    def close(self) -> None:
        """Stop listening and break the host's connection."""
        if self._server:
            self._server.close()
            self._server = None
        if self._transport:
            self._transport.abort()
            self._gone()

    def hang_up(self) -> None:
        """Close the host's connection after what was written, and be free for the next one."""
        if self._transport:
            self._transport.close()
            self._gone()

    def arrived(self, transport: asyncio.WriteTransport) -> None:
        """Take a host, unless there is one."""
        if self._transport is None:
            self._transport = transport
            if self.doorkeeper:
                self.doorkeeper.arrived()
        elif self.doorkeeper:
            transport.write(self.doorkeeper.turn_away())
            transport.close()
        else:
            transport.abort()

    def left(self, transport: asyncio.WriteTransport) -> None:
        """Be free for the next host."""
        if self._transport is transport:
            self._gone()

    def _gone(self) -> None:
        self._transport = None
        if self.doorkeeper:
            self.doorkeeper.left()

    def hear(self, transport: asyncio.WriteTransport, data: bytes) -> None:
        """Pass on what the host says; a host that was turned away is not heard."""
        if self._transport is transport and self._heard:
            self._heard(data)


class _Host(asyncio.Protocol):
    def __init__(self, port: TcpPort) -> None:
        self._port = port

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)
        self._port.arrived(self._transport)

    def data_received(self, data: bytes) -> None:
        self._port.hear(self._transport, data)

    def connection_lost(self, _error: Exception | None) -> None:
        self._port.left(self._transport)


async def listen(protocol: Callable[[], asyncio.Protocol], place: tuple[str, int]) -> asyncio.Server:
    """Open a listening socket; RefusedError is one sentence."""
    try:
        return await asyncio.get_running_loop().create_server(protocol, *place)
    except OSError as error:
        raise taken(place, error) from error


def taken(place: tuple[str, int], error: OSError) -> RefusedError:
    """Say why nothing can listen there, and what mends it."""
    where = f"{place[0]}:{place[1]}"
    if error.errno == errno.EADDRINUSE:
        return RefusedError(f"port {where} is taken: `ss -ltnp` says by whom; stop it or choose another port")
    return RefusedError(f"cannot listen on {where}: {error.strerror or error}")


def _make_serial(slave: int, baud: int) -> None:
    """Pass bytes as they are; a host that sets no rate hears the device at its own."""
    tty.setraw(slave)
    settings = termios.tcgetattr(slave)
    settings[4] = settings[5] = getattr(termios, f"B{baud}")
    termios.tcsetattr(slave, termios.TCSANOW, settings)


def _point(link: Path, target: str) -> None:
    """Make or replace a symlink in one step."""
    new = link.with_name(f"{link.name}.new")
    new.unlink(missing_ok=True)
    new.symlink_to(target)
    new.replace(link)
