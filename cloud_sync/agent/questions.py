"""The runtime's questions: taken to the hub one by one, and its sealed reply brought back as it is.

The runtime believes only the hub, so nothing is judged here. A question without an answer is given up before
the runtime gives it up: silence is told by silence.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from cloud_sync.agent.ports import Handed, RuntimeAwayError
from cloud_sync.agent.requests import Answered, NoAnswerError
from cloud_sync.contract.requests import Ask

_log = logging.getLogger(__name__)

PATIENCE_S: Final = 20.0
"""Less than the runtime waits: what it asks again finds no older question in its way."""

# More than a runtime has open at a time.
WAITING_MAX: Final = 32

AskHub = Callable[[Ask, str, float], Awaitable[Answered]]
"""(what, under which id, for how many seconds) -> the hub's answer; raises NoAnswerError, ValueError."""


class Questions:
    """The questions of one runtime; `hand` brings it a reply."""

    def __init__(self, ask: AskHub, hand: Callable[[str], Awaitable[Handed]]) -> None:
        self._ask = ask
        self._hand = hand
        self._new: asyncio.Queue[tuple[str, Ask]] = asyncio.Queue(WAITING_MAX)
        self._open: set[str] = set()

    def told(self, request_id: str, ask: Ask) -> None:
        """The runtime asks something; what is on its way already goes on its way."""
        if request_id in self._open:
            return
        try:
            self._new.put_nowait((request_id, ask))
        except asyncio.QueueFull:
            _log.warning("question %s is let go: %d wait already", request_id, WAITING_MAX)
            return
        self._open.add(request_id)

    async def run(self) -> None:
        """Ask and bring back, for ever."""
        async with asyncio.TaskGroup() as under_way:
            while True:
                under_way.create_task(self._bring(*await self._new.get()))

    async def _bring(self, request_id: str, ask: Ask) -> None:
        try:
            answered = await self._ask(ask, request_id, PATIENCE_S)
            handed = await self._hand(answered.jws)
        except (NoAnswerError, RuntimeAwayError, ValueError) as error:
            _log.info("question %s: %s", request_id, error)
        else:
            if handed.error is not None:
                _log.warning("the runtime does not take the reply to %s: %s", request_id, handed.error)
        finally:
            self._open.discard(request_id)
