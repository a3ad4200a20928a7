"""An object without its glass: a real ledger and bell in a thread, a real agent process, a paper hub."""

import asyncio
import itertools
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from cloud_sync.agent.desk import SOCKET, ask
from cloud_sync.contract.batch import peek, unpack
from cloud_sync.contract.documents import MANIFEST_TYPE, Manifest
from cloud_sync.contract.encoding import b64
from cloud_sync.contract.entry import decode_body, first_prev
from cloud_sync.contract.facts import KeyRotated, Posting, Sale
from cloud_sync.contract.keyring import KEYRING_TYPE, Keyring
from cloud_sync.contract.orders import ORDER_TYPE, Order
from cloud_sync.contract.receipt import RECEIPT_TYPE, Receipt
from cloud_sync.contract.requests import (
    REPLY_TYPE,
    REQUEST_TYPE,
    Ask,
    Noted,
    Reply,
    Request,
    TimeAsked,
    TimeTold,
)
from cloud_sync.contract.signing import SoftwareKey, Verifier, seal, unseal
from cloud_sync.contract.state import ObjectState
from cloud_sync.contract.telemetry import unpack_piece
from cloud_sync.contract.topics import Address, address_of, document, keyring
from cloud_sync.mqtt import Line, Message, Outgoing
from edge.clock import SystemClock
from edge.config import load
from edge.keys import hand_over, next_key
from edge.offline_queue.bell import Answered, Bell, Said
from edge.offline_queue.journal import Journal, open_journal
from edge.offline_queue.lanes import TelemetryLane
from edge.offline_queue.outcomes import ReceiptRefusedError
from retail.pricing.book import Version
from tests import object_files
from tests.agent.chunk_server import ChunkServer
from tests.agent.line_world import Broker, Cable, until

_T = TypeVar("_T")

# What time it is at the paper hub: never that of this machine.
HUB_MS: Final = 2_000_000_000_000
ADDRESS: Final = Address("demo", "corner", "mirror-4")
OBJECT: Final = object_files.mirror("mirror-4", broker="127.0.0.1:{broker}", hub="{hub}")


def sale(number: int) -> Sale:
    return Sale(
        sale=f"s{number}",
        number=f"r-{number}",
        business_date="2025-11-21",
        language="en",
        currency="EUR",
        total_minor=100,
        tender="house-account",
        prices=Version(1, 1),
        lines=(),
        taxes=(),
        postings=(Posting("receivable/a7Kx", 100, "EUR"), Posting("revenue", -100, "EUR")),
        moves=(),
    )


