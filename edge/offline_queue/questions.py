"""Questions: what the runtime asks of the hub through its agent, and believes only in the hub's own hand.

The agent carries both ways. A reply counts if the hub's key for receipts has sealed it, for this object and
under the id of a question that is open. Silence is an OSError: nobody knows whether it was done.
"""

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Final, Protocol

import msgspec

from cloud_sync.contract.encoding import encode
from cloud_sync.contract.requests import REPLY_TYPE, REQUEST_BYTES_MAX, Answer, Reply
from cloud_sync.contract.signing import PublicKey, Verifier, unseal
from edge.offline_queue.bell import Asked, Question

# An agent asks for less than this before it gives up: what is asked again finds no older question in its way.
PATIENCE_S: Final = 25.0

# A payment with its query and its cancel, and what has to go back, eight at once: more is a loop of ours.
OPEN_MAX: Final = 16


class NoAnswerError(ConnectionError):
    """The hub did not answer: whether it did what was asked, nobody knows."""


class UnreadableQuestionError(ValueError):
    """A question that no agent would take: it was not asked, and never will be."""


class ReplyRefusedError(ValueError):
    """A reply that is not for this object, or is no reply."""


class Bell(Protocol):
    """All that questions ask of the bell."""

    def asking(self, asked: Asked) -> AbstractAsyncContextManager[None]:
        """Have the agents ask, for as long as somebody waits."""
        ...


class Questions:
    """The open questions of the object `dev`; `keys` are the hub's for receipts."""

    def __init__(self, dev: str, keys: Iterable[PublicKey]) -> None:
        self._dev = dev
        self._open: dict[str, asyncio.Future[Answer]] = {}
        self._bell: Bell | None = None
        self.hub_answers = False
        """Whether the hub answers just now, as far as the agent knows."""
        self.believe(keys)

    def through(self, bell: Bell) -> None:
        """Ask through this bell from now on."""
        self._bell = bell

    def believe(self, keys: Iterable[PublicKey]) -> None:
        """Believe these keys of the hub's, and no others, from now on."""
        self._keys = {key.kid: Verifier(key) for key in keys}

    @property
    def keys(self) -> Mapping[str, Verifier]:
        """The keys of the hub's that are believed, by kid."""
        return self._keys

    async def ask(self, request_id: str, question: Question) -> Answer:
        """The hub's answer. Raises NoAnswerError, and UnreadableQuestionError before anything was asked."""
        asked = _readable(Asked(request_id, question))
        if self._bell is None or request_id in self._open or len(self._open) >= OPEN_MAX:
            raise NoAnswerError(f"{request_id} is asked already, or {OPEN_MAX} other questions are")
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._open[request_id] = answer
        try:
            async with self._bell.asking(asked), asyncio.timeout(PATIENCE_S):
                return await answer
        except TimeoutError as error:
            raise NoAnswerError(
                f"the hub did not answer question {request_id} in {PATIENCE_S:g} s"
            ) from error
        finally:
            del self._open[request_id]

    def told(self, jws: str) -> None:
        """What the agent brings as the hub's reply; one that nobody waits for any more is let go.

        Raises ReplyRefusedError, and BadSignatureError or msgspec.DecodeError for what the hub has not said.
        """
        if len(jws) > REQUEST_BYTES_MAX:
            raise ReplyRefusedError(f"expected a reply of at most {REQUEST_BYTES_MAX} bytes, got {len(jws)}")
        reply = unseal(jws, REPLY_TYPE, self._keys, Reply)
        if reply.dev != self._dev:
            raise ReplyRefusedError(f"expected a reply for {self._dev}, got one for {reply.dev[:80]}")
        answer = self._open.get(reply.id)
        if answer is not None and not answer.done():
            answer.set_result(reply.answer)


def _readable(asked: Asked) -> Asked:
    """The question as the agent will read it; what a shopper shows may be any text."""
    try:
        line = encode(asked)
        if len(line) > REQUEST_BYTES_MAX // 2:  # sealed it is a third longer, and has a signature
            raise UnreadableQuestionError(f"expected a shorter question, got one of {len(line)} bytes")
        return msgspec.json.decode(line, type=Asked)
    except (msgspec.ValidationError, UnicodeEncodeError):
        # Without its reason, which would quote what the shopper showed.
        raise UnreadableQuestionError("expected a question as the contract has it") from None
