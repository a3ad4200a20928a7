"""The worker that looks through the camera: a service, started when it is asked for, or else our child."""

import asyncio
import contextlib
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final, Protocol

import msgspec

from edge.sensors.votes import CameraAsked

SOCKET: Final = Path("/run/opos/camera.sock")
"""Where opos-camera.socket listens, if it is installed."""

# A verdict with twenty long codes is 40 KiB; more is none of ours.
LINE_BYTES_MAX: Final = 256 * 1024

# It ends with the frame that it looks at; one that hangs in its driver is killed.
_GOODBYE_S: Final = 2.0


class CameraPlan(msgspec.Struct, frozen=True):
    """What is started: `gtins`, the products that the shop sells, are told it first.

    A service at `socket` is asked to look through `source`; where there is none `command` is run, which
    finds them in the file `catalogue`.
    """

    command: tuple[str, ...]
    catalogue: Path
    gtins: Callable[[], Iterable[str]]
    source: str = ""
    socket: Path | None = None


class Worker(Protocol):
    """One that looks."""

    @property
    def said(self) -> asyncio.StreamReader:
        """What it says, a line each."""
        ...

    async def end(self) -> None:
        """Have it end."""
        ...


async def start(plan: CameraPlan) -> Worker:
    """Have somebody look. Raises OSError."""
    if plan.socket is not None and plan.socket.is_socket():
        return await _ask(plan.socket, CameraAsked(plan.source, tuple(plan.gtins())))
    await asyncio.to_thread(_write, plan.catalogue, plan.gtins())
    return _Child(
        await asyncio.create_subprocess_exec(*plan.command, stdin=PIPE, stdout=PIPE, limit=LINE_BYTES_MAX)
    )


def _write(path: Path, gtins: Iterable[str]) -> None:
    part = path.with_suffix(".part")
    part.write_text("\n".join(gtins), encoding="utf-8")
    part.replace(path)


async def _ask(socket: Path, asked: CameraAsked) -> Worker:
    said, line = await asyncio.open_unix_connection(str(socket), limit=LINE_BYTES_MAX)
    line.write(msgspec.json.encode(asked) + b"\n")
    return _Service(said, line)


class _Service:
    """One that systemd has started for this conversation, and kills if it hangs."""

    def __init__(self, said: asyncio.StreamReader, line: asyncio.StreamWriter) -> None:
        self.said, self._line = said, line

    async def end(self) -> None:
        """Say no more, and wait for its last word."""
        with contextlib.suppress(OSError):  # it has hung up already
            self._line.write_eof()
        with contextlib.suppress(TimeoutError, OSError):
            await asyncio.wait_for(_drain(self.said), _GOODBYE_S)
        self._line.close()


class _Child:
    """A process of our own."""

    def __init__(self, process: Process) -> None:
        assert process.stdin is not None, "it was started with a pipe"
        assert process.stdout is not None, "it was started with a pipe"
        self._process, self._asking, self.said = process, process.stdin, process.stdout

    async def end(self) -> None:
        """End it by the end of its input, or by force."""
        self._asking.close()
        draining = asyncio.ensure_future(_drain(self.said))  # a full pipe keeps its end from being seen
        try:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), _GOODBYE_S)
        finally:
            if self._process.returncode is None:
                self._process.kill()
                await self._process.wait()
            draining.cancel()


async def _drain(said: asyncio.StreamReader) -> None:
    while await said.read(LINE_BYTES_MAX):
        pass
