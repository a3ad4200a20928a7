"""The agent's end of the bell: what the runtime rings, what it is handed, and what it answers."""

import asyncio
import contextlib
import logging
import random
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from cloud_sync.agent.ports import Handed, RuntimeAwayError
from edge.offline_queue.bell import LINE_BYTES_MAX, Asked, Question, Said, SentTelemetry, StagedDocument
from edge.wellbeing import Wellbeing

_log = logging.getLogger(__name__)

# 100,000 products are checked and kept before the runtime answers; a minute is a stuck disk.
_ANSWER_S: Final = 60.0
# A runtime starts again within a second or two: it should not wait for us.
_RETRY_S: Final = (0.1, 0.5)


class _Rung(msgspec.Struct, frozen=True):
    """One line of the runtime's: a head, a question, how it is, or its answer to one of ours.

    A runtime of another version may say something else: that is none of these, and no answer.
    """

    head: int | None = None
    ask: msgspec.Raw = msgspec.Raw()
    well: msgspec.Raw = msgspec.Raw()
    ok: bool | None = None
    error: str | None = None


class RuntimeLine:
    """The agent's end of the bell; it comes back for ever.

    `on_head` hears each head, `on_ask` each question to the hub and its id, `on_well` how the runtime is,
    `on_gone` the end.
    """

    def __init__(self, path: Path, luck: random.Random) -> None:
        self._path = path
        self._luck = luck
        self._writer: asyncio.StreamWriter | None = None
        self._asked: deque[asyncio.Future[Handed | None]] = deque()
        self._misheard = False  # what was said last of how it is; said once in the log
        self.on_head: Callable[[int], None] = lambda _head: None
        self.on_ask: Callable[[str, Question], None] = lambda _id, _question: None
        self.on_well: Callable[[Wellbeing], None] = lambda _wellbeing: None
        self.on_gone: Callable[[], None] = lambda: None

    async def receipt(self, jws: str) -> Handed:
        """Hand on a receipt. Raises RuntimeAwayError."""
        return await self._ask(Said(receipt=jws))

    async def document(self, manifest: str, path: Path) -> Handed:
        """Hand on a document. Raises RuntimeAwayError."""
        return await self._ask(Said(document=StagedDocument(manifest, str(path))))

    async def order(self, jws: str) -> Handed:
        """Hand on an order. Raises RuntimeAwayError."""
        return await self._ask(Said(order=jws))

    async def keyring(self, jws: str) -> Handed:
        """Hand on a keyring. Raises RuntimeAwayError."""
        return await self._ask(Said(keyring=jws))

    async def reply(self, jws: str) -> Handed:
        """Hand on a reply. Raises RuntimeAwayError."""
        return await self._ask(Said(reply=jws))

    def telemetry_sent(self, lane: str, seq: int) -> None:
        """Say which items the line has taken, if there is a runtime to hear it."""
        if self._writer is not None:
            self._say(self._writer, Said(telemetry=SentTelemetry(lane, seq)))

    def link(self, *, up: bool) -> None:
        """Say whether the hub answers, if there is a runtime to hear it."""
        if self._writer is not None:
            self._say(self._writer, Said(link="up" if up else "down"))

    async def run(self) -> None:
        """Listen to the runtime, and to the next one after it."""
        while True:
            with contextlib.suppress(OSError):
                streams = await asyncio.open_unix_connection(str(self._path), limit=LINE_BYTES_MAX)
                await self._converse(*streams)
            await asyncio.sleep(self._luck.uniform(*_RETRY_S))

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        try:
            while line := await reader.readline():
                self._take(msgspec.json.decode(line, type=_Rung))
        except (ValueError, RecursionError) as error:
            _log.warning("%s: expected the runtime's words: %s", self._path, error)
        finally:
            self._writer = None
            writer.close()
            while self._asked:
                _settle(self._asked.popleft(), None)
            self.on_gone()

    def _take(self, rung: _Rung) -> None:
        if rung.head is not None:
            self.on_head(rung.head)
        elif rung.ask:
            self._ask_hub(rung.ask)
        elif rung.well:
            self._hear_well(rung.well)
        elif rung.ok is not None and self._asked:
            _settle(self._asked.popleft(), Handed(None if rung.ok else rung.error or "it does not say why"))

    def _ask_hub(self, line: msgspec.Raw) -> None:
        try:
            asked = msgspec.json.decode(line, type=Asked)
        except (ValueError, RecursionError):  # which would quote what a shopper has shown
            _log.warning("%s: expected a question to the hub, got something else", self._path)
            return
        self.on_ask(asked.id, asked.ask)

    def _hear_well(self, line: msgspec.Raw) -> None:
        try:
            self.on_well(msgspec.json.decode(line, type=Wellbeing))
        except (ValueError, RecursionError) as error:  # sales go up all the same
            if not self._misheard:
                _log.warning(
                    "%s: how the runtime is cannot be told: %s: update the object", self._path, error
                )
            self._misheard = True
        else:
            self._misheard = False

    async def _ask(self, said: Said) -> Handed:
        if (writer := self._writer) is None:
            raise RuntimeAwayError(f"{self._path}: no runtime listens")
        answer = self._say(writer, said)
        try:
            async with asyncio.timeout(_ANSWER_S):
                handed = await answer
        except TimeoutError as error:
            writer.close()  # what it says from here on would answer something else
            raise RuntimeAwayError(f"{self._path}: no answer in {_ANSWER_S:g} s") from error
        if handed is None:
            raise RuntimeAwayError(f"{self._path}: the runtime ended before it answered")
        return handed

    def _say(self, writer: asyncio.StreamWriter, said: Said) -> "asyncio.Future[Handed | None]":
        answer: asyncio.Future[Handed | None] = asyncio.get_running_loop().create_future()
        self._asked.append(answer)
        writer.write(msgspec.json.encode(said) + b"\n")
        return answer


def _settle(answer: "asyncio.Future[Handed | None]", handed: Handed | None) -> None:
    if not answer.done():
        answer.set_result(handed)
