"""The request lane: a question to the hub, asked again with the same id until it is answered.

Nothing is kept on disk: whoever asks keeps what must not be lost, and asks again under the same id.
"""

import asyncio
import logging
import secrets
from collections.abc import Mapping
from typing import Final

import msgspec

from cloud_sync.agent.tally import Tally
from cloud_sync.agent.voice import Voice
from cloud_sync.contract.encoding import b64
from cloud_sync.contract.requests import (
    REPLY_TYPE,
    REQUEST_BYTES_MAX,
    REQUEST_EXPIRY_S,
    REQUEST_TYPE,
    Ask,
    Reply,
    Request,
)
from cloud_sync.contract.signing import BadSignatureError, Verifier, seal, unseal
from cloud_sync.mqtt import Outgoing

_log = logging.getLogger(__name__)

# An answer needs a sync of the hub's disk, or a provider's server. A question is heard again after 2 s, then
# more and more seldom: nobody is helped by a queue of the same question.
_AGAIN_S: Final = (2.0, 4.0, 8.0, 15.0)
# A line that takes no more at this moment is asked again this much later.
_PAUSE_S: Final = 0.2
# Whoever asks has its own next step after this.
PATIENCE_S: Final = 60.0
# Time, certificate, orders that were obeyed, and a payment with its query: more is a loop of ours.
OPEN_MAX: Final = 32


class NoAnswerError(ConnectionError):
    """The hub did not answer in time: whether it did what was asked, nobody knows. Ask again."""


class Answered(msgspec.Struct, frozen=True):
    """The hub's reply, given between two moments of our monotonic clock; `jws` is it as the hub sealed it."""

    reply: Reply
    asked_ns: int
    heard_ns: int
    jws: str


class _Heard(msgspec.Struct, frozen=True):
    reply: Reply
    heard_ns: int
    jws: str


class Requests:
    """The questions of one object, all on the event loop; `keys` are the hub's."""

    def __init__(self, voice: Voice, keys: Mapping[str, Verifier]) -> None:
        self._voice = voice
        self._dev = voice.address.object
        self._keys = keys
        self._open: dict[str, asyncio.Future[_Heard]] = {}
        self._refused = Tally(_log, "reply")

    @property
    def refused(self) -> int:
        """How many replies were not the hub's."""
        return self._refused.count

    @property
    def open(self) -> int:
        """How many questions wait for an answer."""
        return len(self._open)

    async def ask(self, ask: Ask, request_id: str | None = None, patience_s: float = PATIENCE_S) -> Answered:
        """The hub's answer. Raises NoAnswerError after `patience_s`, ValueError for a question too long."""
        request = Request(
            self._dev, request_id or b64(secrets.token_bytes(16)), self._voice.clock.wall_ms(), ask
        )
        if request.id in self._open or len(self._open) >= OPEN_MAX:
            raise NoAnswerError(f"{request.id} is asked already, or {OPEN_MAX} other questions are")
        if (size := len(self._sealed(request))) > REQUEST_BYTES_MAX:
            raise ValueError(f"expected a question of at most {REQUEST_BYTES_MAX} bytes, got {size}")
        answer: asyncio.Future[_Heard] = asyncio.get_running_loop().create_future()
        self._open[request.id] = answer
        asked_ns = self._voice.clock.now_ns()
        try:
            async with asyncio.timeout(patience_s):
                heard = await self._until_answered(request, answer)
        except TimeoutError as error:
            raise NoAnswerError(
                f"the hub did not answer question {request.id} in {patience_s:g} s"
            ) from error
        finally:
            del self._open[request.id]
        return Answered(heard.reply, asked_ns, heard.heard_ns, heard.jws)

    def told(self, payload: bytes) -> None:
        """A reply as the broker brought it; one that nobody waits for any more is let go."""
        heard_ns = self._voice.clock.now_ns()
        if len(payload) > REQUEST_BYTES_MAX:
            self._refused.add(f"expected at most {REQUEST_BYTES_MAX} bytes, got {len(payload)}")
            return
        try:
            jws = payload.decode("ascii")
            reply = unseal(jws, REPLY_TYPE, self._keys, Reply)
        except (BadSignatureError, msgspec.DecodeError, UnicodeDecodeError) as error:
            self._refused.add(error)
            return
        if reply.dev != self._dev:
            self._refused.add(f"expected one for {self._dev}, got one for {reply.dev}")
            return
        answer = self._open.get(reply.id)
        if answer is not None and not answer.done():
            answer.set_result(_Heard(reply, heard_ns, jws))

    async def _until_answered(self, request: Request, answer: "asyncio.Future[_Heard]") -> _Heard:
        told = 0
        while True:
            delay_s = _PAUSE_S
            # Sealed anew each time: the object's key may have been replaced since the last.
            sealed = self._sealed(request)
            if self._voice.publish(
                Outgoing(self._voice.address.up("request"), sealed, expiry_s=REQUEST_EXPIRY_S)
            ):
                delay_s = _AGAIN_S[min(told, len(_AGAIN_S) - 1)]
                told += 1
            done, _ = await asyncio.wait({answer}, timeout=delay_s * self._voice.luck.uniform(1.0, 1.25))
            if done:
                return answer.result()

    def _sealed(self, request: Request) -> bytes:
        return seal(self._voice.keys.current, REQUEST_TYPE, request).encode("ascii")
