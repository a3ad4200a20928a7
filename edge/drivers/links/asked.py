"""A link to what answers within a call of the system: the call may take its time, so a thread makes it."""

import asyncio
import errno
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from edge.drivers.links.link import Link, LinkLostError

# Drivers wait for an answer before they ask again; 64 unanswered questions are a bus that hangs.
_ASKED_MAX: Final = 64


class AskedLink(Link):
    """`ask` makes the answer out of what was written, in a thread of this link's own, one after the other."""

    def __init__(self, ask: Callable[[bytes], bytes], close: Callable[[], None] = lambda: None) -> None:
        self._ask = ask
        self._close = close
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="link")
        self._asked: deque[asyncio.Future[bytes]] = deque()
        self._come: Callable[[], object] | None = None
        self._closed = False

    def listen(self, come: Callable[[], object] | None) -> None:
        """Call `come` when an answer is there, at once if one is."""
        self._come = come
        self._tell()

    def take(self) -> bytes:
        """The answers that are there."""
        answers = bytearray()
        while self._asked and self._asked[0].done():
            answers += _answer(self._asked.popleft())
        return bytes(answers)

    def write(self, data: bytes) -> None:
        """Ask; the answer is read later."""
        if not data:
            return
        if len(self._asked) == _ASKED_MAX:
            raise LinkLostError(OSError(errno.EIO, "the device does not answer any more"))
        asked = asyncio.get_running_loop().run_in_executor(self._thread, self._answer_to, data)
        asked.add_done_callback(lambda _: self._tell())
        self._asked.append(asked)

    def close(self) -> None:
        """Forget what was asked; the thread closes what it uses when it is done with it."""
        self._come = None
        self._closed = True
        for asked in self._asked:
            asked.cancel()
        self._thread.submit(self._close)
        self._thread.shutdown(wait=False)

    def _answer_to(self, data: bytes) -> bytes:
        """Ask, in the thread; a cancellation would come to it a turn of the loop after the closing."""
        return b"" if self._closed else self._ask(data)

    def _tell(self) -> None:
        if self._come is not None and self._asked and self._asked[0].done():
            self._come()


def _answer(asked: asyncio.Future[bytes]) -> bytes:
    try:
        return asked.result()
    except OSError as error:
        raise LinkLostError(error) from error
