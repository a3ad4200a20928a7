"""The small rooms of the agent: receipts at the door, the herald, the desk, the runtime's line."""

import asyncio
import json
import random
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cloud_sync.agent.desk import AgentStatus, Desk, DeskTakenError, ask
from cloud_sync.agent.duty import ALWAYS
from cloud_sync.agent.herald import Herald, last_will
from cloud_sync.agent.ports import Handed, RuntimeAwayError
from cloud_sync.agent.receipts import LatestReceipt, ReceiptDoor
from cloud_sync.agent.uplink import PAUSE_NS
from cloud_sync.contract.receipt import RECEIPT_TYPE, Receipt
from cloud_sync.contract.requests import PaymentAsked
from cloud_sync.contract.signing import SoftwareKey, Verifier, seal
from cloud_sync.contract.state import ObjectState
from cloud_sync.contract.topics import Address
from cloud_sync.mqtt import Outgoing
from edge.offline_queue.bell import Asked, Asking, Question
from edge.offline_queue.reader import Identity
from edge.runtime_line import RuntimeLine

HUB = SoftwareKey.generate()
ADDRESS = Address("demo", "corner", "mirror-4")
OURS = Identity("mirror-4", "e1")


def receipt(seq: int = 3, *, dev: str = "mirror-4", epoch: str = "e1", generation: int = 1) -> Receipt:
    return Receipt(dev, epoch, seq, "h", generation, 0, 0)


def sealed(word: object, key: SoftwareKey = HUB, kind: str = RECEIPT_TYPE) -> bytes:
    return seal(key, kind, word).encode()


STRANGE = {
    "a stranger's": sealed(receipt(), SoftwareKey.generate()),
    "another word of the hub's": sealed(receipt(), kind="opos-manifest"),
    "another object's": sealed(receipt(dev="shelf-b12")),
    "another epoch's": sealed(receipt(epoch="e0")),
    "no receipt": sealed({"seq": 3}),
    "cut": sealed(receipt())[:-1],
    "empty": b"",
    "no text": b"\xff\xfe",
}


@pytest.mark.parametrize("jws", STRANGE.values(), ids=STRANGE)
def test_a_receipt_that_is_not_for_this_journal_is_counted_and_left_outside(jws: bytes) -> None:
    door = ReceiptDoor({HUB.public.kid: Verifier(HUB.public)})
    assert door.admit(jws, OURS) is None
    assert door.refused == 1
    assert door.admit(sealed(receipt()), OURS) == receipt()
    assert door.refused == 1


async def wait_for(condition: Callable[[], object], *work: Coroutine[Any, Any, None]) -> None:
    """Run `work` until the condition holds."""
    tasks = [asyncio.create_task(one) for one in work]
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.001)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def test_the_runtime_is_handed_only_the_newest_of_the_receipts_that_wait() -> None:
    handed: list[str] = []

    async def hand(jws: str) -> Handed:
        handed.append(jws)
        return Handed()

    latest = LatestReceipt(hand)
    for generation, seq in [(1, 10), (1, 30), (1, 20), (2, 5), (1, 40)]:
        latest.offer(receipt(seq, generation=generation), f"{generation}/{seq}")
    asyncio.run(wait_for(lambda: handed, latest.run()))
    assert handed == ["2/5"]


def test_a_receipt_that_finds_no_runtime_or_is_refused_does_not_stop_the_next_one() -> None:
    handed: list[str] = []
    latest: LatestReceipt

    async def hand(jws: str) -> Handed:
        handed.append(jws)
        if jws != "3":
            latest.offer(receipt(int(jws) + 1), str(int(jws) + 1))
        if jws == "1":
            raise RuntimeAwayError("no runtime")
        return Handed("not taken" if jws == "2" else None)

    latest = LatestReceipt(hand)
    latest.offer(receipt(1), "1")
    asyncio.run(wait_for(lambda: len(handed) == 3, latest.run()))
    assert handed == ["1", "2", "3"]


def said(outgoing: Outgoing | None) -> ObjectState:
    assert outgoing is not None
    assert (outgoing.topic, outgoing.retain, outgoing.qos) == (ADDRESS.up("state"), True, 1)
    return msgspec.json.decode(outgoing.payload, type=ObjectState)


