"""The hub's time as its signed words tell it; this machine's clock is only the first guess.

A board without a battery starts years ago, and its clock may jump at any moment. What the hub says is kept
with the monotonic time at which it was heard, and goes on from there.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from typing import Final

from cloud_sync.agent.ports import Clock
from cloud_sync.agent.requests import Answered, NoAnswerError
from cloud_sync.contract.requests import Ask, TimeAsked

_log = logging.getLogger(__name__)

# An answer that took longer says too little; the next question may be quicker.
_ROUND_NS_MAX: Final = 5_000_000_000
# A crystal is off by 50 millionths: a second in six hours.
_AGAIN_S: Final = 6 * 3600.0
# After a hub that did not answer, with the spread of a fleet.
_RETRY_S: Final = (30.0, 60.0)


class HubTime:
    """What time it is at the hub. `now_ms` never falls below what any signed word has proved."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._offset_ms: int | None = None  # the hub's time less our monotonic one, as an answer told it
        self._least_ms: int | None = None  # the same, as a receipt or an answer proves it at least

    @property
    def known(self) -> bool:
        """Whether the hub has said anything of the time."""
        return self._least_ms is not None

    @property
    def offset_ms(self) -> int | None:
        """How far the hub is ahead of this machine's wall clock; None before it said what time it is."""
        return None if self._offset_ms is None else self.now_ms() - self._clock.wall_ms()

    def now_ms(self) -> int:
        """Milliseconds since 1970, as well as the hub has told; before that, as this machine has it."""
        if self._least_ms is None:
            return self._clock.wall_ms()
        offset_ms = self._least_ms if self._offset_ms is None else max(self._offset_ms, self._least_ms)
        return self._mono_ms() + offset_ms

    def proved(self, at_ms: int) -> None:
        """The hub signed something at `at_ms`: it is not earlier now."""
        least_ms = at_ms - self._mono_ms()
        self._least_ms = least_ms if self._least_ms is None else max(self._least_ms, least_ms)

    def told(self, at_ms: int, asked_ns: int, heard_ns: int) -> bool:
        """The hub answered with its time; False if the answer was too slow to say much."""
        self.proved(at_ms)
        if heard_ns - asked_ns > _ROUND_NS_MAX:
            return False
        # A crystal that ran fast must not hold a bound of long ago against a fresh answer.
        self._offset_ms = at_ms - (asked_ns + heard_ns) // 2 // 1_000_000
        self._least_ms = at_ms - heard_ns // 1_000_000
        return True

    def _mono_ms(self) -> int:
        return self._clock.now_ns() // 1_000_000


class TimeKeeper:
    """Asks the hub what time it is: with each new connection, and a few times a day."""

    def __init__(
        self,
        time: HubTime,
        ask: Callable[[Ask], Awaitable[Answered]],
        luck: random.Random,
    ) -> None:
        self._time = time
        self._ask = ask
        self._luck = luck
        self._flowing = asyncio.Event()
        self.on_told: Callable[[], None] = lambda: None

    def flow(self, up: bool) -> None:
        """Whether the hub answers."""
        if up:
            self._flowing.set()
        else:
            self._flowing.clear()

    async def run(self) -> None:
        """Ask, for ever."""
        while True:
            await self._flowing.wait()
            told = await self._ask_once()
            delay_s = _AGAIN_S if told else self._luck.uniform(*_RETRY_S)
            await asyncio.sleep(delay_s)

    async def _ask_once(self) -> bool:
        try:
            answered = await self._ask(TimeAsked())
        except NoAnswerError as error:
            _log.info("the hub does not say what time it is: %s", error)
            return False
        told = self._time.told(answered.reply.at_ms, answered.asked_ns, answered.heard_ns)
        if told:
            self.on_told()
        return told
