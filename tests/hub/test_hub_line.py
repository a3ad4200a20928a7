"""The hub's desk and its publisher on the line, with a line that listens in place of a broker."""

import random
import threading
from collections.abc import Callable, Iterable, Iterator

import pytest

from cloud_sync.contract.encoding import encode
from cloud_sync.contract.receipt import RECEIPT_TYPE, Receipt
from cloud_sync.contract.signing import SoftwareKey, Verifier, unseal
from cloud_sync.contract.state import ObjectState
from cloud_sync.contract.topics import document, partition
from cloud_sync.hub.documents.edition import Press, Site
from cloud_sync.hub.documents.publisher import Publisher
from cloud_sync.hub.ingest.desk import WAITING_MAX, Desk
from cloud_sync.hub.ingest.leases import Leases
from cloud_sync.hub.ingest.presence import Presence
from cloud_sync.hub.ingest.tray import WAITING_MAX as TRAY_MAX
from cloud_sync.hub.ingest.tray import Tray
from cloud_sync.hub.store.questions import figures
from cloud_sync.mqtt import Message, Outgoing
from tests.hub.hub_world import SITE, TENANT, Ear, HubWorld, PaperJournal

DEADLINE_S = 30.0


class OpenDesk:
    """A desk at work in a thread of its own, with a line that listens."""

    def __init__(self, hub: HubWorld) -> None:
        self.ear, self.appended, self.closing = Ear(), threading.Event(), threading.Event()
        self.desk = Desk(hub.intake, Presence(hub.store, hub.clock), self.appended)
        self.thread = threading.Thread(target=self.desk.work, args=(self.ear, self.closing), daemon=True)

    def say(self, topic: str, payload: bytes, *, retained: bool = False) -> None:
        self.desk.post(Message(topic, payload, retained))

    def close(self) -> None:
        self.closing.set()
        self.thread.join(DEADLINE_S)
        assert not self.thread.is_alive()


def eventually(true: Callable[[], bool]) -> None:
    """Wait until `true`, and no longer than the deadline."""
    pause, left = threading.Event(), int(DEADLINE_S / 0.01)
    while not true():
        assert left, "it did not come true in time"
        left -= 1
        pause.wait(0.01)


@pytest.fixture
def desk(hub: HubWorld) -> OpenDesk:
    return OpenDesk(hub)


def receipts(hub: HubWorld, ear: Ear) -> list[tuple[str, int]]:
    """The topic and seq of all receipts that were said."""
    keys = {hub.receipt_key.public.kid: Verifier(hub.receipt_key.public)}
    return [
        (said.topic, unseal(said.payload.decode(), RECEIPT_TYPE, keys, Receipt).seq) for said in ear.heard
    ]


def test_each_batch_on_the_desk_is_answered_in_its_turn(
    hub: HubWorld, mirror: PaperJournal, shelf: PaperJournal, desk: OpenDesk
) -> None:
    desk.say(mirror.topic, mirror.frame(1, 2))
    desk.say(shelf.topic, b"garbage")
    desk.say(shelf.topic, shelf.frame(1, 2))
    desk.say(mirror.topic, mirror.frame(1, 3))
    desk.thread.start()
    eventually(lambda: len(desk.ear.heard) == 2)
    desk.close()

    # What waited together is one group, in which the last receipt of a journal is for all of it.
    up, down = mirror.address.down("receipt"), shelf.address.down("receipt")
    assert receipts(hub, desk.ear) == [(down, 2), (up, 3)]
    assert {(said.qos, said.retain) for said in desk.ear.heard} == {(1, False)}
    assert desk.appended.is_set()


def test_a_receipt_that_nobody_took_is_said_again_when_the_object_asks_again(
    hub: HubWorld, mirror: PaperJournal, desk: OpenDesk
) -> None:
    desk.ear.deaf = True
    desk.thread.start()
    desk.say(mirror.topic, mirror.frame(1, 3))
    eventually(lambda: len(hub.kept(mirror)) == 3)
    desk.ear.deaf = False
    desk.say(mirror.topic, mirror.frame(1, 3))
    eventually(lambda: bool(desk.ear.heard))
    desk.close()

    assert receipts(hub, desk.ear)[-1] == (mirror.address.down("receipt"), 3)


def test_states_and_journals_share_the_desk(hub: HubWorld, mirror: PaperJournal, desk: OpenDesk) -> None:
    desk.thread.start()
    desk.say(mirror.address.up("state"), encode(ObjectState(True, "e1", 3, 0, 1)), retained=True)
    desk.say(mirror.topic, mirror.frame(1, 3))
    eventually(lambda: bool(desk.ear.heard))
    desk.close()

    assert hub.rows("presence") == [("mirror-4", 1, "e1", 3, 0, 0)]


