"""The stream to the page: the latest screen, whenever there is a newer one, and a beat in between."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable
from typing import Final

from starlette.types import Receive, Scope, Send

# The page counts on it: three beats missed, and it takes the object for gone.
BEAT_SECONDS: Final = 5.0

# A page that takes nothing for so long is gone, or as good as gone: it may come again.
PATIENCE_SECONDS: Final = 10.0

# The panel itself, a frame in a control page and a few windows of a developer; each holds one connection.
WATCHERS_MAX: Final = 16

RETRY: Final = b"retry: 250\n\n"

Subscribe = Callable[[Callable[[], None]], Callable[[], None]]


def event(name: str, text: str) -> bytes:
    """One server-sent event, whose text may have many lines."""
    lines = "".join(f"data: {line}\n" for line in text.splitlines() or [""])
    return f"event: {name}\n{lines}\n".encode()


class Watchers:
    """Everybody who looks at this glass: the till never waits for them, nor they for each other."""

    def __init__(self, subscribe: Subscribe, screen: Callable[[], str], time: Callable[[], str]) -> None:
        self._subscribe = subscribe
        self._screen = screen
        self._time = time
        self._bells: set[asyncio.Event] = set()
        self._closing = False

    @property
    def count(self) -> int:
        """How many look now."""
        return len(self._bells)

    @property
    def full(self) -> bool:
        """Whether there is no room for one more."""
        return self.count >= WATCHERS_MAX

    def close(self) -> None:
        """End every stream: the runtime stops, and the pages wait for the next one."""
        self._closing = True
        for bell in self._bells:
            bell.set()

    async def events(self) -> AsyncGenerator[bytes]:
        """What one watcher is sent; between two of its reads only the fact of a change is kept, no queue."""
        bell = asyncio.Event()
        bell.set()
        self._bells.add(bell)
        leave = self._subscribe(bell.set)
        try:
            yield RETRY
            while not self._closing:
                if bell.is_set():
                    bell.clear()
                    yield event("screen", self._screen())
                yield event("beat", self._time())
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(BEAT_SECONDS):
                        await bell.wait()
        finally:
            leave()
            self._bells.discard(bell)


class Stream:
    """One watcher's answer; it ends when the watcher goes, or takes nothing for too long, or at `close`."""

    def __init__(self, watchers: Watchers) -> None:
        self._watchers = watchers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  the ASGI form
        """Talk until one of the two ends goes away."""
        talking = asyncio.create_task(self._talk(send))
        leaving = asyncio.create_task(_gone(receive))
        try:
            await asyncio.wait((talking, leaving), return_when=asyncio.FIRST_COMPLETED)
            if talking.done():
                talking.result()
        finally:
            talking.cancel()
            leaving.cancel()
            await asyncio.wait((talking, leaving))

    async def _talk(self, send: Send) -> None:
        headers = [(b"content-type", b"text/event-stream; charset=utf-8")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        async with contextlib.aclosing(self._watchers.events()) as events:
            async for chunk in events:
                try:
                    async with asyncio.timeout(PATIENCE_SECONDS):
                        await send({"type": "http.response.body", "body": chunk, "more_body": True})
                except TimeoutError:
                    return
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
