"""An object of a world: a card, a clock, a runtime, an agent and a cable; each can fail by itself."""

import asyncio
import random
from collections.abc import Callable
from pathlib import Path
from typing import Final

from cloud_sync.contract.receipt import Receipt
from cloud_sync.mqtt import Outgoing
from edge.clock import ClockQuality
from edge.offline_queue.outcomes import JournalClosedError
from edge.readings import Nanoseconds
from proofs.agent import Agent
from proofs.broker import Broker, Message
from proofs.card import Card
from proofs.chronicle import Chronicle
from proofs.ground import BEGAN_MS
from proofs.kept import Journal
from proofs.runtime import Runtime

# Whoever starts a process that has ended does so after this long.
_AGAIN_S: Final = 0.5

_DAY_MS: Final = 86_400_000


class ObjectClock:
    """What an object believes of time: a monotonic clock, and a wall clock that anybody sets."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self._booted_s = now_s()
        self._wrong_ms = 0

    def now_ns(self) -> Nanoseconds:
        """Since the machine started."""
        return Nanoseconds(round((self._now_s() - self._booted_s) * 1e9))

    def wall_ms(self) -> int:
        """As well as this machine knows."""
        return BEGAN_MS + round(self._now_s() * 1e3) + self._wrong_ms

    def quality(self) -> ClockQuality:
        """Nobody has confirmed it."""
        return "untrusted"

    def jump(self, luck: random.Random) -> None:
        """Somebody sets it, or a battery was empty."""
        self._wrong_ms = luck.choice((-20 * 365, -1, 1, 365)) * _DAY_MS


class ShopObject:
    """One object; a clone of it is another one of its name."""

    def __init__(
        self, name: str, card: Card, broker: Broker, chronicle: Chronicle, luck: random.Random
    ) -> None:
        self.name = name
        self.card = card
        self._broker, self._chronicle, self._luck = broker, chronicle, luck
        self._loop = asyncio.get_running_loop()
        self._clock = ObjectClock(self._loop.time)
        self.runtime: Runtime | None = None
        self.agent: Agent | None = None
        self.announced = 0
        """Deliveries that it knows of."""
        self.plugged = True
        self.dumb = self.deaf = False
        """A black hole in the line: what goes up, or what comes down, is lost, and TCP says nothing."""
        self.confirmed: Callable[[Journal, Receipt], None] = lambda _journal, _receipt: None
        self._refused = 0  # receipts that agents before this one did not let in

    @property
    def listens(self) -> bool:
        """Whether the broker reaches it."""
        return self.plugged and self.agent is not None

    @property
    def refused_so_far(self) -> int:
        """Receipts that were not let in."""
        return self._refused + (self.agent.door.refused if self.agent is not None else 0)

    def deliver(self, message: Message) -> None:
        """The broker brings a message."""
        if self.agent is not None and not self.deaf:
            self.agent.hear(message)

    def start(self) -> None:
        """Start what does not run."""
        if self.runtime is None:
            self._start_runtime()
        if self.agent is None:
            self.agent = Agent(self.name, lambda: self.card.keys, self._publish, self._clock, self._luck)
            self.agent.line(up=self.plugged and self._broker.runs)
            if self.runtime is not None:
                self.agent.met(self.runtime)

    def kill_runtime(self, card: Card) -> None:
        """End the process as by kill -9: `card` is what it leaves."""
        self._end_runtime()
        self.card = card
        self._loop.call_later(_AGAIN_S, self._start_runtime)

    def kill_agent(self) -> None:
        """End the process as by kill -9: nothing of an agent is on a disk."""
        if self.agent is not None:
            self._refused = self.refused_so_far
            self.agent.end()
            self.agent = None
            self._loop.call_later(_AGAIN_S, self.start)

    def plug(self, *, into: bool) -> None:
        """Put the cable in, or pull it."""
        self.plugged = into
        self.line()

    def line(self) -> None:
        """The connection has changed at one end or the other."""
        if self.agent is not None:
            self.agent.line(up=self.plugged and self._broker.runs)

    def set_clock(self) -> None:
        """The wall clock jumps."""
        self._clock.jump(self._luck)

    def end(self) -> None:
        """The world is over."""
        self._end_runtime()
        if self.agent is not None:
            self.agent.end()

    def copied_to(self, directory: Path) -> Card:
        """The card as it is now."""
        return self.card.copied_to(directory)

    def _publish(self, outgoing: Outgoing) -> bool:
        if not self.plugged or self._luck.random() < 0.01:
            return False
        return self.dumb or self._broker.publish(outgoing)

    def _start_runtime(self) -> None:
        if self.runtime is not None:
            return
        try:
            runtime = Runtime(self.card, self.name, self._clock, self._chronicle)
        except JournalClosedError:
            self._loop.call_later(_AGAIN_S, self._start_runtime)
            return
        self.runtime = runtime
        runtime.over = self._over
        runtime.rung = self._rung
        runtime.confirmed = self.confirmed
        runtime.take_in(self.announced)
        if self.agent is not None:
            self.agent.met(runtime)

    def _over(self) -> None:
        """The runtime has ended itself; it is started again."""
        self._loop.call_soon(self._after_its_end, self.runtime)

    def _after_its_end(self, runtime: Runtime | None) -> None:
        if runtime is self.runtime:
            self._end_runtime()
            self._loop.call_later(_AGAIN_S, self._start_runtime)

    def _end_runtime(self) -> None:
        if self.runtime is not None:
            if self.agent is not None:
                self.agent.lost()
            self.runtime.close()
            self.runtime = None

    def _rung(self, head: int) -> None:
        if self.agent is not None:
            self.agent.carrier.grown(head)
