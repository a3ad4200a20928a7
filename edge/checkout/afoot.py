"""Work that is afoot: begun by a tap, seen through whatever becomes of who tapped, and awaited by nobody.

What goes wrong in it, other than the world's wrongs that it deals with itself, must not be lost: a till would
stay at "please wait" for ever. It is raised where somebody watches.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, NoReturn


class Afoot:
    """`begin` work on the event loop; `await watch()` beside the rest, where a wrong ends the object."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._wrongs: asyncio.Queue[BaseException] = asyncio.Queue()

    def begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Have it done; a cancellation is no wrong."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._end)
        return task

    async def watch(self) -> NoReturn:
        """Raise the first thing that goes wrong in any of it."""
        raise await self._wrongs.get()

    def _end(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (wrong := task.exception()) is not None:
            self._wrongs.put_nowait(wrong)
