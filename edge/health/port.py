"""A port at which an object's last numbers are read: it knows one answer, and gives it to every question."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Final

from cloud_sync.exposition import CONTENT_TYPE

# Prometheus asks in some 300 bytes; a browser in 2000.
_QUESTION_BYTES_MAX: Final = 8 * 1024
# Who has not asked after so long keeps a place for nothing.
_QUESTION_S: Final = 5.0
# One Prometheus, and somebody who looks: whoever comes beside them comes again.
_TOGETHER_MAX: Final = 4


class NumbersPort:
    """Answers with what `numbers` returns. `open` raises OSError where the port is taken."""

    def __init__(self, numbers: Callable[[], bytes]) -> None:
        self._numbers = numbers
        self._together = 0
        self._server: asyncio.Server | None = None

    async def open(self, host: str, port: int) -> None:
        """Answer from now on."""
        self._server = await asyncio.start_server(self._serve, host, port, limit=_QUESTION_BYTES_MAX)

    def close(self) -> None:
        """Answer no more."""
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._together += 1
        try:
            if self._together <= _TOGETHER_MAX:
                await self._answer(reader, writer)
        finally:
            self._together -= 1
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A question that is cut, too long or too slow has no answer; nobody of ours asks so.
        with contextlib.suppress(
            TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError
        ):
            async with asyncio.timeout(_QUESTION_S):
                await reader.readuntil(b"\r\n\r\n")
                numbers = self._numbers()
                head = (
                    f"HTTP/1.1 200 OK\r\nContent-Type: {CONTENT_TYPE}\r\nContent-Length: {len(numbers)}\r\n"
                )
                writer.write(f"{head}Cache-Control: no-store\r\nConnection: close\r\n\r\n".encode() + numbers)
                await writer.drain()
