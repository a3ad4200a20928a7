"""The control socket of a bench: JSON lines in, one JSON line out for each, in order."""

import asyncio
import contextlib
import os
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import msgspec

from simulators.devices.device import RefusedError

# sun_path of unix(7), less its closing zero.
PATH_BYTES_MAX: Final = 107
# The longest order is a tag with a long EPC, 200 bytes.
LINE_BYTES_MAX: Final = 65_536
CALLERS_MAX: Final = 32
# The kernel of a living bench answers a connect at once, even if the bench itself is busy.
PROBE_S: Final = 1.0
# A hand on this machine takes its last answer at once.
FAREWELL_S: Final = 1.0

Obey = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]


class Control:
    """Listens at a path and passes every order to `obey`, whose RefusedError becomes the answer."""

    def __init__(self, path: Path, obey: Obey) -> None:
        self._path = path
        self._obey = obey
        self._server: asyncio.Server | None = None
        self._callers: dict[asyncio.StreamWriter, asyncio.Task[None]] = {}

    async def open(self) -> None:
        """Listen; a socket that a killed bench left is replaced, one that answers is another bench."""
        _clear_way(self._path)
        try:
            self._server = await asyncio.start_unix_server(self._accept, self._path, limit=LINE_BYTES_MAX)
        except OSError as error:
            raise RefusedError(f"cannot listen on {self._path}: {error.strerror or error}") from error

    async def close(self) -> None:
        """Stop listening, remove the socket, and let the callers go."""
        if self._server is None:
            return
        self._server.close()
        self._path.unlink(missing_ok=True)
        for writer in self._callers:
            writer.close()
        if self._callers:
            await asyncio.wait(self._callers.values(), timeout=FAREWELL_S)
        for writer in self._callers:
            writer.transport.abort()  # a hand that never reads its answers keeps no bench up

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A caller counts from the moment it is accepted: `close` waits for it even if it has not said a word.
        self._callers[writer] = asyncio.ensure_future(self._serve(reader, writer))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if len(self._callers) > CALLERS_MAX:
                writer.write(_refusal(f"{CALLERS_MAX} hands are on this bench already"))
            else:
                await self._converse(reader, writer)
        except ConnectionError:
            pass  # the caller left without waiting for its answer
        finally:
            writer.close()
            # Whoever asks how the connection ended hears of it; asyncio logs an end that nobody asked about.
            with contextlib.suppress(OSError):
                await writer.wait_closed()
            del self._callers[writer]

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                writer.write(await self._answer(line))
                await writer.drain()
        except ValueError:  # how asyncio says that a line is longer than the limit
            writer.write(_refusal(f"an order is one line of at most {LINE_BYTES_MAX} bytes"))

    async def _answer(self, line: bytes) -> bytes:
        try:
            order = msgspec.json.decode(line, type=dict[str, Any])
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            return _refusal(f"an order is a JSON object on one line: {error}")
        try:
            return msgspec.json.encode({"ok": True, **await self._obey(order)}) + b"\n"
        except RefusedError as error:
            return _refusal(str(error))


def _refusal(sentence: str) -> bytes:
    return msgspec.json.encode({"ok": False, "error": sentence}) + b"\n"


def _clear_way(path: Path) -> None:
    """Remove the socket of a dead bench; RefusedError when it lives, or when the path is no socket's."""
    if len(os.fsencode(path)) > PATH_BYTES_MAX:
        raise RefusedError(
            f"{path} is longer than the {PATH_BYTES_MAX} bytes of a socket's path: use a shorter folder"
        )
    if not path.exists():
        return
    if not path.is_socket():
        raise RefusedError(f"{path} is not a socket: move it away or choose another `control`")
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(PROBE_S)
        try:
            probe.connect(os.fspath(path))
        except ConnectionRefusedError:
            path.unlink()
            return
        except OSError as error:
            raise RefusedError(f"cannot tell whose socket {path} is: {error}") from error
    raise RefusedError(f"another bench runs at {path}: stop it first")
