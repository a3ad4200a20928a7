"""The network cable: a TCP forwarder that a hand can cut and plug in again."""

import asyncio
import socket
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

import msgspec

from simulators.devices.device import RefusedError, read_order, understood
from simulators.ports import taken

# One read and one unfinished write a direction: what the far side does not take, the near side cannot send.
CARRIED_BYTES_MAX: Final = 65_536
# An object needs two or three; so many through one route is a leak, or a host that retries under a long cut.
LINKS_MAX: Final = 64
BACKLOG: Final = 64


class Mode(StrEnum):
    """How a network fails: UNPLUG is the silence of a pulled cable, REFUSE breaks and turns away."""

    UNPLUG = "unplug"
    REFUSE = "refuse"


class Cut(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="verb", tag="cut"):
    """A hand pulls the cable."""

    mode: Mode = Mode.UNPLUG


class PlugIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="verb", tag="plug"):
    """A hand plugs the cable in."""


Hand = Cut | PlugIn
VERBS: Final = ("cut", "plug")


class Kept(msgspec.Struct):
    """What stays of a cable when its bench dies."""

    cut: Mode | None = None


class Link:
    """One connection: the near socket, the far one once reached, and the task that carries between them."""

    def __init__(self, near: socket.socket) -> None:
        self.near = near
        self.far: socket.socket | None = None
        self.task: asyncio.Task[None] | None = None

    def stop(self) -> None:
        """Carry no more; both sockets stay open, so that neither side is told."""
        if self.task:
            self.task.cancel()

    async def close(self) -> None:
        """Let both sides know that it is over; only after the task has let go of the sockets."""
        self.stop()
        if self.task:
            await asyncio.wait([self.task])
        self.near.close()
        if self.far:
            self.far.close()


class Route:
    """One listening place and where its connections lead; it counts the bytes that it carried."""

    def __init__(self, listen: tuple[str, int], to: tuple[str, int]) -> None:
        self._listen = listen
        self._to = to
        self._carried_bytes = {"up": 0, "down": 0}
        self._cut: Mode | None = None
        self._links: list[Link] = []
        self._server: socket.socket | None = None
        self._doorman: asyncio.Task[None] | None = None

    def open(self, cut: Mode | None) -> None:
        """Listen; RefusedError when the port is taken. A port 0 is replaced by the one that was given out."""
        self._cut = cut
        try:
            self._server = socket.create_server(self._listen, backlog=BACKLOG)
        except OSError as error:
            raise taken(self._listen, error) from error
        self._server.setblocking(False)
        self._listen = self._server.getsockname()
        self._doorman = asyncio.get_running_loop().create_task(self._admit(self._server))

    async def close(self) -> None:
        """Stop listening and close every connection."""
        if self._doorman:
            self._doorman.cancel()
            await asyncio.wait([self._doorman])
        if self._server:
            self._server.close()
        await self._drop(self._links)

    async def cut(self, mode: Mode) -> None:
        """Stop carrying at once, in both directions."""
        self._cut = mode
        for link in self._links:
            link.stop()
        if mode is Mode.REFUSE:
            await self._drop(self._links)

    async def plug(self) -> None:
        """Carry what comes from now on; what was cut is closed, as stale connections are in the end."""
        if self._cut:
            await self._drop(self._links)
        self._cut = None

    @property
    def way(self) -> str:
        """From where to where it leads."""
        return f"{self._listen[0]}:{self._listen[1]} -> {self._to[0]}:{self._to[1]}"

    def status(self) -> dict[str, Any]:
        """Say where it leads and what it carried."""
        return {
            "way": self.way,
            "connections": len(self._links),
            "carried_bytes": dict(self._carried_bytes),
        }

    async def _drop(self, links: list[Link]) -> None:
        self._links = [link for link in self._links if link not in links]
        for link in links:
            await link.close()

    async def _admit(self, server: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                near, _ = await loop.sock_accept(server)
            except ConnectionAbortedError:
                continue  # it left while it stood in the queue
            near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await self._take(Link(near))

    async def _take(self, link: Link) -> None:
        if self._cut is Mode.REFUSE:
            await link.close()
            return
        # The oldest goes: under a cut its host gave up long ago, since all the others were opened after it.
        await self._drop(self._links[: max(0, len(self._links) + 1 - LINKS_MAX)])
        self._links.append(link)
        if self._cut is None:
            link.task = asyncio.get_running_loop().create_task(self._carry(link))

    async def _carry(self, link: Link) -> None:
        """Carry both ways until both ends are done or one breaks; a cut cancels it, the sockets stay open."""
        try:
            link.far = socket.socket(socket.AF_INET)
            link.far.setblocking(False)
            link.far.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await asyncio.get_running_loop().sock_connect(link.far, self._to)
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pump(link.near, link.far, "up"))
                both.create_task(self._pump(link.far, link.near, "down"))
        except* OSError:
            pass  # one side broke off: closing tells the other
        link.near.close()
        if link.far:
            link.far.close()
        self._links = [other for other in self._links if other is not link]

    async def _pump(self, source: socket.socket, sink: socket.socket, way: str) -> None:
        loop = asyncio.get_running_loop()
        while data := await loop.sock_recv(source, CARRIED_BYTES_MAX):
            await loop.sock_sendall(sink, data)
            self._carried_bytes[way] += len(data)
        sink.shutdown(socket.SHUT_WR)


class Cable:
    """All routes of one cable: one hand cuts them together."""

    kind = "cable"

    def __init__(self, routes: list[tuple[str, str]]) -> None:
        self._routes = [Route(place(listen), place(to)) for listen, to in routes]
        self._kept = Kept()

    async def open(self) -> None:
        """Open every route; what was cut before is cut still."""
        for route in self._routes:
            route.open(self._kept.cut)

    async def close(self) -> None:
        """Close every route."""
        for route in self._routes:
            await route.close()

    async def obey(self, order: Mapping[str, Any]) -> None:
        """Cut or plug in; doing it twice is no error, since a hand cannot pull a cable twice."""
        hand: Hand = read_order(order, VERBS, Hand)
        match hand:
            case Cut(mode=mode):
                self._kept.cut = mode
                await asyncio.gather(*(route.cut(mode) for route in self._routes))
            case PlugIn():
                self._kept.cut = None
                await asyncio.gather(*(route.plug() for route in self._routes))

    def kept(self) -> dict[str, Any]:
        """What a new bench must know."""
        kept: dict[str, Any] = msgspec.to_builtins(self._kept)
        return kept

    def restore(self, kept: Any) -> None:
        """Be cut as before; RefusedError when `kept` is not of a cable."""
        self._kept = understood(kept, Kept, "a cable")

    def status(self) -> dict[str, Any]:
        """Say whether it is cut, and what each route carried."""
        return {
            "type": self.kind,
            "at": [route.way for route in self._routes],
            "cut": self._kept.cut is not None,
            "mode": self._kept.cut,
            "routes": [route.status() for route in self._routes],
        }


def place(text: str) -> tuple[str, int]:
    """Read `host:port`; RefusedError when it is none."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65_535:
        raise RefusedError(f"{text!r} is no address: expected host:port, as in 127.0.0.1:7010")
    return host, int(port)
