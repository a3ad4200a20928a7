"""The terminal's HTTP server: POST /nexo, many tills at once, and a line that breaks where it is told to."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec

from simulators.ports import taken

PATH: Final = "/nexo"
HEAD_BYTES_MAX: Final = 16_384
# A payment with a basket is 20 KB.
BODY_BYTES_MAX: Final = 256 * 1024
# A shop has a few tills at a terminal; so many is a till that retries without end.
CALLERS_MAX: Final = 64
# For the rest of a question that has begun, and for the next one of a till that stays.
PATIENCE_S: Final = 60.0
REASONS: Final = {200: "OK", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed"}


class Answer(msgspec.Struct, frozen=True):
    """A body; with `bytes_max` the line breaks after so many bytes of the whole answer's body."""

    body: bytes
    bytes_max: int | None = None


Ask = Callable[[bytes], Awaitable[Answer]]


class _HttpError(Exception):
    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Door:
    """A listening place; every question is given to `ask`."""

    def __init__(self, place: tuple[str, int], ask: Ask, tls: ssl.SSLContext | None) -> None:
        self._ask = ask
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._callers: dict[asyncio.StreamWriter, asyncio.Task[None]] = {}
        self.place = place

    async def open(self) -> None:
        """Listen; RefusedError when the place is taken. A port 0 is replaced by the one given out."""
        try:
            self._server = await asyncio.start_server(
                self._accept, *self.place, ssl=self._tls, limit=HEAD_BYTES_MAX
            )
        except OSError as error:
            raise taken(self.place, error) from error
        self.place = self._server.sockets[0].getsockname()[:2]

    async def close(self) -> None:
        """Stop listening and break every line."""
        if self._server:
            self._server.close()
            self._server = None
        await self.hang_up()

    async def hang_up(self) -> None:
        """Break every line."""
        tasks = list(self._callers.values())
        for writer, task in list(self._callers.items()):
            writer.transport.abort()
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._callers) >= CALLERS_MAX:
            writer.transport.abort()
            return
        self._callers[writer] = asyncio.ensure_future(self._serve(reader, writer))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._exchange(reader, writer):
                pass
        except (OSError, EOFError, TimeoutError, asyncio.LimitOverrunError):
            pass  # the till has gone, or is none
        except asyncio.CancelledError:
            pass  # the plug was pulled: that is all that this task was for
        finally:
            del self._callers[writer]
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One question and its answer; whether the till may ask again on this line."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                body = await _question(reader)
        except _HttpError as error:
            _write(writer, error.status, Answer(b""))
            await writer.drain()
            return False
        answer = await self._ask(body)
        if answer.bytes_max is not None:
            _write(writer, 200, answer)
            await writer.drain()
            writer.transport.abort() if not answer.bytes_max else writer.close()
            return False
        _write(writer, 200, answer)
        await writer.drain()
        return True


async def _question(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    start, *rows = head.decode("latin-1").split("\r\n")
    named = {name.strip().lower(): value.strip() for name, _, value in (row.partition(":") for row in rows)}
    method, _, way = start.partition(" ")
    if way.partition(" ")[0].partition("?")[0] != PATH:
        raise _HttpError(404)
    if method != "POST":
        raise _HttpError(405)
    length = named.get("content-length", "")
    # A body in pieces of its own is no till's way; one that is too long is nobody's.
    if not length.isdigit() or int(length) > BODY_BYTES_MAX:
        raise _HttpError(400)
    return await reader.readexactly(int(length))


def _write(writer: asyncio.StreamWriter, status: int, answer: Answer) -> None:
    if answer.bytes_max == 0:
        return
    head = f"HTTP/1.1 {status} {REASONS[status]}\r\ncontent-length: {len(answer.body)}\r\n"
    kind = "content-type: application/json\r\n" if answer.body else ""
    writer.write(f"{head}{kind}\r\n".encode() + answer.body[: answer.bytes_max])
