"""The agent's end of the bell beside a runtime of another version: what it does not know, it passes over."""

import asyncio
import random
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from cloud_sync.agent.ports import Handed
from edge.runtime_line import RuntimeLine
from edge.wellbeing import Wellbeing

WELL = {"program": "0.1.0", "stage": "idle", "selling": True, "sales": 3, "disk": "roomy", "devices": []}

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


class Heard:
    """What an agent hears of a runtime that says `lines` and then waits."""

    def __init__(self, path: Path, lines: list[Any]) -> None:
        self.heads: list[int] = []
        self.wells: list[Wellbeing] = []
        self._lines = lines
        self._path = path
        self.line = RuntimeLine(path, random.Random(1))
        self.line.on_head, self.line.on_well = self.heads.append, self.wells.append

    def during(self, play: Callable[["Heard"], Coroutine[Any, Any, None]]) -> None:
        async def live() -> None:
            server = await asyncio.start_unix_server(self._say, str(self._path))
            listening = asyncio.create_task(self.line.run())
            async with asyncio.timeout(30):
                await play(self)
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
            server.close()

        asyncio.run(live())

    async def until_head(self, head: int) -> None:
        while head not in self.heads:
            await asyncio.sleep(0)

    async def _say(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for word in self._lines:
            writer.write(msgspec.json.encode(word) + b"\n")
        while asked := await reader.readline():
            assert asked.startswith(b"{")
            for word in ({"a-later-word": True}, {"ok": False, "error": "it is too late"}):
                writer.write(msgspec.json.encode(word) + b"\n")
        writer.close()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(said=ANYTHING)
@example(said={**WELL, "disk": None})
@example(said={**WELL, "devices": {"scale": "ready"}})
@example(said={})
@example(said=[WELL])
def test_whatever_stands_in_the_place_of_how_it_is_the_heads_after_it_are_heard(
    tmp_path: Path, said: Any
) -> None:
    heard = Heard(
        tmp_path / "bell", [{"head": 1}, {"well": said}, {"later": said}, {"head": 2}, {"well": WELL}]
    )

    async def play(heard: Heard) -> None:
        await heard.until_head(2)
        while not heard.wells:
            await asyncio.sleep(0)

    heard.during(play)
    assert heard.heads == [1, 2]  # on one connection
    assert heard.wells[-1] == msgspec.convert(WELL, Wellbeing)


def test_a_word_that_nobody_knows_is_no_answer(tmp_path: Path) -> None:
    heard = Heard(tmp_path / "bell", [{"head": 1}])
    handed: list[Handed] = []

    async def play(heard: Heard) -> None:
        await heard.until_head(1)
        handed.append(await heard.line.order("a.b.c"))

    heard.during(play)
    assert handed == [Handed("it is too late")]


def test_what_cannot_be_told_is_said_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    heard = Heard(tmp_path / "bell", [{"well": 5}, {"well": 6}, {"well": WELL}, {"well": 7}, {"head": 1}])

    async def play(heard: Heard) -> None:
        await heard.until_head(1)

    heard.during(play)
    assert len(caplog.records) == 2
