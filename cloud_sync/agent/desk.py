"""The desk: a Unix socket on which a running agent tells anybody on the object how the line stands."""

import asyncio
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from cloud_sync.contract.state import Fault

SOCKET: Final = "sync.sock"
"""The name of the socket in an object's data directory."""

# The whole answer is one line, 1500 bytes with every fault that there may be; an agent that does not give it
# within this is stuck.
_ANSWER_S: Final = 2.0
_ANSWER_BYTES_MAX: Final = 4096


class AgentStatus(msgspec.Struct, frozen=True):
    """How the line stands: `online` if the hub answers; `*_refused` count what was not the hub's."""

    online: bool
    stage: str
    in_flight: int
    last_receipt_ms: int | None
    receipts_refused: int
    documents_refused: int
    replies_refused: int = 0
    orders_refused: int = 0
    keyrings_refused: int = 0
    telemetry_told: int = 0
    clock_off_ms: int | None = None
    """How far the hub's clock is ahead of this machine's; None before it said what time it is."""
    trouble: str | None = None
    """What keeps entries here although the hub answers."""
    broker: bool = False
    """Whether there is a broker, whoever is behind it."""
    program: str = ""
    """The version of the runtime; '' before it said so."""
    faults: tuple[Fault, ...] = ()
    """What a person should look at, as the hub is told."""


class DeskTakenError(Exception):
    """Another agent of the same object runs already."""


class Desk:
    """The agent's end of the socket at `path`."""

    def __init__(self, path: Path, status: Callable[[], AgentStatus]) -> None:
        self._path = path
        self._status = status
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Answer from now on. Raises DeskTakenError if a living agent has the socket."""
        if ask(self._path) is not None:
            raise DeskTakenError(f"{self._path}: an agent of this object runs already")
        self._path.unlink(missing_ok=True)
        before = os.umask(0o177)
        try:
            self._server = await asyncio.start_unix_server(self._answer, str(self._path))
        finally:
            os.umask(before)

    async def close(self) -> None:
        """Answer no more."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._path.unlink(missing_ok=True)

    async def _answer(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(msgspec.json.encode(self._status()))
        writer.close()


def ask(path: Path) -> AgentStatus | None:
    """What the agent at `path` says; None if there is none that answers."""
    answer = b""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(_ANSWER_S)
        try:
            line.connect(str(path))
            while len(answer) < _ANSWER_BYTES_MAX and (data := line.recv(_ANSWER_BYTES_MAX)):
                answer += data
            return msgspec.json.decode(answer, type=AgentStatus)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
