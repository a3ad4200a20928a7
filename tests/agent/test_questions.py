"""What the runtime asks of the hub goes there once, and its answer comes back as the hub sealed it."""

import asyncio

import pytest

from cloud_sync.agent.ports import Handed, RuntimeAwayError
from cloud_sync.agent.questions import PATIENCE_S, WAITING_MAX, Questions
from cloud_sync.agent.requests import Requests
from cloud_sync.contract.requests import REQUEST_BYTES_MAX, CertificateAsked, PaymentAsked, PaymentSaid
from edge.offline_queue import questions as runtimes
from tests.agent.paper_line import HUB_KEYS, PaperLine, during, reply, scene

ID, ATTEMPT = "question-0123456", "attempt-0123456789"
CODE = "134567890123456789"
ASKED = PaymentAsked("start", ATTEMPT, "wechat", 1_190, "EUR", CODE)
SAID = PaymentSaid(ATTEMPT, "captured", 1_190, "EUR", "psp-1")


class Runtime:
    """What it was handed; `away` and `error` are how it takes it."""

    def __init__(self) -> None:
        self.handed: list[str] = []
        self.away = False
        self.error: str | None = None

    async def reply(self, jws: str) -> Handed:
        if self.away:
            raise RuntimeAwayError("no runtime listens")
        self.handed.append(jws)
        return Handed(self.error)


class Lane:
    """The agent's room with the real request lane before it."""

    def __init__(self, line: PaperLine) -> None:
        self.runtime = Runtime()
        self.requests = Requests(line.voice, HUB_KEYS)
        self.questions = Questions(self.requests.ask, self.runtime.reply)


def test_the_reply_reaches_the_runtime_as_the_hub_sealed_it() -> None:
    async def play(line: PaperLine) -> None:
        lane = Lane(line)
        lane.questions.told(ID, ASKED)
        await during(lane.questions.run(), 0.1)
        (asked,) = line.questions()
        assert (asked.id, asked.ask) == (ID, ASKED)

        working = asyncio.create_task(lane.questions.run())
        lane.questions.told("question-2-------", ASKED)
        await asyncio.sleep(0.1)
        word = reply("question-2-------", SAID)
        lane.requests.told(word)
        await asyncio.sleep(0.1)
        assert lane.runtime.handed == [word.decode()]
        working.cancel()

    scene(play)


def test_a_question_that_is_told_again_while_it_is_under_way_is_asked_once_and_later_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG")

    async def play(line: PaperLine) -> None:
        lane = Lane(line)
        working = asyncio.create_task(lane.questions.run())
        for _ in range(3):
            lane.questions.told(ID, ASKED)
            await asyncio.sleep(0.1)
        assert len(line.said) == 1
        lane.requests.told(reply(ID, SAID))
        await asyncio.sleep(0.1)
        lane.questions.told(ID, ASKED)
        await asyncio.sleep(0.1)
        assert len(line.said) == 2
        lane.requests.told(reply(ID, SAID))
        await asyncio.sleep(0.1)
        assert len(lane.runtime.handed) == 2
        working.cancel()

    scene(play)
    assert ID not in caplog.text


def test_silence_is_told_by_silence_and_sooner_than_the_runtime_gives_up() -> None:
    assert PATIENCE_S < runtimes.PATIENCE_S
    assert WAITING_MAX > runtimes.OPEN_MAX

    async def play(line: PaperLine) -> None:
        lane = Lane(line)
        working = asyncio.create_task(lane.questions.run())
        lane.questions.told(ID, ASKED)
        await asyncio.sleep(runtimes.PATIENCE_S)
        told = len(line.said)
        assert (lane.runtime.handed, lane.requests.open) == ([], 0)
        lane.questions.told(ID, ASKED)
        await asyncio.sleep(0.1)
        assert len(line.said) == told + 1
        assert {asked.id for asked in line.questions()} == {ID}
        working.cancel()

    scene(play)


@pytest.mark.parametrize("away", [True, False])
def test_a_runtime_that_is_away_or_takes_no_reply_ends_nothing(
    away: bool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")

    async def play(line: PaperLine) -> None:
        lane = Lane(line)
        lane.runtime.away, lane.runtime.error = away, "nobody we trust owns that key"
        working = asyncio.create_task(lane.questions.run())
        for number in range(2):
            lane.questions.told(f"{ID}-{number}", ASKED)
            await asyncio.sleep(0.1)
            lane.requests.told(reply(f"{ID}-{number}", SAID))
            await asyncio.sleep(0.1)
        assert len(line.said) == 2
        assert not working.done()
        working.cancel()

    scene(play)
    assert ("no runtime listens" if away else "nobody we trust") in caplog.text
    assert CODE not in caplog.text


def test_a_flood_is_let_go_and_a_question_that_no_hub_would_read_too(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def play(line: PaperLine) -> None:
        lane = Lane(line)
        for number in range(WAITING_MAX + 1):
            lane.questions.told(f"{ID}-{number}", CertificateAsked("x" * REQUEST_BYTES_MAX))
        await during(lane.questions.run(), 1)
        lane.questions.told(f"{ID}-0", ASKED)
        await during(lane.questions.run(), 1)
        assert len(line.said) == 1

    scene(play)
    assert f"{ID}-{WAITING_MAX} is let go" in caplog.text
    assert CODE not in caplog.text
