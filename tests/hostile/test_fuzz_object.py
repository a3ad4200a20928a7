"""Bent words at the object's doors, and true ones in the wrong place or a second time."""

import asyncio
import random
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given

from edge.offline_queue.bell import LINE_BYTES_MAX, Answered, Bell, Said
from tests.hostile.bending import bent, bent_json
from tests.hostile.object_doors import DOORS
from tests.hostile.test_fuzz_hub import SEEDS, TRIALS
from tests.hostile.trial import check_attempt


@pytest.mark.parametrize("name", DOORS)
def test_no_word_but_the_hubs_own_new_one_for_this_object_changes_anything(tmp_path: Path, name: str) -> None:
    door = DOORS[name](tmp_path)

    @TRIALS
    @given(seed=SEEDS)
    def trial(seed: int) -> None:
        check_attempt(door, random.Random(seed))

    with closing(door):
        trial()


_LINES = (
    b'{"link":"up"}',
    b'{"receipt":"jws"}',
    b'{"telemetry":{"lane":"a","seq":3}}',
    b'{"order":"jws"}',
    b'{"reply":"jws"}',
)


def test_whatever_is_said_to_the_bell_each_line_is_answered_and_the_next_agent_is_heard(
    tmp_path: Path,
) -> None:
    async def hear(_: Said) -> Answered:
        return Answered(ok=True)

    async def say(path: str, lines: bytes) -> list[bytes]:
        """All answers to what is said, until the bell hangs up."""
        reader, writer = await asyncio.open_unix_connection(path)
        try:
            writer.write(lines)
            writer.write_eof()
            heard = await reader.read()
        except ConnectionError:  # a line past the limit: the bell hangs up in the middle of it
            heard = b""
        writer.close()
        return [line for line in heard.splitlines() if b"head" not in line]

    async def days(luck: random.Random) -> None:
        path = str(tmp_path / "bell")
        bell = Bell(tmp_path / "bell", hear)
        await bell.open()
        for _ in range(60):
            honest = luck.choice(_LINES)
            word = luck.choice((bent, bent_json))(honest, luck).replace(b"\n", b" ")
            answers = await say(path, word + b"\n")
            assert len(answers) == (0 < len(word) < LINE_BYTES_MAX) or not word
            assert await say(path, honest + b"\n") == [b'{"ok":true}']
        await bell.close()

    asyncio.run(asyncio.wait_for(days(random.Random(5)), 60))