def test_the_state_is_told_when_it_changes_and_at_most_once_a_second() -> None:
    herald = Herald(ADDRESS)
    first, second = ObjectState(True, "e1", 5, 4), ObjectState(True, "e1", 6, 6)
    assert said(herald.news(first, 0, 77)) == ObjectState(True, "e1", 5, 4, 77)
    herald.told(first, 0)
    assert herald.news(first, 10 * ALWAYS.state_ns, 77) is None
    assert herald.deadline_ns(first) is None
    assert herald.news(second, ALWAYS.state_ns - 1, 77) is None
    assert herald.deadline_ns(second) == ALWAYS.state_ns
    assert said(herald.news(second, ALWAYS.state_ns, 78)).head == 6


def test_going_offline_is_told_at_once_and_a_new_connection_hears_everything() -> None:
    herald = Herald(ADDRESS)
    online = ObjectState(True, "e1", 5, 4)
    herald.told(online, 0)
    assert said(herald.news(ObjectState(online=False), 1, 9)) == ObjectState(online=False, at_ms=9)
    herald.forget()
    assert said(herald.news(online, 2, 9)).online


def test_a_line_that_takes_no_state_is_tried_again_later() -> None:
    herald = Herald(ADDRESS)
    online = ObjectState(True, "e1", 5, 4)
    herald.refused(0)
    assert herald.news(online, PAUSE_NS - 1, 9) is None
    assert herald.deadline_ns(online) == PAUSE_NS
    assert herald.news(online, PAUSE_NS, 9) is not None


def test_the_last_will_says_offline() -> None:
    assert said(last_will(ADDRESS)) == ObjectState(online=False)


STATUS = AgentStatus(True, "flowing", 0, 77, 0, 0)


def test_the_desk_answers_and_is_had_by_one_agent(tmp_path: Path) -> None:
    path = tmp_path / "sync.sock"

    async def day() -> AgentStatus | None:
        desk, other = Desk(path, lambda: STATUS), Desk(path, lambda: STATUS)
        await desk.open()
        answer = await asyncio.to_thread(ask, path)
        await desk.close()
        await other.open()
        await other.close()
        return answer

    assert ask(path) is None
    assert asyncio.run(day()) == STATUS
    assert ask(path) is None


def test_a_desk_that_a_killed_agent_left_behind_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "sync.sock"
    path.touch()

    async def day() -> None:
        desk = Desk(path, lambda: STATUS)
        await desk.open()
        await desk.close()

    asyncio.run(day())
    assert not path.exists()


def test_a_desk_that_lives_is_not_taken(tmp_path: Path) -> None:
    path = tmp_path / "sync.sock"

    async def day() -> None:
        desk = Desk(path, lambda: STATUS)
        await desk.open()
        try:
            # A process of its own would ask; here the loop must be free to answer.
            await asyncio.to_thread(asyncio.run, Desk(path, lambda: STATUS).open())
        finally:
            await desk.close()

    with pytest.raises(DeskTakenError, match="runs already"):
        asyncio.run(day())


class PaperRuntime:
    """The runtime's end of the bell, as a script: one function for each connection."""

    def __init__(
        self, path: Path, *days: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any]
    ) -> None:
        self._path, self._days = path, list(days)
        self.heard: list[Any] = []

    async def run(self) -> None:
        server = await asyncio.start_unix_server(self._serve, str(self._path))
        async with server:
            await server.serve_forever()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._days:
            await self._days.pop(0)(reader, writer)
        writer.close()


def _runtime_line(path: Path) -> RuntimeLine:
    return RuntimeLine(path, random.Random(1))


def test_the_runtime_is_found_again_after_noise_and_after_a_hangup(tmp_path: Path) -> None:
    heads: list[int] = []
    gone: list[bool] = []

    async def noise(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b'{"head": 1}\nthis is no JSON\n')

    async def long(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b'{"head": 2}\n' + b"x" * 300_000)

    async def honest(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b'{"head": 3}\n')
        await reader.read()

    line = _runtime_line(tmp_path / "s")
    line.on_head, line.on_gone = heads.append, lambda: gone.append(True)
    runtime = PaperRuntime(tmp_path / "s", noise, long, honest)
    asyncio.run(wait_for(lambda: 3 in heads, runtime.run(), line.run()))
    assert heads == [1, 2, 3]
    assert len(gone) >= 2


