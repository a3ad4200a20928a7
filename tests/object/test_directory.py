"""Whose code was shown: asked of the hub by its hash, answered by the hub alone, and never guessed."""

import asyncio

import pytest

from cloud_sync.contract.members import MemberAsked, MemberKnown, MemberUnknown, shown_by
from cloud_sync.contract.requests import Answer, Noted
from edge.offline_queue.bell import Question
from edge.offline_queue.questions import NoAnswerError, Questions, UnreadableQuestionError
from edge.runtime.members import Directory, new_request

CODE = "opos:member:Qx7hR2mW9kTz4VbN1sLd"


class PaperQuestions(Questions):
    """Questions that are answered on paper."""

    def __init__(self, answer: Answer | Exception) -> None:
        super().__init__("mirror-4", [])
        self.hub_answers = True
        self.asked: list[Question] = []
        self._answer = answer

    async def ask(self, request_id: str, question: Question) -> Answer:
        assert len(request_id) == len(new_request()) == 22
        self.asked.append(question)
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


def find(questions: PaperQuestions, ticket: int = 7) -> MemberKnown | MemberUnknown:
    return asyncio.run(Directory(questions, {7: CODE}.get, new_request).find(ticket))


def test_the_hub_is_asked_for_the_hash_and_answers() -> None:
    for answer in (MemberKnown("gold", "Ann"), MemberUnknown()):
        questions = PaperQuestions(answer)
        assert find(questions) == answer
        assert questions.asked == [MemberAsked(shown_by(CODE))]


def test_a_code_that_is_forgotten_is_nobodys_and_nothing_is_asked() -> None:
    questions = PaperQuestions(MemberKnown("gold"))
    assert find(questions, 8) == MemberUnknown()
    assert questions.asked == []


@pytest.mark.parametrize("answer", [Noted(), NoAnswerError("late"), UnreadableQuestionError("long")])
def test_without_an_answer_nobody_knows(answer: Answer | Exception) -> None:
    with pytest.raises(NoAnswerError):
        find(PaperQuestions(answer))


def test_without_a_line_nobody_is_kept_waiting() -> None:
    questions = PaperQuestions(MemberKnown("gold"))
    questions.hub_answers = False
    with pytest.raises(NoAnswerError, match="the hub does not answer"):
        find(questions)
    assert questions.asked == []
