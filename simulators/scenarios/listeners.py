"""Who listens in a scenario: processes that open a device as an object would, and say what they hear."""

import asyncio
import json
import sys
from collections.abc import Callable
from typing import Any, Final

# Of what was heard, so much is kept to be shown when an expectation fails.
HEARD_MAX: Final = 10_000
FAREWELL_S: Final = 5.0

Fields = dict[str, Any]


class Listener:
    """`opos listen URI --json` in a process of its own."""

    def __init__(self, uri: str) -> None:
        self._uri = uri
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._news = asyncio.Condition()
        self._heard: list[Fields] = []
        self._passed = 0
        self._ended: str | None = None

    async def open(self) -> None:
        """Begin to listen."""
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "opos", "listen", self._uri, "--json"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        self._reader = asyncio.create_task(self._read(self._process))

    async def close(self) -> None:
        """End the process; it takes SIGTERM as a good end."""
        if self._process is None or self._reader is None:
            return
        if self._process.returncode is None:
            self._process.terminate()
        try:
            async with asyncio.timeout(FAREWELL_S):
                await self._reader
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    async def next(self, matches: Callable[[Fields], bool], patience_s: float) -> Fields | None:
        """The next reading that matches; None when none came in time. What came before it is passed."""
        try:
            async with asyncio.timeout(patience_s), self._news:
                while True:
                    for place in range(self._passed, len(self._heard)):
                        if matches(self._heard[place]):
                            self._passed = place + 1
                            return self._heard[place]
                    if self._ended is not None:
                        return None
                    await self._news.wait()
        except TimeoutError:
            return None

    def since_last_step(self) -> list[Fields]:
        """What was heard and not passed over yet."""
        return self._heard[self._passed :]

    @property
    def trouble(self) -> str:
        """What the process said when it ended too early."""
        return self._ended or ""

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None, "it was started with a pipe"
        assert process.stderr is not None, "it was started with a pipe"
        while line := await process.stdout.readline():
            async with self._news:
                if len(self._heard) < HEARD_MAX:
                    self._heard.append(json.loads(line))
                self._news.notify_all()
        said = (await process.stderr.read()).decode(errors="replace").strip()
        await process.wait()
        async with self._news:
            self._ended = said or f"it ended with exit code {process.returncode}"
            self._news.notify_all()
