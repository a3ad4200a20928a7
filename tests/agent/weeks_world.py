"""Weeks of an agent in seconds: the real rooms, simulated time, a line that breaks again and again."""

import asyncio
import hashlib
import random
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from cloud_sync.agent.agent import Agent, Neighbours
from cloud_sync.agent.duty import Duty
from cloud_sync.agent.hub_keys import Believed, HubKeys
from cloud_sync.agent.obeyed import KEPT_MAX, Obeyed
from cloud_sync.agent.ports import Handed, RuntimeAwayError
from cloud_sync.agent.voice import Voice
from cloud_sync.contract.batch import peek
from cloud_sync.contract.documents import MANIFEST_TYPE, manifest_of
from cloud_sync.contract.encoding import b64
from cloud_sync.contract.entry import SignedEntry
from cloud_sync.contract.orders import ORDER_TYPE, Identify, Order, SyncNow
from cloud_sync.contract.receipt import RECEIPT_TYPE, Receipt
from cloud_sync.contract.requests import (
    REPLY_TYPE,
    REQUEST_TYPE,
    Answer,
    CertificateAsked,
    CertificateIssued,
    CommandDone,
    Noted,
    Reply,
    Request,
    TimeAsked,
    TimeTold,
)
from cloud_sync.contract.signing import PublicKey, Signer, SoftwareKey, Verifier, seal, unseal
from cloud_sync.contract.telemetry import TelemetryItem, TelemetryPiece, unpack_piece
from cloud_sync.contract.topics import Address, document, keyring
from cloud_sync.mqtt import Message, Outgoing
from proofs.loop import SimulatedLoop
from retail.pricing.book import Version

ADDRESS: Final = Address("demo", "corner", "mirror-4")
EPOCH: Final = "e1"
HUB: Final = SoftwareKey.generate()
RETAILER: Final = SoftwareKey.generate()
OBJECT: Final = SoftwareKey.generate()
STRANGER: Final = SoftwareKey.generate()
# The hub's true time when the world begins: 2025-11-21.
BEGIN_MS: Final = 1_763_700_000_000
_DAY_S: Final = 86_400


def hash_of(seq: int) -> bytes:
    return hashlib.sha256(f"{EPOCH}/{seq}".encode()).digest()


class Whose(msgspec.Struct, frozen=True):
    """Whose journal it is."""

    dev: str = "mirror-4"
    epoch: str = EPOCH


class Confirmed(msgspec.Struct, frozen=True):
    """What the journal remembers of its hub."""

    seq: int = 0
    generation: int = 0


class EndlessJournal:
    """A journal that keeps nothing: each entry is made anew from its number."""

    def __init__(self) -> None:
        self.entries = 2
        self.confirmed = Confirmed()

    def identity(self) -> Whose:
        return Whose()

    def head(self) -> int:
        return self.entries

    def receipt(self) -> Confirmed:
        return self.confirmed

    def after(self, seq: int, limit: int) -> list[SignedEntry]:
        last = min(seq + limit, self.entries)
        kid = OBJECT.public.kid
        return [
            SignedEntry(n, kid, hash_of(n - 1), b"{}" * 200, hash_of(n), b"")
            for n in range(seq + 1, last + 1)
        ]

    def hash_of(self, seq: int) -> bytes | None:
        return hash_of(seq) if 0 < seq <= self.entries else None


class Keys:
    """The object's one key."""

    current: Signer = OBJECT

    def of(self, kid: str) -> Signer | None:
        return OBJECT if kid == OBJECT.public.kid else None


class Trusted(msgspec.Struct, frozen=True):
    """What the keyring makes it believe."""

    receipt: tuple[PublicKey, ...] = (HUB.public,)
    documents: tuple[PublicKey, ...] = (RETAILER.public,)


class PaperRuntime:
    """A runtime that takes what it is handed; `away` between two lives."""

    def __init__(self, journal: EndlessJournal) -> None:
        self._journal = journal
        self.away = False
        self.obeyed = 0

    async def receipt(self, jws: str) -> Handed:
        receipt = unseal(jws, RECEIPT_TYPE, {HUB.public.kid: Verifier(HUB.public)}, Receipt)
        self._journal.confirmed = Confirmed(receipt.seq, receipt.generation)
        return await self._handed()

    async def document(self, manifest: str, path: Path) -> Handed:
        raise AssertionError(f"there is no document here: {manifest} at {path}")

    async def order(self, jws: str) -> Handed:
        assert jws
        self.obeyed += not self.away
        return await self._handed()

    async def keyring(self, jws: str) -> Handed:
        assert jws
        return await self._handed()

    async def reply(self, jws: str) -> Handed:
        raise AssertionError(f"nobody has asked anything: {jws}")

    def telemetry_sent(self, lane: str, seq: int) -> None:
        assert (lane, seq) > ("", 0)

    def link(self, *, up: bool) -> None:
        assert up in {True, False}

    async def _handed(self) -> Handed:
        await asyncio.sleep(0.005)
        if self.away:
            raise RuntimeAwayError("no runtime listens")
        return Handed()


