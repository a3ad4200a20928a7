"""What the runtime asks of the hub is answered by the hub alone, or by nobody."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import msgspec
import pytest

from cloud_sync.contract.escrow import SliceAsked, SliceRefused, shown_by
from cloud_sync.contract.receipt import RECEIPT_TYPE
from cloud_sync.contract.requests import (
    REPLY_TYPE,
    REQUEST_BYTES_MAX,
    Answer,
    PaymentAsked,
    PaymentSaid,
    Refused,
    Reply,
)
from cloud_sync.contract.signing import SoftwareKey, seal
from edge.offline_queue.bell import Asked
from edge.offline_queue.questions import (
    OPEN_MAX,
    PATIENCE_S,
    NoAnswerError,
    Questions,
    UnreadableQuestionError,
)
from proofs.loop import SimulatedLoop

HUB, STRANGER = SoftwareKey.generate(), SoftwareKey.generate()
ID, ATTEMPT = "question-0123456", "attempt-0123456789"
ASKED = PaymentAsked("start", ATTEMPT, "paper", 1_190, "EUR")
SAID = PaymentSaid(ATTEMPT, "captured", 1_190, "EUR", "psp-1")


class PaperBell:
    """What it was told to have asked, and what of that is open still."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.open: list[Asked] = []

    @contextlib.asynccontextmanager
    async def asking(self, asked: Asked) -> AsyncIterator[None]:
        self.asked.append(asked)
        self.open.append(asked)
        try:
            yield
        finally:
            self.open.remove(asked)


class Scene:
    """An object's questions, and the hub's hand."""

    def __init__(self) -> None:
        self.bell = PaperBell()
        self.questions = Questions("mirror-4", [HUB.public])
        self.questions.through(self.bell)

    def asking(self, request_id: str = ID, asked: PaymentAsked = ASKED) -> "asyncio.Task[Answer]":
        return asyncio.create_task(self.questions.ask(request_id, asked))


def play(scene: Callable[[Scene], Coroutine[Any, Any, None]]) -> Scene:
    it = Scene()
    SimulatedLoop().live(scene(it))
    assert it.bell.open == []
    return it


def reply(
    answer: Answer = SAID,
    *,
    dev: str = "mirror-4",
    request_id: str = ID,
    key: SoftwareKey = HUB,
    typ: str = REPLY_TYPE,
) -> str:
    return seal(key, typ, Reply(dev, request_id, 9, answer))


def test_the_hubs_answer_is_what_was_asked_for() -> None:
    async def scene(it: Scene) -> None:
        asking = it.asking()
        await asyncio.sleep(1)
        assert it.bell.open == [Asked(ID, ASKED)]
        it.questions.told(reply())
        assert await asking == SAID

    play(scene)


BAD = {
    "a stranger's": reply(key=STRANGER),
    "another word of the hub's": reply(typ=RECEIPT_TYPE),
    "a reply to another object": reply(dev="shelf-b12"),
    "changed on its way": reply().replace(".", ".e", 1),
    "cut": reply()[:-4],
    "empty": "",
    "no JWS": "captured",
    "no ASCII": "\u00e9.\u00e9.\u00e9",
    "without an algorithm": "eyJhbGciOiJub25lIn0.e30.",
    "no reply": seal(HUB, REPLY_TYPE, {"captured": True}),
    "an outcome that there is not": seal(
        HUB,
        REPLY_TYPE,
        {
            "dev": "mirror-4",
            "id": ID,
            "at_ms": 9,
            "answer": {
                "what": "payment",
                "attempt": ATTEMPT,
                "outcome": "paid",
                "amount_minor": 1_190,
                "currency": "EUR",
            },
        },
    ),
    "endless": reply(Refused("x" * REQUEST_BYTES_MAX)),
}


@pytest.mark.parametrize("word", BAD.values(), ids=BAD)
def test_no_word_but_the_hubs_own_is_believed_and_the_question_stays_open(word: str) -> None:
    async def scene(it: Scene) -> None:
        asking = it.asking()
        await asyncio.sleep(1)
        with pytest.raises(ValueError, match=r"."):
            it.questions.told(word)
        await asyncio.sleep(1)
        assert not asking.done()
        it.questions.told(reply())
        assert await asking == SAID

    play(scene)


