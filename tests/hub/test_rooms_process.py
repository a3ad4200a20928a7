"""A hub in a process of its own, behind a real broker: asked, ordering, heard, backed up and brought back."""

import json
import queue
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cloud_sync.contract.orders import ORDER_TYPE, CloseDoors, Order
from cloud_sync.contract.receipt import RECEIPT_TYPE, Receipt
from cloud_sync.contract.requests import (
    REPLY_TYPE,
    REQUEST_TYPE,
    Ask,
    CommandDone,
    Noted,
    Reply,
    Request,
    TimeAsked,
    TimeTold,
)
from cloud_sync.contract.signing import SoftwareKey, seal, unseal
from cloud_sync.contract.telemetry import TelemetryItem, TelemetryPiece, pack_piece
from cloud_sync.hub.folder import Folder
from cloud_sync.hub.store import database, schema
from cloud_sync.mqtt import Line, Message, Outgoing
from tests.hub.hub_processes import DEADLINE_S, OPOS, Broker, HubProcess, eventually, free_port
from tests.hub.hub_world import PaperJournal


class Asker:
    """An object's end of its other lanes: it asks, hears orders, and tells of touches."""

    def __init__(self, journal: PaperJournal, hub: HubProcess) -> None:
        self.journal, self.hub = journal, hub
        self.heard: queue.Queue[Message] = queue.Queue()
        online = threading.Event()
        address = journal.address
        self.line = Line(
            host="127.0.0.1",
            port=hub.broker_port,
            client_id=f"asker-{id(self)}",
            on_message=self.heard.put,
            on_link=lambda up: (online.set if up else online.clear)(),
            subscriptions=(address.down("reply"), address.down("command"), address.down("receipt")),
        )
        self.line.start()
        assert online.wait(DEADLINE_S)

    def ask(self, ask: Ask, request_id: str) -> Reply:
        request = Request(self.journal.address.object, request_id, 1, ask)
        jws = seal(self.journal.key, REQUEST_TYPE, request).encode("ascii")
        self.line.publish(Outgoing(self.journal.address.up("request"), jws, expiry_s=30))
        return unseal(self.next("reply"), REPLY_TYPE, self.hub.trusted("receipt"), Reply)

    def order(self) -> Order:
        return unseal(self.next("command"), ORDER_TYPE, self.hub.trusted("documents"), Order)

    def receipt(self, first: int) -> Receipt:
        """The answer to all entries from `first` on."""
        frame = self.journal.frame(first, len(self.journal.entries))
        self.line.publish(Outgoing(self.journal.topic, frame))
        return unseal(self.next("receipt"), RECEIPT_TYPE, self.hub.trusted("receipt"), Receipt)

    def touch(self) -> None:
        item = TelemetryItem(1, "touch", 1_750_000_000_000, b"{}")
        piece = TelemetryPiece(self.journal.address.object, "lane-one", 0, 0, (item,))
        payload = pack_piece(piece)
        self.line.publish(Outgoing(self.journal.address.up("telemetry"), payload, qos=0))

    def next(self, lane: str) -> str:
        """The next message of a lane."""
        while True:
            message = self.heard.get(timeout=DEADLINE_S)
            if message.topic == self.journal.address.root + f"/dn/{lane}":
                return message.payload.decode("ascii")

    def close(self) -> None:
        self.line.stop()


class HubAgain(HubProcess):
    """A hub that nobody makes: it comes back from a backup."""

    def __init__(self, path: Path, broker_port: int) -> None:
        self.path, self.broker_port, self.port = path, broker_port, free_port()
        self._process = None
        self.log = path.with_suffix(".log")


@pytest.fixture
def journal() -> PaperJournal:
    paper = PaperJournal("mirror-4", SoftwareKey.generate())
    paper.begin()
    return paper


@pytest.fixture
def asker(shop_hub: HubProcess, journal: PaperJournal) -> Iterator[Asker]:
    shop_hub.admit(journal)
    shop_hub.start()
    eventually(shop_hub.hears_broker, "the hub hears the broker")
    end = Asker(journal, shop_hub)
    yield end
    end.close()


def rows(hub: HubProcess, name: str) -> list[Any]:
    store = database.connect(Folder(hub.path).database)
    try:
        with store.reading() as connection:
            return list(connection.execute(schema.metadata.tables[name].select()))
    finally:
        store.close()


def test_an_object_asks_obeys_and_tells_over_a_real_broker(asker: Asker, shop_hub: HubProcess) -> None:
    told = asker.ask(TimeAsked(), "question-number-1")
    assert isinstance(told.answer, TimeTold)

    words = ["hub", "order", "mirror-4", "close-doors", "--dir", str(shop_hub.path), "--wait", "--json"]
    waiting = subprocess.Popen([*OPOS, *words], stdout=subprocess.PIPE)
    order = asker.order()
    done = asker.ask(CommandDone(order.id, ok=True, sentence="closed"), "question-number-2")
    said, _ = waiting.communicate(timeout=DEADLINE_S)

    assert (order.do, done.answer) == (CloseDoors(), Noted())
    assert waiting.returncode == 0
    assert json.loads(said)["sentence"] == "closed"

    asker.touch()
    eventually(lambda: len(rows(shop_hub, "telemetry")) == 1, "the touch is kept")


def test_a_hub_that_died_comes_back_from_yesterday_and_gets_today_again(
    asker: Asker, shop_hub: HubProcess, broker: Broker, tmp_path: Path
) -> None:
    before = asker.receipt(1)
    shop_hub.command("backup", "--to", str(tmp_path / "yesterday"), "--with-keys")
    asker.journal.sell("09520001100307", 1, 3450)
    today = asker.receipt(3)
    shop_hub.kill()

    back = HubAgain(tmp_path / "new", broker.port)
    back.command("restore", str(tmp_path / "yesterday"))
    back.start()
    try:
        eventually(back.hears_broker, "the restored hub hears the broker")
        asker.journal.sell("09520001100307", 1, 3450)
        gap = asker.receipt(4)
        full = asker.receipt(gap.seq + 1)
        eventually(lambda: back.figures()["sales"] == {"mirror-4": 2}, "both sales count once")
    finally:
        back.kill()

    assert (before.seq, before.safe, today.seq, today.safe) == (2, 0, 3, 2)
    assert (gap.seq, gap.safe, full.seq, full.safe) == (2, 2, 4, 2)
    assert gap.generation == full.generation > today.generation
