"""The request lane: one question, one answer, however often either of them is lost, doubled or forged."""

import asyncio

import pytest

from cloud_sync.agent.requests import OPEN_MAX, NoAnswerError, Requests
from cloud_sync.contract.requests import (
    REQUEST_BYTES_MAX,
    REQUEST_EXPIRY_S,
    CertificateAsked,
    Noted,
    PaymentAsked,
    PaymentSaid,
    TimeAsked,
    TimeTold,
)
from cloud_sync.contract.signing import SoftwareKey
from tests.agent.paper_line import ADDRESS, HUB_KEYS, OBJECT, PaperLine, reply, scene

ATTEMPT = "attempt-0123456789"
ASKED = PaymentAsked("start", ATTEMPT, "stripe", 1_190, "EUR")
SAID = PaymentSaid(ATTEMPT, "captured", 1_190, "EUR", "ch_1")


def test_a_question_is_sealed_by_the_object_and_forgotten_by_the_broker_in_time() -> None:
    async def play(line: PaperLine) -> None:
        requests = Requests(line.voice, HUB_KEYS)
        asking = asyncio.create_task(requests.ask(ASKED, ATTEMPT))
        await asyncio.sleep(0.1)
        requests.told(reply(ATTEMPT, SAID, at_ms=9))
        answered = await asking
        assert (answered.reply.answer, answered.reply.at_ms) == (SAID, 9)
        assert (answered.asked_ns, answered.heard_ns) == (0, 100_000_000)
        assert requests.open == 0

    line = scene(play)
    (said,) = line.said
    assert (said.topic, said.qos, said.expiry_s) == (ADDRESS.up("request"), 1, REQUEST_EXPIRY_S)
    (asked,) = line.questions()
    assert (asked.dev, asked.id, asked.ask) == ("mirror-4", ATTEMPT, ASKED)


def test_a_question_without_an_answer_is_asked_again_with_the_same_id_and_ever_more_seldom() -> None:
    async def play(line: PaperLine) -> None:
        requests = Requests(line.voice, HUB_KEYS)
        with pytest.raises(NoAnswerError, match="did not answer question"):
            await requests.ask(TimeAsked(), patience_s=60)
        assert line.loop.time() == pytest.approx(60)
        assert requests.open == 0

    line = scene(play)
    assert len({asked.id for asked in line.questions()}) == 1
    gaps = [later - earlier for earlier, later in zip(line.said_at_s, line.said_at_s[1:], strict=False)]
    assert gaps == sorted(gaps)
    assert 4 <= len(line.said) <= 7


def test_a_line_that_takes_nothing_is_tried_until_it_does() -> None:
    async def play(line: PaperLine) -> None:
        line.full = True
        requests = Requests(line.voice, HUB_KEYS)
        asking = asyncio.create_task(requests.ask(ASKED, ATTEMPT))
        await asyncio.sleep(5)
        line.full = False
        await asyncio.sleep(0.3)
        requests.told(reply(ATTEMPT, SAID))
        await asking

    assert len(scene(play).said) == 1


def test_a_key_that_was_replaced_meanwhile_seals_the_question_from_then_on() -> None:
    async def play(line: PaperLine) -> None:
        asking = asyncio.create_task(Requests(line.voice, HUB_KEYS).ask(ASKED, ATTEMPT, patience_s=4))
        await asyncio.sleep(1)
        line.keys.current = SoftwareKey.generate()
        await asyncio.gather(asking, return_exceptions=True)

    before, after = (each.payload.split(b".") for each in scene(play).said)
    assert before[0] != after[0]
    assert before[1] == after[1]


FORGED = {
    "a stranger's": reply(ATTEMPT, SAID, key=SoftwareKey.generate()),
    "the object's own": reply(ATTEMPT, SAID, key=OBJECT),
    "no text": b"\xff\xfe",
    "empty": b"",
    "endless": b"x" * (REQUEST_BYTES_MAX + 1),
    "cut": reply(ATTEMPT, SAID)[:-3],
}


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED)
def test_a_forged_answer_is_counted_and_the_question_stays_open(forged: bytes) -> None:
    async def play(line: PaperLine) -> None:
        requests = Requests(line.voice, HUB_KEYS)
        asking = asyncio.create_task(requests.ask(ASKED, ATTEMPT))
        await asyncio.sleep(0.1)
        requests.told(forged)
        assert (requests.refused, requests.open) == (1, 1)
        requests.told(reply(ATTEMPT, SAID))
        assert (await asking).reply.answer == SAID

    scene(play)


def test_answers_of_others_and_answers_that_come_twice_or_late_change_nothing() -> None:
    async def play(line: PaperLine) -> None:
        requests = Requests(line.voice, HUB_KEYS)
        asking = asyncio.create_task(requests.ask(ASKED, ATTEMPT))
        await asyncio.sleep(0.1)
        requests.told(reply("another-question-1", TimeTold()))
        requests.told(reply(ATTEMPT, SAID))
        requests.told(reply(ATTEMPT, Noted()))
        assert (await asking).reply.answer == SAID
        requests.told(reply(ATTEMPT, Noted()))
        assert (requests.refused, requests.open) == (0, 0)

    scene(play)


def test_a_question_is_asked_by_one_at_a_time_and_there_is_a_most() -> None:
    async def play(line: PaperLine) -> None:
        requests = Requests(line.voice, HUB_KEYS)
        asking = [asyncio.create_task(requests.ask(ASKED, ATTEMPT, patience_s=1))]
        await asyncio.sleep(0.1)
        with pytest.raises(NoAnswerError, match="asked already"):
            await requests.ask(ASKED, ATTEMPT)
        asking += [asyncio.create_task(requests.ask(TimeAsked(), patience_s=1)) for _ in range(OPEN_MAX)]
        await asyncio.sleep(0.1)
        assert requests.open == OPEN_MAX
        await asyncio.gather(*asking, return_exceptions=True)
        assert requests.open == 0

    scene(play)


def test_a_question_that_no_hub_would_read_is_the_callers_error() -> None:
    async def play(line: PaperLine) -> None:
        with pytest.raises(ValueError, match="at most"):
            await Requests(line.voice, HUB_KEYS).ask(CertificateAsked("x" * REQUEST_BYTES_MAX))
        assert line.said == []

    scene(play)