def test_a_full_desk_takes_no_more_than_its_limit(
    mirror: PaperJournal, desk: OpenDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cloud_sync.hub.ingest.desk._PATIENCE_S", 0.01)
    for _ in range(WAITING_MAX + 3):
        desk.say(mirror.topic, b"x")

    assert desk.desk._waiting.qsize() == WAITING_MAX


def test_what_is_of_another_workers_partition_is_left_to_that_one(
    hub: HubWorld, mirror: PaperJournal, shelf: PaperJournal, desk: OpenDesk
) -> None:
    tokens = Leases(hub.store, "this worker", hub.clock).hold()
    del tokens[partition(shelf.address.object)]
    desk.desk.leased(tokens)
    desk.say(shelf.topic, shelf.frame(1, 2))
    desk.say(mirror.topic, mirror.frame(1, 3))
    desk.thread.start()
    eventually(lambda: bool(desk.ear.heard))
    desk.close()

    assert receipts(hub, desk.ear) == [(mirror.address.down("receipt"), 3)]
    assert hub.kept(shelf) == []


def test_a_desk_is_busy_while_a_backlog_comes_and_for_a_breath(mirror: PaperJournal, desk: OpenDesk) -> None:
    desk.thread.start()
    desk.say(mirror.topic, mirror.frame(1, 3))
    eventually(lambda: bool(desk.ear.heard))
    assert not desk.desk.busy
    luck = random.Random(1)
    for _ in range(40):
        mirror.sell(luck.randbytes(200).hex(), 1, 1)
    desk.say(mirror.topic, mirror.frame(4, 43))
    eventually(lambda: desk.desk.busy)
    eventually(lambda: not desk.desk.busy)
    desk.close()


def test_figures_rest_while_the_desk_is_busy_and_follow_all_the_same(
    hub: HubWorld, mirror: PaperJournal, shelf: PaperJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cloud_sync.hub.projections.projector._GLANCE_S", 0.001)
    monkeypatch.setattr("cloud_sync.hub.projections.projector._REST_S", 0.003)
    for journal in (mirror, shelf):
        hub.send(journal, 1)
    appended, closing, glances = threading.Event(), threading.Event(), []

    def always() -> bool:
        with hub.store.reading() as connection:
            glances.append(figures(connection).pending)
        if not glances[-1]:
            closing.set()
        return True

    hub.projector.work(appended, closing, always)

    assert glances[:3] == [5, 5, 5]
    assert glances[-1] == 0


def test_of_states_that_waited_the_last_one_counts(
    mirror: PaperJournal, desk: OpenDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[bytes] = []

    def take_many(messages: Iterable[Message]) -> None:
        taken.extend(each.payload for each in messages)
        assert [each.topic for each in messages] == [mirror.address.up("state")]

    monkeypatch.setattr(desk.desk._presence, "take_many", take_many)
    for head in range(1, 51):
        desk.say(mirror.address.up("state"), b"%d" % head)
    desk.thread.start()
    eventually(lambda: bool(taken))
    desk.close()

    assert taken == [b"50"]


class OpenTray:
    """A tray at work in threads of its own; what it takes can be held up."""

    def __init__(self) -> None:
        self.free, self.closing, self.ear = threading.Event(), threading.Event(), Ear()
        self.tray = Tray("questions", self.take)
        self.threads = [
            threading.Thread(target=self.tray.work, args=(self.ear, self.closing)) for _ in range(2)
        ]
        for thread in self.threads:
            thread.start()

    def take(self, topic: str, payload: bytes) -> Outgoing | None:
        self.free.wait(DEADLINE_S)
        return Outgoing(topic, payload) if payload else None

    def close(self) -> None:
        self.free.set()
        self.closing.set()
        for thread in self.threads:
            thread.join(DEADLINE_S)


@pytest.fixture
def tray() -> Iterator[OpenTray]:
    opened = OpenTray()
    yield opened
    opened.close()


def test_what_is_on_a_tray_is_answered_if_there_is_an_answer(tray: OpenTray) -> None:
    tray.free.set()
    for payload in (b"one", b"", b"two"):
        tray.tray.post(Message("t/up/request", payload, False))
    eventually(lambda: len(tray.ear.heard) == 2)

    assert {said.payload for said in tray.ear.heard} == {b"one", b"two"}


def test_a_full_tray_drops_and_complains_once(tray: OpenTray, caplog: pytest.LogCaptureFixture) -> None:
    for number in range(TRAY_MAX + 50):
        tray.tray.post(Message("t/up/request", b"%d" % number, False))
    tray.free.set()
    eventually(lambda: not tray.tray._waiting.qsize())

    assert [record.getMessage() for record in caplog.records] == ["too many questions wait: some are dropped"]
    assert TRAY_MAX <= len(tray.ear.heard) <= TRAY_MAX + 2  # and two were in the threads' hands


def issue(hub: HubWorld, name: str, data: bytes) -> None:
    with hub.store.writing() as connection:
        Press(connection, SoftwareKey.generate(), Site(TENANT, SITE), 1).issue(name, data)


def test_manifests_are_said_once_and_again_after_each_connect_and_change(hub: HubWorld) -> None:
    publisher, ear = Publisher(hub.store), Ear()
    prices, deliveries = document(TENANT, SITE, "prices"), document(TENANT, SITE, "deliveries")
    issue(hub, "prices", b"one")
    issue(hub, "deliveries", b"two")

    said = []
    for change in (None, None, lambda: issue(hub, "prices", b"three"), publisher.connected, None):
        if change:
            change()
        publisher.say(ear)
        said.append([each.topic for each in ear.heard])
        ear.heard.clear()

    assert [sorted(each) for each in said] == [
        [deliveries, prices],
        [],
        [prices],
        [deliveries, prices],
        [],
    ]


def test_a_manifest_that_nobody_took_is_said_next_time(hub: HubWorld) -> None:
    publisher, ear = Publisher(hub.store), Ear()
    issue(hub, "prices", b"one")
    ear.deaf = True
    publisher.say(ear)
    ear.deaf = False
    publisher.say(ear)

    assert [(said.topic, said.retain, said.qos) for said in ear.heard] == [
        (document(TENANT, SITE, "prices"), True, 1)
    ]
