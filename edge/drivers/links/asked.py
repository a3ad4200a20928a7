"""A link to what answers within a call of the system: the call may take its time, so a thread makes it."""

import asyncio
import contextlib
import errno
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from edge.drivers.links.link import LinkLostError

# Drivers wait for an answer before they ask again; 64 unanswered questions are a bus that hangs.
_ASKED_MAX: Final = 64


class AskedLink:
    """`ask` makes the answer out of what was written, in a thread of this link's own, one after the other."""

    facts = None

    def __init__(self, ask: Callable[[bytes], bytes], close: Callable[[], None] = lambda: None) -> None:
        self._ask = ask
        self._close = close
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="link")
        self._asked: deque[asyncio.Future[bytes]] = deque()
        self._stirred = asyncio.Event()

    async def read(self, patience_s: float | None) -> bytes:
        """The answers that are there, as soon as one is; nothing when the patience is over."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                await self._stirred.wait()
        self._stirred.clear()
        answers = bytearray()
        while self._asked and self._asked[0].done():
            answers += _answer(self._asked.popleft())
        return bytes(answers)

    def wake(self) -> None:
        """Let a pending `read` look at once."""
        self._stirred.set()

    def write(self, data: bytes) -> None:
        """Ask; the answer is read later."""
        if not data:
            return
        if len(self._asked) == _ASKED_MAX:
            raise LinkLostError(OSError(errno.EIO, "the device does not answer any more"))
        asked = asyncio.get_running_loop().run_in_executor(self._thread, self._ask, data)
        asked.add_done_callback(lambda _: self.wake())
        self._asked.append(asked)

    def close(self) -> None:
        """Forget what was asked; the thread closes what it uses when it is done with it."""
        for asked in self._asked:
            asked.cancel()
        self._thread.submit(self._close)
        self._thread.shutdown(wait=False)


def _answer(asked: asyncio.Future[bytes]) -> bytes:
    try:
        return asked.result()
    except OSError as error:
        raise LinkLostError(error) from error