class EndlessLane:
    """Gestures without end: one a second, of which the lane keeps the last thousand."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s

    def after(self, seq: int, limit: int) -> TelemetryPiece:
        last = int(self._now_s())
        first = max(seq + 1, last - 1_000)
        items = [
            TelemetryItem(n, "Took", BEGIN_MS + n, b'{"epc":"x"}')
            for n in range(first, min(last, first + limit - 1) + 1)
        ]
        return TelemetryPiece("mirror-4", "lane", max(first - seq - 1, 0), 0, tuple(items))


class Papers:
    """A certificate of three days."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self._since_s = 0.0
        self.kept = 0

    def due(self, now_ms: int) -> bool:
        assert abs(now_ms - BEGIN_MS - self._now_s() * 1000) < 60_000, "the hub has told the time"
        return self._now_s() - self._since_s > 2 * _DAY_S

    def new_csr(self) -> str:
        return "a request"

    def keep_chain(self, pem: str) -> None:
        assert pem == "a chain"
        self._since_s = self._now_s()
        self.kept += 1

    def keep_certificate(self, jws: str) -> None:
        assert jws == "a certificate"


class Clock:
    """Monotonic time is the world's; the machine's wall clock is anything."""

    def __init__(self, loop: SimulatedLoop) -> None:
        self._loop = loop
        self.off_ms = 0

    def now_ns(self) -> int:
        return self._loop.now_ns

    def wall_ms(self) -> int:
        return max(BEGIN_MS + self._loop.now_ns // 1_000_000 + self.off_ms, 0)


def _fill(obeyed: Obeyed) -> None:
    """As after many orders: from here on each one that is remembered takes the place of another."""
    for number in range(KEPT_MAX):
        order_id = f"order-of-long-ago-{number:04d}"
        obeyed.keep(Order("mirror-4", order_id, 0, number, Identify(1)), CommandDone(order_id, ok=True))


class Weeks:
    """One object, its hub and the line between them, from one seed."""

    def __init__(self, loop: SimulatedLoop, directory: Path, duty: Duty, seed: int) -> None:
        self.loop, self.luck, self.duty = loop, random.Random(seed), duty
        self.clock = Clock(loop)
        self.journal = EndlessJournal()
        self.runtime = PaperRuntime(self.journal)
        self.papers = Papers(loop.time)
        self.up = False
        self.deaf = False
        self.seq, self.generation = 0, 1
        self.orders = self.reconnects = self.items = 0
        self._forged = self._sealed(REPLY_TYPE, {"id": 1}, STRANGER)
        # Said at each connection by the broker, and to be heard by the object once.
        manifest = manifest_of("prices", "corner", Version(1, 1), b"book")
        self._retained = [
            Message(
                document("demo", "corner", "prices"), self._sealed(MANIFEST_TYPE, manifest, STRANGER), True
            ),
            Message(keyring("demo"), b"a keyring", True),
            Message(keyring("demo"), b"\xff", True),
        ]
        _fill(Obeyed(directory / "orders.json"))
        self.agent = Agent(
            Neighbours(
                voice=Voice(ADDRESS, Keys(), self._publish, self.clock, self.luck),
                hub_keys=HubKeys([HUB.public], [RETAILER.public]),
                fetch=self._fetch,
                runtime=self.runtime,
                lane=EndlessLane(loop.time),
                apply_keyring=self._keyring,
                documents=directory / "documents",
                obeyed=directory / "orders.json",
                duty=duty,
                papers=self.papers,
            )
        )

    async def live(self, reconnects: int) -> None:
        """So many connections, each with its own mishaps."""
        for _ in range(reconnects):
            self.reconnects += 1
            await self._connection(self.luck.expovariate(1 / (2_700.0 if self.duty.lingers_alone else 8.0)))

    async def calm(self) -> None:
        """The line holds until all is confirmed, and the hub answers."""
        self.deaf = False
        self.line(up=True)
        while not (self.agent.status().online and self.journal.confirmed.seq == self.journal.entries):
            await asyncio.sleep(0.1)

    def line(self, *, up: bool) -> None:
        self.up = up
        self.agent.line(up)
        if up:
            for message in self._retained:
                self.agent.heard(message)

    async def _connection(self, length_s: float) -> None:
        self.line(up=True)
        self.deaf = self.luck.random() < 0.1
        self.clock.off_ms = self.luck.choice([0, 0, 5, -3_600_000, 10**11, -BEGIN_MS])
        if self.luck.random() < 0.05:
            self.runtime.away = True
            self.agent.closed()
        for _ in range(5):
            self._sell()
            await asyncio.sleep(length_s / 5)
        if self.runtime.away:
            self.runtime.away = False
            self.agent.came()
            self.agent.opened(self.journal, Whose())
        if self.luck.random() < 0.2:
            self._order()
        self._noise()
        await asyncio.sleep(1)
        self.line(up=False)
        await asyncio.sleep(self.luck.uniform(0.2, 2))

    def _sell(self) -> None:
        self.journal.entries += self.luck.choice([0, 1, 1, 2, 40])
        if not self.runtime.away:
            self.agent.grown(self.journal.entries)

    def _order(self) -> None:
        self.orders += 1
        now_ms = self._now_ms()
        deed = Identify(3) if self.luck.random() < 0.5 else SyncNow()
        order = Order("mirror-4", b64(self.luck.randbytes(16)), now_ms, now_ms + 60_000, deed)
        payload = self._sealed(ORDER_TYPE, order, RETAILER)
        for _ in range(2):  # told again: obeyed once
            self.agent.heard(Message(ADDRESS.down("command"), payload, False))

    def _noise(self) -> None:
        """What a hostile broker may say at any moment."""
        for lane in ("receipt", "reply", "command"):
            topic = f"{ADDRESS.root}/dn/{lane}"
            self.agent.heard(Message(topic, self.luck.randbytes(20), False))
            self.agent.heard(Message(topic, self._forged, False))
        self.agent.heard(Message(b64(self.luck.randbytes(9)), b"no manifest", False))

    def _publish(self, outgoing: Outgoing) -> bool:
        if not self.up or self.luck.random() < 0.02:
            return False
        if self.luck.random() >= 0.1 and not self.deaf:
            self.loop.call_later(self.luck.uniform(0.001, 0.02), self._take, outgoing)
        return True

    def _take(self, outgoing: Outgoing) -> None:
        """The hub hears it."""
        lane = outgoing.topic.rpartition("/")[2]
        if lane == "journal":
            header = peek(outgoing.payload)
            if header.first <= self.seq + 1:
                self.seq = max(self.seq, header.first + header.n - 1)
            word = Receipt("mirror-4", EPOCH, self.seq, b64(hash_of(self.seq)), 1, 0, self._now_ms())
            self._say("receipt", self._sealed(RECEIPT_TYPE, word, HUB))
        elif lane == "request":
            keys = {OBJECT.public.kid: Verifier(OBJECT.public)}
            asked = unseal(outgoing.payload.decode(), REQUEST_TYPE, keys, Request)
            reply = Reply("mirror-4", asked.id, self._now_ms(), self._answer(asked))
            self._say("reply", self._sealed(REPLY_TYPE, reply, HUB))
        elif lane == "telemetry":
            self.items += len(unpack_piece(outgoing.payload).items)

    def _answer(self, asked: Request) -> Answer:
        match asked.ask:
            case TimeAsked():
                return TimeTold()
            case CertificateAsked():
                return CertificateIssued("a chain", "a certificate")
            case _:
                return Noted()

    def _say(self, lane: str, payload: bytes) -> None:
        if self.up and self.luck.random() >= 0.1:
            message = Message(f"{ADDRESS.root}/dn/{lane}", payload, False)
            self.loop.call_later(self.luck.uniform(0.001, 0.02), self.agent.heard, message)

    def _keyring(self, jws: str) -> Believed:
        assert jws == "a keyring"
        return Trusted()

    async def _fetch(self, sha256: str) -> bytes:
        raise AssertionError(f"nobody asks for chunk {sha256} of a forged manifest")

    def _sealed(self, typ: str, word: object, key: SoftwareKey) -> bytes:
        return seal(key, typ, word).encode()

    def _now_ms(self) -> int:
        return BEGIN_MS + self.loop.now_ns // 1_000_000