class PaperHub:
    """Takes journals as a hub does, with a cursor in memory; `deaf` takes them and says nothing."""

    def __init__(self, port: int, object_key: SoftwareKey) -> None:
        self.key = SoftwareKey.generate()
        self.generation = 1
        self.deaf = False
        self.bodies: list[bytes] = []
        self.states: list[ObjectState] = []
        self.asked: list[Ask] = []
        self.gestures: list[int] = []
        self._object = Verifier(object_key.public)
        self._keys_of_object = {self._object.kid: self._object}
        self._head = b""
        self._outbox: list[Outgoing] = []
        self.line = Line(
            host="127.0.0.1",
            port=port,
            client_id="hub",
            on_message=self._take,
            on_link=lambda _up: None,
            subscriptions=[f"{ADDRESS.root}/up/+"],
        )

    @property
    def sales(self) -> list[str]:
        facts = (decode_body(body).fact for body in self.bodies)
        return [fact.sale for fact in facts if isinstance(fact, Sale)]

    @property
    def offline(self) -> bool:
        """Whether the object has said that it is not there."""
        return bool(self.states) and not self.states[-1].online

    def restore(self, seq: int) -> None:
        """Come back from a backup that covers `seq`."""
        self.generation += 1
        self.bodies = self.bodies[:seq]
        self._head = b""

    def tell(self, manifest: Manifest, key: SoftwareKey) -> None:
        payload = seal(key, MANIFEST_TYPE, manifest).encode()
        topic = document("demo", manifest.site, manifest.name)
        until(lambda: self.line.publish(Outgoing(topic, payload, retain=True)))

    def order(self, order: Order, key: SoftwareKey) -> None:
        self.say(ADDRESS.down("command"), seal(key, ORDER_TYPE, order))

    def say(self, topic: str, jws: str, *, retain: bool = False) -> None:
        until(lambda: self.line.publish(Outgoing(topic, jws.encode(), retain=retain)))

    def bring(self, ring: Keyring, root: SoftwareKey) -> None:
        self.say(keyring("demo"), seal(root, KEYRING_TYPE, ring), retain=True)

    def _take(self, message: Message) -> None:
        lane = message.topic.rpartition("/")[2]
        if lane == "journal":
            self._take_batch(message)
        elif lane == "state":
            self.states.append(msgspec.json.decode(message.payload, type=ObjectState))
        elif lane == "telemetry":
            self.gestures += [item.seq for item in unpack_piece(message.payload).items]
        else:
            self._reply(message.payload.decode())

    def _reply(self, jws: str) -> None:
        asked = unseal(jws, REQUEST_TYPE, self._keys_of_object, Request)
        self.asked.append(asked.ask)
        answer = TimeTold() if isinstance(asked.ask, TimeAsked) else Noted()
        reply = Reply("mirror-4", asked.id, HUB_MS, answer)
        if not self.deaf:
            self.line.publish(Outgoing(ADDRESS.down("reply"), seal(self.key, REPLY_TYPE, reply).encode()))

    def _take_batch(self, message: Message) -> None:
        assert address_of(message.topic) == ADDRESS
        header = peek(message.payload)
        batch = unpack(message.payload, self._keys_of_object[header.kid])
        for body in batch.bodies:
            fact = decode_body(body).fact
            if isinstance(fact, KeyRotated):
                self._keys_of_object[fact.key.kid] = Verifier(fact.key)
        known = len(self.bodies)
        if header.first <= known + 1:
            self.bodies += batch.bodies[known + 1 - header.first :]
            seq = len(self.bodies)
            if header.first <= seq < header.first + header.n:
                self._head = batch.hashes[seq - header.first]
        self._answer(header.epoch, batch.header.prev if header.first == known + 1 else self._head)

    def _answer(self, epoch: str, before: bytes) -> None:
        seq = len(self.bodies)
        digest = (self._head or before) if seq else first_prev(epoch)
        receipt = Receipt("mirror-4", epoch, seq, b64(digest), self.generation, 0, HUB_MS)
        if not self.deaf:
            self.line.publish(
                Outgoing(ADDRESS.down("receipt"), seal(self.key, RECEIPT_TYPE, receipt).encode())
            )


