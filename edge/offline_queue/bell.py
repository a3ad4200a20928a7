"""The bell: the Unix socket on which the runtime rings new heads, and takes what the agent brings.

JSON lines. The runtime says `{"head": n}` at once and after each commit, `{"ask": ...}` when it wants to know
something of the hub, and `{"well": ...}` when something about it has changed that others should know. The
agent says one of `Said`, and is answered `{"ok": true}` or `{"ok": false, "error": ...}`, line by line and in
order. Whatever is signed is handed on as the hub signed it: the runtime believes the agent nothing.
"""

import asyncio
import contextlib
import itertools
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Final, Literal

import msgspec

from cloud_sync.contract.escrow import SliceAsked
from cloud_sync.contract.members import MemberAsked
from cloud_sync.contract.orders import Identify
from cloud_sync.contract.requests import Id, PaymentAsked
from cloud_sync.contract.stock import StockAsked
from edge.wellbeing import Wellbeing

# A receipt or a manifest is below 8 KiB; a line of 256 KiB is not our agent.
LINE_BYTES_MAX: Final = 256 * 1024


class StagedDocument(msgspec.Struct, frozen=True):
    """A document that the agent has fetched whole: its signed manifest, and the file where its bytes are."""

    manifest: str
    path: str


class SentTelemetry(msgspec.Struct, frozen=True):
    """The items of this lane up to `seq` are on their way: nobody needs them here any more."""

    lane: str
    seq: int


class Said(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What the agent brings: exactly one of these; receipt, order, keyring and reply are compact JWS."""

    receipt: str | None = None
    document: StagedDocument | None = None
    order: str | None = None
    keyring: str | None = None
    reply: str | None = None
    telemetry: SentTelemetry | None = None
    link: Literal["up", "down"] | None = None
    identify: Identify | None = None
    """No agent's: somebody at this machine looks for the object (`opos identify`)."""


class Rung(msgspec.Struct, frozen=True):
    """The runtime's words: the journal's head."""

    head: int


Question = PaymentAsked | SliceAsked | MemberAsked | StockAsked
"""What the runtime may want to know of the hub."""


_ABOUT: Final = {SliceAsked: "a slice", MemberAsked: "a member", StockAsked: "stock"}


class Asked(msgspec.Struct, frozen=True):
    """A question to the hub, under the id that its reply has."""

    id: Id
    ask: Question

    def __repr__(self) -> str:
        """Without what the shopper showed."""
        if isinstance(self.ask, PaymentAsked):
            return f"Asked({self.id}: {self.ask.verb} {self.ask.attempt})"
        return f"Asked({self.id}: {_ABOUT[type(self.ask)]})"


class Asking(msgspec.Struct, frozen=True):
    """The runtime's words: the hub is to be asked something."""

    ask: Asked


class Well(msgspec.Struct, frozen=True):
    """The runtime's words: how it is."""

    well: Wellbeing


class Answered(msgspec.Struct, frozen=True, omit_defaults=True):
    """The runtime's answer to one line; `ok` False carries the reason."""

    ok: bool
    error: str | None = None


Hear = Callable[[Said], Awaitable[Answered]]


class Bell:
    """The runtime's end. `ring` may be called at any rate: a slow agent hears only the last head.

    An agent that comes later hears the questions that are open still; no agent hears one twice.
    """

    def __init__(self, path: Path, hear: Hear) -> None:
        self._path = path
        self._hear = hear
        self._head = 0
        self._well: Wellbeing | None = None
        self._asking: dict[int, Asked] = {}
        self._numbers = itertools.count(1)
        self._rung = asyncio.Condition()
        self._server: asyncio.Server | None = None
        self._agents: dict[asyncio.StreamWriter, asyncio.Task[None]] = {}

    async def open(self) -> None:
        """Listen. A socket file that a killed runtime left behind is replaced."""
        with contextlib.suppress(FileNotFoundError):
            self._path.unlink()
        # Only this object's own user may bring receipts: the directory is its, and so is the socket.
        before = os.umask(0o177)
        path = str(self._path)
        try:
            self._server = await asyncio.start_unix_server(self._accept, path, limit=LINE_BYTES_MAX)
        finally:
            os.umask(before)

    async def close(self) -> None:
        """Hang up."""
        if self._server is not None:
            self._server.close()
            self._path.unlink(missing_ok=True)
            for agent in self._agents:
                agent.close()
            if self._agents:
                await asyncio.wait(self._agents.values())

    async def ring(self, head: int) -> None:
        """Tell every agent that the journal has grown to `head`."""
        async with self._rung:
            self._head = head
            self._rung.notify_all()

    async def well(self, wellbeing: Wellbeing) -> None:
        """Tell every agent how the runtime is, if that has changed."""
        if wellbeing != self._well:
            async with self._rung:
                self._well = wellbeing
                self._rung.notify_all()

    @contextlib.asynccontextmanager
    async def asking(self, asked: Asked) -> AsyncIterator[None]:
        """Have the agents ask the hub, for as long as somebody waits for the reply."""
        number = next(self._numbers)
        async with self._rung:
            self._asking[number] = asked
            self._rung.notify_all()
        try:
            yield
        finally:
            del self._asking[number]

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._agents[writer] = asyncio.ensure_future(self._serve(reader, writer))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ringing = asyncio.create_task(self._ring_to(writer))
        try:
            while line := await reader.readline():
                writer.write(msgspec.json.encode(await self._answer(line)) + b"\n")
                await writer.drain()
        except (ConnectionError, ValueError):
            pass  # the agent died, or spoke a line past the limit: it comes again
        finally:
            ringing.cancel()
            writer.close()
            # Whoever asks how the connection ended hears of it; asyncio logs an end that nobody asked about.
            with contextlib.suppress(OSError):
                await writer.wait_closed()
            del self._agents[writer]
            if not self._agents:
                await self._hear(Said(link="down"))  # without an agent there is no line to the hub

    async def _answer(self, line: bytes) -> Answered:
        try:
            said = msgspec.json.decode(line, type=Said)
        except (ValueError, RecursionError) as error:
            return Answered(ok=False, error=f"expected what an agent brings: {error}")
        return await self._hear(said)

    async def _ring_to(self, writer: asyncio.StreamWriter) -> None:
        told, asked = -1, 0
        well: Wellbeing | None = None
        with contextlib.suppress(ConnectionError):
            while True:
                async with self._rung:
                    while (self._head, self._well) == (told, well) and not self._asked_after(asked):
                        await self._rung.wait()
                    more = self._asked_after(asked)
                    words: list[Rung | Asking | Well] = [Asking(self._asking[number]) for number in more]
                    if self._head != told:
                        words.insert(0, Rung(self._head))
                    if self._well is not None and self._well != well:
                        words.append(Well(self._well))
                    told, asked, well = self._head, max(more, default=asked), self._well
                writer.write(b"".join(msgspec.json.encode(word) + b"\n" for word in words))
                await writer.drain()

    def _asked_after(self, number: int) -> list[int]:
        """The numbers of the open questions that came after that one."""
        return [each for each in self._asking if each > number]