def test_what_the_runtime_says_is_the_answer_to_what_it_was_handed_in_order(tmp_path: Path) -> None:
    answers: list[Handed] = []
    heard: list[Any] = []

    async def runtime(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b'{"head": 1}\n')
        for answer in (b'{"ok":true}\n', b'{"head": 2}\n{"ok":false,"error":"older"}\n', b'{"ok":true}\n'):
            heard.append(json.loads(await reader.readline()))
            writer.write(answer)
        await reader.read()

    async def day() -> None:
        line = _runtime_line(tmp_path / "s")
        ready = asyncio.Event()
        line.on_head = lambda _head: ready.set()
        running = [
            asyncio.create_task(one) for one in (PaperRuntime(tmp_path / "s", runtime).run(), line.run())
        ]
        await ready.wait()
        line.link(up=True)
        answers.append(await line.document("m", tmp_path / "d"))
        answers.append(await line.receipt("r"))
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    asyncio.run(day())
    assert answers == [Handed("older"), Handed()]
    assert heard == [
        {"link": "up"},
        {"document": {"manifest": "m", "path": str(tmp_path / "d")}},
        {"receipt": "r"},
    ]


def test_what_the_runtime_asks_is_heard_between_its_answers_and_the_reply_is_handed_to_it(
    tmp_path: Path,
) -> None:
    question = PaymentAsked("start", "attempt-0123456789", "wechat", 1_190, "EUR", "134567890123456789")
    asked: list[tuple[str, Question]] = []
    heard: list[Any] = []

    async def runtime(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b'{"head": 1}\n')
        asking = msgspec.json.encode(Asking(Asked("question-0123456", question))) + b"\n"
        writer.write(asking)
        heard.append(json.loads(await reader.readline()))
        writer.write(asking + b'{"ok":true}\n')
        await reader.read()

    async def day() -> Handed:
        line = _runtime_line(tmp_path / "s")
        ready = asyncio.Event()

        def on_ask(request_id: str, ask: Question) -> None:
            asked.append((request_id, ask))
            ready.set()

        line.on_ask = on_ask
        running = [
            asyncio.create_task(one) for one in (PaperRuntime(tmp_path / "s", runtime).run(), line.run())
        ]
        await ready.wait()
        handed = await line.reply("jws")
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        return handed

    assert asyncio.run(day()) == Handed()
    assert asked == [("question-0123456", question)] * 2
    assert heard == [{"reply": "jws"}]


def test_a_question_that_is_none_is_logged_without_a_word_of_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    heads: list[int] = []
    code = "134567890123456789"
    bent = {"ask": {"id": "question-0123456", "payment": {"what": "payment", "verb": code, "code": code}}}

    async def runtime(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(json.dumps(bent).encode() + b'\n{"head": 3}\n')
        await reader.read()

    line = _runtime_line(tmp_path / "s")
    line.on_head = heads.append
    asyncio.run(wait_for(lambda: heads, PaperRuntime(tmp_path / "s", runtime).run(), line.run()))
    assert "expected a question to the hub" in caplog.text
    assert code not in caplog.text


def test_a_runtime_that_ends_before_it_answers_is_away(tmp_path: Path) -> None:
    async def runtime(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b'{"head": 1}\n')
        await reader.readline()

    async def day() -> None:
        line = _runtime_line(tmp_path / "s")
        with pytest.raises(RuntimeAwayError, match="no runtime"):
            await line.receipt("r")
        ready = asyncio.Event()
        line.on_head = lambda _head: ready.set()
        running = [
            asyncio.create_task(one) for one in (PaperRuntime(tmp_path / "s", runtime).run(), line.run())
        ]
        await ready.wait()
        with pytest.raises(RuntimeAwayError, match="ended before"):
            await line.receipt("r")
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    asyncio.run(day())
