"""The object's doors on trial: receipts, documents, orders, keyrings, replies, by a broker that lies."""

import asyncio
import base64
import random
from collections.abc import Callable
from pathlib import Path
from typing import Final

from cloud_sync.agent.downlink import Downlink, Told
from cloud_sync.agent.hub_keys import HubKeys, KeyringDoor
from cloud_sync.agent.hub_time import HubTime
from cloud_sync.agent.manifests import ManifestDoor
from cloud_sync.agent.obeyed import Obeyed
from cloud_sync.agent.orders import Doing, Orders
from cloud_sync.agent.ports import Handed
from cloud_sync.agent.receipts import ReceiptDoor
from cloud_sync.agent.requests import Answered, Requests
from cloud_sync.agent.staging import Staging
from cloud_sync.contract.documents import MANIFEST_TYPE, manifest_of
from cloud_sync.contract.orders import ORDER_TYPE, CloseDoors, Order
from cloud_sync.contract.receipt import RECEIPT_TYPE, Receipt
from cloud_sync.contract.requests import REPLY_TYPE, Ask, Noted, Reply, TimeAsked, TimeTold
from cloud_sync.contract.signing import seal
from cloud_sync.contract.topics import document
from edge.identity import apply_keyring
from edge.offline_queue.reader import Identity
from proofs.loop import SimulatedLoop
from retail.pricing.book import Version
from tests.agent.paper_line import ADDRESS, HUB, HUB_KEYS, PaperLine
from tests.hostile.bending import bent, bent_jws
from tests.hostile.trial import Door
from tests.object.enrolled import enrolled_in
from tests.object.paper_hub import PaperHub

_OBJECT: Final = "mirror-4"
_ID: Final = "question-0123456789"
_TOPIC: Final = document("demo", "corner", "prices")


def receipt(seq: int = 3, dev: str = _OBJECT, epoch: str = "e1") -> bytes:
    return seal(HUB, RECEIPT_TYPE, Receipt(dev, epoch, seq, "h", 1, 0, 7)).encode()


def manifest(n: int, name: str = "prices", site: str = "corner") -> bytes:
    word = manifest_of(name, site, Version(1, n), b"a document of version %d" % n)
    return seal(HUB, MANIFEST_TYPE, word).encode()


def order(n: int, dev: str = _OBJECT) -> bytes:
    return seal(HUB, ORDER_TYPE, Order(dev, f"order-number-{n:08d}", 1, 60_000, CloseDoors())).encode()


def reply(request_id: str = _ID, dev: str = _OBJECT) -> bytes:
    return seal(HUB, REPLY_TYPE, Reply(dev, request_id, 7, TimeTold())).encode()


def astray() -> list[bytes]:
    """True words of the hub, for somebody else or of no use here: a broker may bring any of them anywhere."""
    mine = [receipt(), manifest(5), order(5), reply()]
    others = [receipt(dev="shelf-b12"), receipt(epoch="e0"), order(5, "shelf-b12"), reply(dev="shelf-b12")]
    return [*mine, *others, manifest(5, site="airport"), manifest(5, name="../prices"), manifest(5, "rights")]


class WordDoor:
    """What all of them have: words that were sealed, and are bent, or belong to another door."""

    def __init__(self, honest: Callable[[], bytes], typ: str) -> None:
        self.honest = honest
        self.loop = SimulatedLoop()
        self._astray = [word for word in astray() if _type_of(word) != typ or b"shelf" in word]

    def bent(self, luck: random.Random) -> bytes:
        kind = luck.randrange(3)
        if kind == 0:
            return luck.choice(self._astray)
        return (bent if kind == 1 else bent_jws)(self.honest(), luck)

    def close(self) -> None:
        self.loop.close()


def _type_of(jws: bytes) -> str:
    head = jws.partition(b".")[0]
    return str(base64.urlsafe_b64decode(head + b"==").decode().partition('"typ":"')[2].rstrip('"}'))


class ReceiptLane(WordDoor):
    """What the hub confirms."""

    def __init__(self, _: Path) -> None:
        super().__init__(receipt, RECEIPT_TYPE)
        self.door = ReceiptDoor(HUB_KEYS)
        self.strange: list[Receipt] = []

    def knock(self, payload: bytes) -> None:
        let_in = self.door.admit(payload, Identity(_OBJECT, "e1"))
        if let_in is not None and payload != receipt():
            self.strange.append(let_in)

    def kept(self) -> object:
        return list(self.strange)

    def prove(self) -> None:
        assert self.door.admit(receipt(9), Identity(_OBJECT, "e1")) is not None


