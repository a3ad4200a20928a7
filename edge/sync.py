"""The agent process: ties the ledger's read side, the runtime's bell, the broker and the hub together."""

import asyncio
import contextlib
import logging
import random
import signal
import threading
from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from pathlib import Path
from typing import Final

import msgspec

from cloud_sync.agent.agent import Agent
from cloud_sync.agent.carrier import Carrier
from cloud_sync.agent.chunks import HubChunks
from cloud_sync.agent.desk import SOCKET, Desk
from cloud_sync.agent.downlink import Downlink
from cloud_sync.agent.herald import last_will
from cloud_sync.agent.manifests import ManifestDoor
from cloud_sync.agent.ports import Handed, RuntimeAwayError
from cloud_sync.agent.staging import Staging
from cloud_sync.contract.signing import PublicKey, Verifier
from cloud_sync.contract.topics import Address
from cloud_sync.mqtt import Line, Message
from edge.clock import SystemClock
from edge.config import ObjectConfig
from edge.keys import load_signer
from edge.offline_queue.bell import LINE_BYTES_MAX, Said, StagedDocument
from edge.offline_queue.reader import LedgerReader, NoLedgerError

_log = logging.getLogger(__name__)

# 100,000 products are checked and kept before the runtime answers; a minute is a stuck disk.
_ANSWER_S: Final = 60.0
# A runtime starts again within a second or two: it should not wait for us.
_RETRY_S: Final = (0.1, 0.5)
# Messages that wait for the event loop: each is at most 128 KiB.
_WAITING_MAX: Final = 16
# The event loop never works this long on one thing; if it does, the broker may keep the message.
_BUSY_S: Final = 5.0


class _Rung(msgspec.Struct, frozen=True):
    """One line of the runtime's: a head, or its answer to one of ours."""

    head: int | None = None
    ok: bool = True
    error: str | None = None


class RuntimeLine:
    """The agent's end of the bell; it comes back for ever. `on_head` hears each head, `on_gone` the end."""

    def __init__(self, path: Path, luck: random.Random) -> None:
        self._path = path
        self._luck = luck
        self._writer: asyncio.StreamWriter | None = None
        self._asked: deque[asyncio.Future[Handed | None]] = deque()
        self.on_head: Callable[[int], None] = lambda _head: None
        self.on_gone: Callable[[], None] = lambda: None

    async def receipt(self, jws: str) -> Handed:
        """Hand on a receipt. Raises RuntimeAwayError."""
        return await self._ask(Said(receipt=jws))

    async def document(self, manifest: str, path: Path) -> Handed:
        """Hand on a document. Raises RuntimeAwayError."""
        return await self._ask(Said(document=StagedDocument(manifest, str(path))))

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
        except ValueError as error:
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
        elif self._asked:
            _settle(self._asked.popleft(), Handed(None if rung.ok else rung.error or "it does not say why"))

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


class _Ledger:
    """The journal as the agent sees it: open while the runtime is there, closed with it."""

    def __init__(self, path: Path, agent: Agent) -> None:
        self._path = path
        self._agent = agent
        self._reader: LedgerReader | None = None

    def rung(self, head: int) -> None:
        """The runtime has entries up to `head`."""
        if self._reader is None:
            self._open()
        self._agent.grown(head)

    def close(self) -> None:
        """The runtime is gone."""
        self._agent.closed()
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def _open(self) -> None:
        """Open the ledger; one without an entry yet is looked at again with the next ring."""
        try:
            reader = LedgerReader(self._path)
        except NoLedgerError as error:
            _log.info("%s", error)
            return
        identity = reader.identity()
        if identity is None:
            reader.close()
            return
        self._reader = reader
        self._agent.opened(reader, identity)


class _Inbox:
    """Brings what the network thread hears to the event loop; a full one makes the network thread wait."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._room = threading.BoundedSemaphore(_WAITING_MAX)
        self.on_line: Callable[[bool], None] = lambda _up: None
        self.on_message: Callable[[Message], None] = lambda _message: None

    def line(self, up: bool) -> None:
        """The broker is there, or gone."""
        self._loop.call_soon_threadsafe(self.on_line, up)

    def message(self, message: Message) -> None:
        """The broker brought a message."""
        if self._room.acquire(timeout=_BUSY_S):
            self._loop.call_soon_threadsafe(self._deliver, message)
        else:
            _log.warning("%s: dropped, the agent is busy", message.topic)

    def _deliver(self, message: Message) -> None:
        self._room.release()
        self.on_message(message)


async def serve(config: ObjectConfig) -> None:
    """Be the agent of one object until SIGTERM or SIGINT.

    Raises KeyUnusableError, DeskTakenError, OSError.
    """
    luck = random.SystemRandom()
    inbox = _Inbox(asyncio.get_running_loop())
    runtime = RuntimeLine(config.bell, luck)
    line = _line(config, inbox)
    agent = _agent(config, line, runtime, luck)
    ledger = _Ledger(config.ledger, agent)
    inbox.on_line, inbox.on_message = agent.line, agent.heard
    runtime.on_head, runtime.on_gone = ledger.rung, ledger.close
    desk = Desk(config.data_dir / SOCKET, agent.status)
    await desk.open()
    line.start()
    try:
        await _until_told_to_stop(agent.run(), runtime.run())
    finally:
        await asyncio.to_thread(line.stop)
        await desk.close()


def _line(config: ObjectConfig, inbox: _Inbox) -> Line:
    address = _address(config)
    return Line(
        host=config.sync.broker_host,
        port=config.sync.broker_port,
        client_id=f"opos.{address.tenant}.{address.site}.{address.object}",
        on_message=inbox.message,
        on_link=inbox.line,
        will=last_will(address),
        subscriptions=Agent.subscriptions(address),
    )


def _agent(config: ObjectConfig, line: Line, runtime: RuntimeLine, luck: random.Random) -> Agent:
    address = _address(config)
    carrier = Carrier(address, load_signer(config), line.publish, SystemClock(), luck)
    downlink = Downlink(
        ManifestDoor(address, _verifiers(config.trust.documents)),
        Staging(config.documents),
        HubChunks(config.sync.hub_url).get,
        runtime.document,
        luck,
    )
    return Agent(address, _verifiers(config.trust.receipt), carrier, downlink, runtime)


def _address(config: ObjectConfig) -> Address:
    return Address(config.object.tenant, config.object.site, config.object.id)


def _verifiers(keys: Iterable[PublicKey]) -> dict[str, Verifier]:
    return {key.kid: Verifier(key) for key in keys}


async def _until_told_to_stop(*work: Coroutine[None, None, None]) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with asyncio.TaskGroup() as rooms:
        running = [rooms.create_task(one) for one in work]
        await stop.wait()
        for task in running:
            task.cancel()
