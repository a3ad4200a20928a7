"""Devices in the network, and serial servers before them."""

import asyncio
import contextlib
import socket
from typing import Final

from edge.drivers.links.link import Link
from edge.drivers.links.port import PortLink
from edge.drivers.uris import PeripheralUri, TcpAddress

# A device in the same building that does not answer a connect within 3 s is off.
_CONNECT_PATIENCE_S: Final = 3.0
# What a dead peer has not acknowledged for 5 s, it never will.
_UNACKNOWLEDGED_MS: Final = 5000
# A scanner may be silent for a day: the kernel asks its host after 10 s whether it is still there, so that a
# cable that was pulled is a fault within 15 s.
_IDLE_S: Final = 10
_ASK_EVERY_S: Final = 2


async def opened(uri: PeripheralUri) -> Link:
    """Connect."""
    assert isinstance(uri.address, TcpAddress), "parse_uri gives this way a host and a port"
    host, number = uri.address.host, uri.address.port
    with contextlib.ExitStack() as unless_connected:
        port = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
        unless_connected.callback(port.close)
        port.setblocking(False)
        port.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        port.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, _IDLE_S)
        port.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, _ASK_EVERY_S)
        port.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        port.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNACKNOWLEDGED_MS)
        async with asyncio.timeout(_CONNECT_PATIENCE_S):
            await asyncio.get_running_loop().sock_connect(port, (host, number))
        unless_connected.pop_all()
    return PortLink(port)