class DocumentLane(WordDoor):
    """What is sold, and for how much: never an older version."""

    def __init__(self, directory: Path) -> None:
        super().__init__(lambda: manifest(self.n), MANIFEST_TYPE)
        self.n = 1
        self.staging = Staging(directory)
        door = ManifestDoor(ADDRESS, HUB_KEYS)
        self.downlink = Downlink(door, self.staging, self._never, self._handed, random.Random(1))
        self.prove()

    async def _never(self, sha256: str) -> bytes:
        raise AssertionError(f"nobody asked for {sha256}")

    async def _handed(self, _: str, __: Path) -> Handed:
        return Handed()

    def bent(self, luck: random.Random) -> bytes:
        older = manifest(luck.randint(1, self.n))
        return older if luck.random() < 0.2 else super().bent(luck)

    def knock(self, payload: bytes) -> None:
        assert self.downlink.told(_TOPIC, payload) is not Told.NEW

    def kept(self) -> object:
        return self.staging.manifests()

    def prove(self) -> None:
        self.n += 1
        assert self.downlink.told(_TOPIC, manifest(self.n)) is Told.NEW


class OrderLane(WordDoor):
    """What the shop orders: obeyed once."""

    def __init__(self, directory: Path) -> None:
        super().__init__(lambda: order(self.n), ORDER_TYPE)
        self.n, self.handed = 0, list[str]()
        self.line = PaperLine(self.loop)
        doing = Doing(HubTime(self.line), self._obey, lambda: None, self._noted)
        self.orders = Orders(_OBJECT, HUB_KEYS, Obeyed(directory / "orders.json"), doing)
        self.prove()

    def bent(self, luck: random.Random) -> bytes:
        obeyed = order(luck.randint(1, self.n))
        return obeyed if luck.random() < 0.2 else super().bent(luck)

    async def _obey(self, jws: str) -> Handed:
        self.handed.append(jws)
        return Handed()

    async def _noted(self, _: Ask) -> Answered:
        return Answered(Reply(_OBJECT, _ID, 0, Noted()), 0, 0, "")

    def knock(self, payload: bytes) -> None:
        self.orders.told(payload)

    def kept(self) -> object:
        self._work()
        return list(self.handed)

    def prove(self) -> None:
        self.n += 1
        self.orders.told(order(self.n))
        self._work()
        assert self.handed[-1:] == [order(self.n).decode()]

    def _work(self) -> None:
        async def briefly() -> None:
            working = asyncio.create_task(self.orders.run())
            await asyncio.sleep(0.01)
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)

        self.loop.run_until_complete(briefly())


class KeyringLane(WordDoor):
    """Whom the object believes: never an older ring."""

    def __init__(self, directory: Path) -> None:
        self.hub = PaperHub()
        self.config = enrolled_in(directory / "mirror", self.hub)
        super().__init__(lambda: self.hub.keyring().encode(), "")
        trust = self.config.trust
        self.keys = HubKeys(trust.receipt, trust.documents)
        self.door = KeyringDoor(self.keys, lambda jws: apply_keyring(self.config, jws), self._handed)
        self.yesterday: list[str] = []

    async def _handed(self, _: str) -> Handed:
        return Handed()

    def bent(self, luck: random.Random) -> bytes:
        if self.yesterday and luck.random() < 0.2:
            return luck.choice(self.yesterday).encode()
        return super().bent(luck)

    def knock(self, payload: bytes) -> None:
        self.door.told(payload)

    def kept(self) -> object:
        return sorted(self.keys.receipt), sorted(self.keys.documents), self.config.keyring.read_bytes()

    def prove(self) -> None:
        self.yesterday.append(self.hub.keyring())
        self.hub.version = Version(1, self.hub.version.n + 1)
        self.door.told(self.hub.keyring().encode())
        assert self.config.keyring.read_bytes() == self.hub.keyring().encode()


class ReplyLane(WordDoor):
    """What the hub answers: to a question that is open."""

    def __init__(self, _: Path) -> None:
        super().__init__(reply, REPLY_TYPE)
        self.line = PaperLine(self.loop)
        self.requests = Requests(self.line.voice, HUB_KEYS)

    def knock(self, payload: bytes) -> None:
        self.requests.told(payload)

    def kept(self) -> object:
        return self.requests.open

    def prove(self) -> None:
        async def asked() -> Answered:
            asking = asyncio.create_task(self.requests.ask(TimeAsked(), _ID))
            await asyncio.sleep(0.1)
            for word in self._astray:
                self.requests.told(word)
            self.requests.told(reply())
            return await asking

        assert self.loop.run_until_complete(asked()).reply.answer == TimeTold()


DOORS: Final[dict[str, Callable[[Path], Door]]] = {
    "receipt": ReceiptLane,
    "document": DocumentLane,
    "order": OrderLane,
    "keyring": KeyringLane,
    "reply": ReplyLane,
}
