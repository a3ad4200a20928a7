"""A line of paper: what an agent's room says lies in a list, and the hub's words are sealed by hand."""

import asyncio
import random
from collections.abc import Callable, Coroutine
from typing import Any, Final

from cloud_sync.agent.voice import Voice
from cloud_sync.contract.requests import REPLY_TYPE, REQUEST_TYPE, Answer, Reply, Request
from cloud_sync.contract.signing import Signer, SoftwareKey, Verifier, seal, unseal
from cloud_sync.contract.topics import Address
from cloud_sync.mqtt import Outgoing
from proofs.loop import SimulatedLoop

ADDRESS: Final = Address("demo", "corner", "mirror-4")
HUB: Final = SoftwareKey.generate()
OBJECT: Final = SoftwareKey.generate()
HUB_KEYS: Final = {HUB.public.kid: Verifier(HUB.public)}
# What the machine's own clock says when a scene begins: it was never set.
WALL_MS: Final = 1_000


class OneKey:
    """The keys of an object; `current` may be replaced."""

    def __init__(self) -> None:
        self.current: Signer = OBJECT

    def of(self, kid: str) -> Signer | None:
        return self.current if self.current.public.kid == kid else None


class PaperLine:
    """One object's line in simulated time; `full` takes nothing, `answer` is what the hub says of each."""

    def __init__(self, loop: SimulatedLoop) -> None:
        self.loop = loop
        self.full = False
        self.said: list[Outgoing] = []
        self.said_at_s: list[float] = []
        self.keys = OneKey()
        self.voice = Voice(ADDRESS, self.keys, self.publish, self, random.Random(1))

    def now_ns(self) -> int:
        return self.loop.now_ns

    def wall_ms(self) -> int:
        return WALL_MS + self.loop.now_ns // 1_000_000

    def publish(self, outgoing: Outgoing) -> bool:
        if self.full:
            return False
        self.said.append(outgoing)
        self.said_at_s.append(self.loop.time())
        return True

    def questions(self) -> list[Request]:
        keys = {OBJECT.public.kid: Verifier(OBJECT.public)}
        return [unseal(each.payload.decode(), REQUEST_TYPE, keys, Request) for each in self.said]


def reply(request_id: str, answer: Answer, *, at_ms: int = 0, key: SoftwareKey = HUB) -> bytes:
    return seal(key, REPLY_TYPE, Reply("mirror-4", request_id, at_ms, answer)).encode()


def scene(play: Callable[[PaperLine], Coroutine[Any, Any, None]]) -> PaperLine:
    """Play a scene to its end, in simulated time."""
    loop = SimulatedLoop()
    line = PaperLine(loop)
    loop.live(play(line))
    return line


async def during(work: Coroutine[Any, Any, None], seconds: float) -> None:
    """Let a room work for so long."""
    task = asyncio.create_task(work)
    await asyncio.sleep(seconds)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
