"""A broker that lies: it acknowledges everything, and then loses, doubles, delays, shuffles and spoils it."""

import asyncio
import random
from collections import Counter, deque
from collections.abc import Callable
from typing import Final, Protocol

import msgspec

from cloud_sync.mqtt import Outgoing
from proofs.shop import OBJECTS, address_of

# What somebody on the line has written down, to say it again another day.
_KEPT_MAX: Final = 32
# While nobody is listening at the other end, a broker that keeps anything keeps so much.
_QUEUE_MAX: Final = 64


class Temper(msgspec.Struct, frozen=True):
    """How bad the line is: chances from 0 to 1, and how long a message is on its way."""

    loss: float = 0.0
    double: float = 0.0
    late: float = 0.0
    spoil: float = 0.0
    stray: float = 0.0
    """How often a message comes out on the topic of another object."""
    keeps: bool = True
    """Whether what comes while nobody listens is delivered later."""
    delay_s: float = 0.002


CALM: Final = Temper()


def some_temper(luck: random.Random) -> Temper:
    """The broker of one bad day; many do only one thing wrong, as it is in life."""
    return Temper(
        loss=luck.choice((0, 0, 0.1, 0.3, 0.6)),
        double=luck.choice((0, 0, 0.2, 0.5)),
        late=luck.choice((0, 0, 0.2, 0.5)),
        spoil=luck.choice((0, 0, 0, 0.1, 0.3)),
        stray=luck.choice((0, 0, 0, 0.05)),
        keeps=luck.random() < 0.5,
        delay_s=luck.choice((0.001, 0.02, 0.3)),
    )


class Message(msgspec.Struct, frozen=True):
    """What is on its way; `whole` says that it is as it was sent, to the byte and to its topic."""

    topic: str
    payload: bytes
    whole: bool = True


class End(Protocol):
    """Whoever listens: the hub, or the line of an object."""

    @property
    def listens(self) -> bool:
        """Whether there is anybody."""
        ...

    def deliver(self, message: Message) -> None:
        """Bring a message."""
        ...


class Broker:
    """Stands between the objects and the hub. What is on its way when it is killed is lost."""

    def __init__(self, luck: random.Random, temper: Temper) -> None:
        self._luck = luck
        self._loop = asyncio.get_running_loop()
        self._round = 0  # counts the lives of the broker
        self._queue: deque[Message] = deque(maxlen=_QUEUE_MAX)
        self._written_down: deque[Message] = deque(maxlen=_KEPT_MAX)
        self.temper = temper
        self.runs = True
        self.full = False
        """The disk below it: it acknowledges, and keeps nothing."""
        self.ends: Callable[[str], list[End]] = lambda _topic: []
        """Who has subscribed to a topic."""
        self.counted: Counter[str] = Counter()

    def publish(self, outgoing: Outgoing) -> bool:
        """Somebody publishes; True is a PUBACK, which proves nothing."""
        if not self.runs:
            return False
        message = Message(outgoing.topic, outgoing.payload)
        self._written_down.append(message)
        if not (self.full or self._happens("messages lost", self.temper.loss)):
            for _ in range(2 if self._happens("messages doubled", self.temper.double) else 1):
                self._on_its_way(self._spoilt(message))
        return True

    def say_again(self) -> None:
        """Somebody on the line repeats what was said once, however long ago."""
        if self._written_down and self.runs:
            self.counted["messages repeated later"] += 1
            self._on_its_way(self._luck.choice(self._written_down))

    def die(self) -> None:
        """Forget everything: there is no persistence."""
        self.runs = False
        self._round += 1
        self._queue.clear()

    def start(self) -> None:
        """Run again."""
        self.runs = True

    def flush(self) -> None:
        """Somebody listens again: what was kept for them goes on its way."""
        waiting = list(self._queue)
        self._queue.clear()
        for message in waiting:
            self._on_its_way(message)

    def _on_its_way(self, message: Message) -> None:
        delay_s = self.temper.delay_s * self._luck.uniform(0.5, 1.5)
        if self._happens("messages late", self.temper.late):
            # Long enough that what was sent after it comes before it, or that nobody waits for it any more.
            delay_s += self._luck.choice((0.1, 1.0, 6.0)) * self._luck.random()
        self._loop.call_later(delay_s, self._arrive, self._round, message)

    def _arrive(self, life: int, message: Message) -> None:
        if life != self._round:
            return
        listening = [end for end in self.ends(message.topic) if end.listens]
        for end in listening:
            end.deliver(message)
        if not listening and self.temper.keeps:
            self._queue.append(message)

    def _spoilt(self, message: Message) -> Message:
        """The message as it comes out of the line."""
        if self._happens("messages strayed", self.temper.stray):
            return self._strayed(message)
        if not self._happens("messages spoilt", self.temper.spoil):
            return message
        data, at = bytearray(message.payload), self._luck.randrange(len(message.payload))
        if self._luck.random() < 0.3:
            return Message(message.topic, bytes(data[:at]), whole=False)
        data[at] ^= 1 << self._luck.randrange(8)
        return Message(message.topic, bytes(data), whole=False)

    def _strayed(self, message: Message) -> Message:
        name = message.topic.split("/")[-3]
        other = self._luck.choice([each for each in OBJECTS if each != name])
        lane = message.topic.removeprefix(address_of(name).root)
        return Message(f"{address_of(other).root}{lane}", message.payload, whole=False)

    def _happens(self, what: str, chance: float) -> bool:
        if not chance or self._luck.random() >= chance:
            return False
        self.counted[what] += 1
        return True
