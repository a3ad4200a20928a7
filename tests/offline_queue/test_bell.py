"""The bell rings every new head to whoever listens, and answers each line that the agent brings."""

import asyncio
import json
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec

from cloud_sync.contract.escrow import SliceAsked, shown_by
from cloud_sync.contract.members import MemberAsked
from cloud_sync.contract.requests import PaymentAsked
from cloud_sync.contract.stock import StockAsked
from edge.offline_queue.bell import LINE_BYTES_MAX, Answered, Asked, Bell, Said, SentTelemetry
from edge.wellbeing import DeviceHealth, Wellbeing

Talk = Callable[[Bell, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def with_bell(path: Path, talk: Talk) -> list[Said]:
    """Open a bell, talk to it as the agent does, close it; what it was told."""
    said: list[Said] = []

    async def hear(one: Said) -> Answered:
        said.append(one)
        return Answered(ok=one.link != "down", error=None if one.link != "down" else "refused")

    async def scene() -> None:
        bell = Bell(path, hear)
        await bell.open()
        await bell.ring(7)
        reader, writer = await asyncio.open_unix_connection(str(path))
        await talk(bell, reader, writer)
        writer.close()
        await bell.close()

    asyncio.run(asyncio.wait_for(scene(), 20))
    return said


async def line(reader: asyncio.StreamReader) -> Any:
    return json.loads(await reader.readline())


def test_the_head_is_rung_at_once_and_after_each_commit(tmp_path: Path) -> None:
    async def talk(bell: Bell, reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        assert await line(reader) == {"head": 7}
        await bell.ring(8)
        assert await line(reader) == {"head": 8}

    with_bell(tmp_path / "bell", talk)


def test_how_the_runtime_is_is_told_when_it_changes_and_to_whoever_comes_later(tmp_path: Path) -> None:
    well = Wellbeing("0.1.0", "idle", selling=True, sales=3, disk="free", devices=())
    worse = msgspec.structs.replace(well, devices=(DeviceHealth("scale", "missing", "device.gone"),))

    async def talk(bell: Bell, reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        assert await line(reader) == {"head": 7}
        await bell.well(well)
        await bell.well(well)
        assert await line(reader) == {"well": json.loads(msgspec.json.encode(well))}
        await bell.well(worse)
        assert await line(reader) == {"well": json.loads(msgspec.json.encode(worse))}
        again, writing = await asyncio.open_unix_connection(str(tmp_path / "bell"))
        assert [await line(again) for _ in range(2)] == [
            {"head": 7},
            {"well": json.loads(msgspec.json.encode(worse))},
        ]
        writing.close()

    with_bell(tmp_path / "bell", talk)


def test_every_line_is_answered_in_order_whatever_it_says(tmp_path: Path) -> None:
    async def talk(_: Bell, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await line(reader)
        writer.write(b'{"link":"up"}\n{"link":"down"}\n{"weather":"fine"}\nnot json\n{"receipt":"jws"}\n')
        answers = [await line(reader) for _ in range(5)]
        assert [answer["ok"] for answer in answers] == [True, False, False, False, True]

    said = with_bell(tmp_path / "bell", talk)
    assert said[:3] == [Said(link="up"), Said(link="down"), Said(receipt="jws")]


def test_an_agent_brings_orders_keyrings_and_what_became_of_telemetry(tmp_path: Path) -> None:
    async def talk(_: Bell, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await line(reader)
        writer.write(b'{"order":"o"}\n{"keyring":"k"}\n{"telemetry":{"lane":"l","seq":3}}\n{"reply":"r"}\n')
        assert [(await line(reader))["ok"] for _ in range(4)] == [True, True, True, True]

    said = with_bell(tmp_path / "bell", talk)
    assert said[:2] == [Said(order="o"), Said(keyring="k")]
    assert said[2:4] == [Said(telemetry=SentTelemetry("l", 3)), Said(reply="r")]


def question(number: int) -> Asked:
    payment = PaymentAsked("query", "attempt-0123456789", "paper", 1_190, "EUR")
    return Asked(f"question-{number:08}", payment)


ASKED = {
    "verb": "query",
    "attempt": "attempt-0123456789",
    "provider": "paper",
    "amount_minor": 1_190,
    "currency": "EUR",
}


def test_a_question_is_told_once_to_each_agent_and_to_the_next_one_while_it_is_open(tmp_path: Path) -> None:
    async def talk(bell: Bell, reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        assert await line(reader) == {"head": 7}
        async with bell.asking(question(1)):
            told = (await line(reader))["ask"]
            assert told["id"] == "question-00000001"
            assert told["ask"].items() >= ASKED.items()
            async with bell.asking(question(2)):
                await bell.ring(8)
                # The head first: what is asked may need the entry.
                assert await line(reader) == {"head": 8}
                assert (await line(reader))["ask"]["id"] == "question-00000002"
                again, writing = await asyncio.open_unix_connection(str(tmp_path / "bell"))
                assert await line(again) == {"head": 8}
                assert [(await line(again))["ask"]["id"] for _ in range(2)] == [
                    "question-00000001",
                    "question-00000002",
                ]
        writing.close()
        last, writing = await asyncio.open_unix_connection(str(tmp_path / "bell"))
        await bell.ring(9)
        assert [await line(last), await line(reader)] == [{"head": 9}, {"head": 9}]
        await bell.ring(10)
        assert [await line(last), await line(reader)] == [{"head": 10}, {"head": 10}]
        async with bell.asking(question(1)):  # asked again under its id, it is told again
            assert (await line(reader))["ask"]["id"] == "question-00000001"
        writing.close()

    with_bell(tmp_path / "bell", talk)


def test_a_question_is_named_without_what_is_in_it() -> None:
    assert repr(question(1)) == "Asked(question-00000001: query attempt-0123456789)"
    lend = SliceAsked(shown_by("7K3M-9QXW-2B4C-8DTR"), "e1", "EUR", 700)
    assert repr(Asked("question-00000002", lend)) == "Asked(question-00000002: a slice)"
    known = MemberAsked(shown_by("opos:member:1"))
    assert repr(Asked("question-00000003", known)) == "Asked(question-00000003: a member)"
    stock = StockAsked("floor", ("09520001200106",))
    assert repr(Asked("question-00000004", stock)) == "Asked(question-00000004: stock)"


def test_a_dead_agent_is_a_dead_link(tmp_path: Path) -> None:
    async def talk(_: Bell, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b'{"link":"up"}\n')
        await line(reader)
        await line(reader)

    assert with_bell(tmp_path / "bell", talk) == [Said(link="up"), Said(link="down")]


def test_a_line_past_the_limit_ends_the_talk_and_the_next_agent_is_heard(tmp_path: Path) -> None:
    async def talk(_: Bell, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"x" * (LINE_BYTES_MAX + 10))
        while await reader.read(1024):
            pass
        again, writing = await asyncio.open_unix_connection(str(tmp_path / "bell"))
        writing.write(b'{"link":"up"}\n')
        assert [await line(again), await line(again)] == [{"head": 7}, {"ok": True}]
        writing.close()

    with_bell(tmp_path / "bell", talk)


def test_the_socket_of_a_killed_runtime_is_replaced_and_is_the_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "bell"
    path.write_text("left behind")

    async def talk(_: Bell, reader: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        await line(reader)

    with_bell(path, talk)


def test_one_agent_of_two_that_leaves_is_no_dead_link(tmp_path: Path) -> None:
    async def talk(_: Bell, reader: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
        again, writing = await asyncio.open_unix_connection(str(tmp_path / "bell"))
        await line(again)
        await line(reader)
        writing.close()
        await writing.wait_closed()

    assert with_bell(tmp_path / "bell", talk)[-1:] == [Said(link="down")]


def test_a_bell_without_agents_closes_and_one_that_never_opened_too(tmp_path: Path) -> None:
    async def hear(_: Said) -> Answered:
        return Answered(ok=True)

    async def scene() -> None:
        bell = Bell(tmp_path / "bell", hear)
        await bell.close()
        await bell.open()
        await bell.close()

    asyncio.run(scene())
    assert not (tmp_path / "bell").exists()
