"""Waiting for the world: look again and again until something is so, or the patience is over."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import Final

# Twenty looks a second: a person would not notice the difference.
_PAUSE_S: Final = 0.05


async def looks(patience_s: float, clock: Callable[[], float] = time.monotonic) -> AsyncIterator[None]:
    """One turn for each look, until `patience_s` is over: the loop's `else` is what was never seen."""
    until_s = clock() + patience_s
    while True:
        yield
        if clock() >= until_s:
            return
        await asyncio.sleep(_PAUSE_S)
