"""Members at this object: what was shown is revealed, hashed and asked about; the hub's answer comes back."""

import secrets
from collections.abc import Callable
from typing import Final

from cloud_sync.contract.encoding import b64
from cloud_sync.contract.members import MEMBER_PREFIX, MemberAsked, MemberKnown, MemberUnknown, shown_by
from edge.offline_queue.questions import NoAnswerError, Questions, UnreadableQuestionError

# A question's own number: what the contract asks of one.
_REQUEST_BYTES: Final = 16


class Directory:
    """The hub's members, as a till asks for them; `reveal` opens what a shopper has shown."""

    def __init__(
        self, questions: Questions, reveal: Callable[[int], str | None], new_id: Callable[[], str]
    ) -> None:
        self._questions, self._reveal, self._new_id = questions, reveal, new_id

    async def find(self, ticket: int) -> MemberKnown | MemberUnknown:
        """Whose code it is; raises NoAnswerError, at once while the hub does not answer."""
        code = self._reveal(ticket)
        if code is None:
            return MemberUnknown()  # it is older than a minute, or another one was shown since
        return await self._find(code)

    async def find_number(self, number: str) -> MemberKnown | MemberUnknown:
        """Whose number was typed; raises NoAnswerError as `find` does."""
        return await self._find(MEMBER_PREFIX + number)

    async def _find(self, code: str) -> MemberKnown | MemberUnknown:
        if not self._questions.hub_answers:
            raise NoAnswerError("the hub does not answer: no member is known")
        try:
            answer = await self._questions.ask(self._new_id(), MemberAsked(shown_by(code)))
        except UnreadableQuestionError as error:
            raise NoAnswerError(f"the hub was not asked: {error}") from error
        if isinstance(answer, MemberKnown | MemberUnknown):
            return answer
        raise NoAnswerError("the hub has said nothing about a member")


def new_request() -> str:
    """A fresh id for a question."""
    return b64(secrets.token_bytes(_REQUEST_BYTES))