class PaperRuntime:
    """The ledger's owner: a real journal and a real bell on an event loop of their own."""

    def __init__(self, data: Path, key: SoftwareKey, receipts: SoftwareKey) -> None:
        self._data, self._key = data, key
        self._keys = {receipts.public.kid: Verifier(receipts.public)}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._numbers = itertools.count(1)
        self.sold: list[str] = []
        self.links: list[str] = []
        self.documents: list[tuple[str, bytes]] = []
        self.orders: list[str] = []
        self.keyrings: list[str] = []
        self.telemetry = TelemetryLane(data / "telemetry.db")
        self.open()

    @property
    def synced(self) -> bool:
        return self.journal.acked == self.journal.head

    def open(self) -> None:
        self.journal: Journal = open_journal(self._data / "ledger.db", self._key, "mirror-4", SystemClock())
        self.journal.start("0.1.0")
        self.bell = Bell(self._data / "journal.sock", self._told)
        self.journal.on_head = lambda head: _ignore(
            asyncio.run_coroutine_threadsafe(self.bell.ring(head), self._loop)
        )
        self._do(self.bell.open)
        self._do(lambda: self.bell.ring(self.journal.head))

    def sell(self, count: int) -> None:
        """Write so many sales, a few hundred at a time."""

        async def append(numbers: list[int]) -> None:
            await asyncio.gather(*(self.journal.append(sale(n), f"s{n}") for n in numbers))

        while count > 0:
            numbers = list(itertools.islice(self._numbers, min(count, 500)))
            self._do(lambda: append(numbers))  # noqa: B023 - done before the next ones are drawn
            self.sold += [f"s{n}" for n in numbers]
            count -= len(numbers)

    def close(self) -> None:
        self._do(self.bell.close)
        self.journal.close()

    def rotate(self, file: Path) -> None:
        """Replace the object's key, as the runtime does it."""
        config = load(file)
        signer = next_key(config)
        self._do(lambda: self.journal.rotate(signer))
        hand_over(config)

    def believe(self, key: SoftwareKey) -> None:
        """Take receipts of this key as well."""
        self._keys[key.public.kid] = Verifier(key.public)

    def gesture(self, count: int) -> None:
        """So many things that people did."""

        async def put() -> None:
            for number in range(count):
                self.telemetry.put("Took", number, b"{}")

        self._do(put)

    def gestures(self) -> int:
        """How many of them are still here."""

        async def here() -> int:
            return len(self.telemetry.after(0, 1_000).items)

        return self._do(here)

    def end(self) -> None:
        self.close()
        self._do(self._end_telemetry)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _end_telemetry(self) -> None:
        self.telemetry.close()

    async def _told(self, said: Said) -> Answered:
        if said.receipt is not None:
            receipt = unseal(said.receipt, RECEIPT_TYPE, self._keys, Receipt)
            try:
                await self.journal.acknowledge(receipt, said.receipt)
            except ReceiptRefusedError as error:
                return Answered(ok=False, error=str(error))
        if said.document is not None:
            self.documents.append((said.document.manifest, Path(said.document.path).read_bytes()))
        if said.order is not None:
            self.orders.append(said.order)
        if said.keyring is not None:
            self.keyrings.append(said.keyring)
        if said.telemetry is not None:
            self.telemetry.sent(said.telemetry.seq, said.telemetry.lane)
        if said.link is not None:
            self.links.append(said.link)
        return Answered(ok=True)

    def _do(self, work: Callable[[], Awaitable[_T]]) -> _T:
        async def done() -> _T:
            return await work()

        return asyncio.run_coroutine_threadsafe(done(), self._loop).result(30)


def _ignore(_: "Future[None]") -> None:
    """The bell rings by itself."""


class World:
    """A hub, a broker, a cable, an object: all real but the hub and the till."""

    def __init__(self, directory: Path, broker: Broker, cable: Cable, chunks: ChunkServer) -> None:
        self.broker, self.cable, self.chunks = broker, cable, chunks
        self.data = directory / "data"
        self.data.mkdir()
        self.file = directory / "object.toml"
        self.file.write_text(OBJECT.format(broker=cable.port, hub=chunks.url))
        key = SoftwareKey.generate()
        (self.data / "object.key").write_bytes(key.to_pem())
        (self.data / "object.key").chmod(0o600)
        self.retailer = SoftwareKey.generate()
        self.hub = PaperHub(broker.port, key)
        self.root = SoftwareKey.generate()
        trust = {
            "receipt": [self.hub.key.public],
            "documents": [self.retailer.public],
            "roots": [self.root.public],
        }
        (directory / "trust.json").write_bytes(msgspec.json.encode(trust))
        self.runtime = PaperRuntime(self.data, key, self.hub.key)
        self.hub.line.start()
        self.agents: list[subprocess.Popen[str]] = []

    def start_agent(self) -> "subprocess.Popen[str]":
        agent = subprocess.Popen(
            [sys.executable, "-m", "opos", "sync", "run", str(self.file)], stderr=subprocess.PIPE, text=True
        )
        self.agents.append(agent)
        return agent

    def status(self) -> dict[str, object]:
        command = [sys.executable, "-m", "opos", "sync", "status", str(self.file), "--json"]
        done = subprocess.run(command, check=True, capture_output=True, timeout=60)
        return msgspec.json.decode(done.stdout, type=dict[str, object])

    def status_in_words(self) -> list[str]:
        command = [sys.executable, "-m", "opos", "sync", "status", str(self.file)]
        done = subprocess.run(command, check=True, capture_output=True, timeout=60, text=True)
        return done.stdout.splitlines()

    def agent_status(self) -> dict[str, object]:
        """What the running agent says at its desk; nothing while there is none."""
        said = ask(self.data / SOCKET)
        return {} if said is None else msgspec.structs.asdict(said)

    def close(self) -> None:
        for agent in self.agents:
            if agent.poll() is None:
                agent.kill()
            agent.communicate()
        self.hub.line.stop()
        self.runtime.end()