def test_answers_to_what_nobody_asks_any_more_and_answers_told_twice_change_nothing() -> None:
    async def scene(it: Scene) -> None:
        it.questions.told(reply())
        asking = it.asking()
        await asyncio.sleep(1)
        it.questions.told(reply(Refused("no"), request_id="question-of-old-1"))
        it.questions.told(reply())
        it.questions.told(reply(Refused("no")))
        assert await asking == SAID
        it.questions.told(reply(Refused("no")))

    play(scene)


def test_silence_is_no_answer_and_an_answer_that_comes_after_it_is_nobodys() -> None:
    async def scene(it: Scene) -> None:
        with pytest.raises(OSError, match="did not answer question"):
            await it.questions.ask(ID, ASKED)
        assert asyncio.get_running_loop().time() == pytest.approx(PATIENCE_S)
        it.questions.told(reply())
        asking = it.asking()
        await asyncio.sleep(1)
        assert not asking.done()
        it.questions.told(reply())
        assert await asking == SAID

    play(scene)


def test_whoever_gives_up_takes_the_question_along() -> None:
    async def scene(it: Scene) -> None:
        asking = it.asking()
        await asyncio.sleep(1)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        assert it.bell.open == []
        said, _ = await asyncio.gather(it.asking(), _later(lambda: it.questions.told(reply())))
        assert said == SAID

    play(scene)


async def _later(do: Callable[[], None]) -> None:
    await asyncio.sleep(1)
    do()


def test_the_same_question_is_open_once_and_there_is_a_most() -> None:
    async def scene(it: Scene) -> None:
        asking = [it.asking(f"question-number-{number}") for number in range(OPEN_MAX)]
        await asyncio.sleep(1)
        for refused in ("question-number-0", "question-number-x"):
            with pytest.raises(NoAnswerError, match="are"):
                await it.questions.ask(refused, ASKED)
        assert len(it.bell.asked) == OPEN_MAX
        assert all(
            isinstance(end, NoAnswerError) for end in await asyncio.gather(*asking, return_exceptions=True)
        )

    play(scene)


def test_a_slice_is_asked_for_and_given_the_same_way() -> None:
    ask, refused = SliceAsked(shown_by("GIFT"), "e1", "EUR", 700), SliceRefused("wallet.unknown")

    async def scene(it: Scene) -> None:
        assert {*it.questions.keys} == {HUB.public.kid}
        asking = asyncio.create_task(it.questions.ask(ID, ask))
        await asyncio.sleep(1)
        assert it.bell.open == [Asked(ID, ask)]
        it.questions.told(reply(refused))
        assert await asking == refused

    play(scene)


def test_without_a_bell_there_is_no_answer() -> None:
    async def scene(_: Scene) -> None:
        with pytest.raises(NoAnswerError):
            await Questions("mirror-4", [HUB.public]).ask(ID, ASKED)

    play(scene)


UNREADABLE = {
    "an id that is none": ("short", ASKED),
    "a provider that is none": (ID, msgspec.structs.replace(ASKED, provider="Pay Pal!")),
    "half of a character": (ID, msgspec.structs.replace(ASKED, currency="\ud800")),
    "a novel": (ID, msgspec.structs.replace(ASKED, currency="4929" * REQUEST_BYTES_MAX)),
}


@pytest.mark.parametrize(("request_id", "asked"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_no_agent_could_read_is_not_asked_and_not_quoted(request_id: str, asked: PaymentAsked) -> None:
    async def scene(it: Scene) -> None:
        with pytest.raises(UnreadableQuestionError) as refused:
            await it.questions.ask(request_id, asked)
        assert it.bell.asked == []
        assert "4929" not in str(refused.value)

    play(scene)


def test_a_new_key_of_the_hubs_is_believed_and_the_old_one_is_not_any_more() -> None:
    async def scene(it: Scene) -> None:
        asking = it.asking()
        await asyncio.sleep(1)
        it.questions.believe([STRANGER.public])
        with pytest.raises(ValueError, match="nobody we trust"):
            it.questions.told(reply())
        it.questions.told(reply(key=STRANGER))
        assert await asking == SAID

    play(scene)
