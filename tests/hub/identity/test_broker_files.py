"""A real Mosquitto that is run by our files: each object has its own topics, and who is put out is cut."""

import queue
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from cloud_sync.contract import topics
from cloud_sync.contract.enrolment import Enrolled
from cloud_sync.contract.topics import Address
from cloud_sync.hub.documents.publisher import Publisher
from cloud_sync.hub.folder import Folder
from cloud_sync.hub.identity.authority import Where, make_authority, where_of
from cloud_sync.hub.identity.broker_files import BrokerFiles, Refreshed, access_list, refresh_broker
from cloud_sync.hub.identity.revoking import Revocation, revoke
from cloud_sync.hub.store.database import Store
from cloud_sync.mqtt import Line, Message, Outgoing
from cloud_sync.security import PinnedSecurity
from tests.hub.hub_processes import DEADLINE_S, MOSQUITTO, eventually, free_port, listens
from tests.hub.identity.door import SITE, TENANT, Door, Newcomer

MIRROR, SHELF = Address(TENANT, SITE, "mirror-4"), Address(TENANT, SITE, "shelf-b12")


class Speaker:
    """One end of a line at the broker, with a certificate of its own."""

    def __init__(self, name: str, port: int, root: str, chain: Path, key: Path, *heard: str) -> None:
        self.heard: queue.Queue[Message] = queue.Queue()
        self.online, self.cut = threading.Event(), threading.Event()
        self.line = Line(
            host="localhost",
            port=port,
            client_id=name,
            on_message=self.heard.put,
            on_link=lambda up: (self.online if up else self.cut).set(),
            subscriptions=heard,
            security=PinnedSecurity(root, chain, key),
        )
        self.line.start()

    def say(self, topic: str, text: str) -> None:
        assert self.online.wait(DEADLINE_S)
        assert self.line.publish(Outgoing(topic, text.encode()), DEADLINE_S)

    def next(self) -> tuple[str, str]:
        message = self.heard.get(timeout=DEADLINE_S)
        return message.topic, message.payload.decode()


class Shop:
    """A broker by our files, the hub's end of it, and as many objects as were let in."""

    def __init__(self, door: Door, path: Path) -> None:
        self.door, self.path = door, path
        self.port = where_of(door.folder).broker_port
        self.root = (door.folder.tls / "root.crt").read_text()
        self._speakers: list[Speaker] = []
        with (path / "mosquitto.log").open("wb") as log:
            command = [str(MOSQUITTO), "-c", str(door.folder.broker / "mosquitto.conf")]
            self._broker = subprocess.Popen(command, stdout=log, stderr=log)
        eventually(lambda: listens(self.port), "Mosquitto listens")
        self._closing = threading.Event()
        keeper = BrokerFiles(door.folder, door.store, door.clock)
        self._keeper = threading.Thread(target=keeper.work, args=(self._closing,))
        self._keeper.start()
        # Only one that has answered hears signals: before, a SIGHUP ends it.
        self.hub()

    def hub(self, *heard: str) -> Speaker:
        tls = self.door.folder.tls
        speaker = self._speak(f"hub-{len(self._speakers)}", tls / "hub.crt", tls / "hub.key", heard)
        assert speaker.online.wait(DEADLINE_S)
        return speaker

    def let_in(self, name: str, **options: bool) -> tuple[Newcomer, Enrolled]:
        newcomer = Newcomer()
        with self.reading():
            return newcomer, self.door.enrol(newcomer, name, **options)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """What the block changes, the broker has read at the end.

        Mosquitto forgets a signal that comes while it reads: the hub's second telling is what is waited for.
        """
        yield
        before = self.log().count("Reloading config.")
        eventually(lambda: self.log().count("Reloading config.") > before, "the broker has read its files")

    def connect(self, let_in: tuple[Newcomer, Enrolled], *heard: str) -> Speaker:
        newcomer, enrolled = let_in
        chain, key = self.path / f"{enrolled.object}.crt", self.path / f"{enrolled.object}.key"
        chain.write_text(enrolled.chain)
        form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        key.write_bytes(newcomer.line_key.private_bytes(serialization.Encoding.PEM, *form))
        return self._speak(f"{enrolled.object}-{len(self._speakers)}", chain, key, heard)

    def close(self) -> None:
        self._closing.set()
        self._keeper.join(DEADLINE_S)
        for each in self._speakers:
            each.line.stop()
        self._broker.terminate()
        self._broker.wait(DEADLINE_S)

    def log(self) -> str:
        return (self.path / "mosquitto.log").read_text()

    def _speak(self, name: str, chain: Path, key: Path, heard: tuple[str, ...]) -> Speaker:
        self._speakers.append(Speaker(name, self.port, self.root, chain, key, *heard))
        return self._speakers[-1]


@pytest.fixture
def shop(door: Door, tmp_path: Path) -> Iterator[Shop]:
    where = Where(("localhost", "127.0.0.1", "::1"), free_port(), 8443)
    make_authority(door.folder, where, door.clock())
    door.clock.now_ms = now_ms()
    assert refresh_broker(door.folder, door.store, door.clock()) is Refreshed.WRITTEN
    opened = Shop(door, tmp_path)
    yield opened
    opened.close()


def now_ms() -> int:
    """A real broker compares certificates with a real clock."""
    return time.time_ns() // 1_000_000


def test_an_object_speaks_and_hears_on_its_own_topics_alone(shop: Shop) -> None:
    """What it says elsewhere reaches nobody; what is said to others and to other sites it does not hear."""
    mirror = shop.let_in("mirror-4")
    shop.let_in("shelf-b12")
    keys, documents = topics.keyring(TENANT), topics.document(TENANT, SITE, "prices")
    elsewhere = topics.document(TENANT, "elsewhere", "prices")
    own = (MIRROR.down("receipt"), MIRROR.documents(), keys)
    hub = shop.hub("opos/1/#")
    speaker = shop.connect(mirror, *own, SHELF.down("receipt"), "opos/1/#", elsewhere)

    for topic in (SHELF.up("journal"), MIRROR.down("receipt"), documents, keys):
        speaker.say(topic, "not mine")
    speaker.say(MIRROR.up("journal"), "mine")
    assert hub.next() == (MIRROR.up("journal"), "mine")

    for topic in (SHELF.down("receipt"), elsewhere, SHELF.up("journal")):
        hub.say(topic, "not for you")
    hub.say(MIRROR.down("receipt"), "for you")
    hub.say(documents, "for your site")
    hub.say(keys, "for your tenant")
    mine = {
        (MIRROR.down("receipt"), "for you"),
        (documents, "for your site"),
        (keys, "for your tenant"),
    }
    # Two of its filters fit each of them: a broker may say it twice.
    heard: set[tuple[str, str]] = set()
    while heard != mine:
        heard.add(speaker.next())
        assert heard <= mine


def test_who_is_let_in_while_the_broker_runs_is_heard_at_once(shop: Shop) -> None:
    hub = shop.hub("opos/1/#")
    speaker = shop.connect(shop.let_in("mirror-4"), MIRROR.down("receipt"))
    speaker.say(MIRROR.up("journal"), "hello")
    assert hub.next() == (MIRROR.up("journal"), "hello")


def test_who_is_put_out_is_not_heard_any_more_and_cannot_come_back_and_the_others_do_not_notice(
    shop: Shop,
) -> None:
    mirror, shelf = shop.let_in("mirror-4"), shop.let_in("shelf-b12")
    hub = shop.hub("opos/1/#")
    lost, honest = shop.connect(mirror, MIRROR.down("receipt")), shop.connect(shelf, SHELF.down("receipt"))
    lost.say(MIRROR.up("journal"), "before")
    assert hub.next() == (MIRROR.up("journal"), "before")
    assert honest.online.wait(DEADLINE_S)

    order = Revocation("mirror-4", "it was stolen")
    with shop.reading():
        done = revoke(shop.door.store, shop.door.folder, order, shop.door.clock())
    assert done.broker is Refreshed.TOLD
    again = shop.connect(mirror, MIRROR.down("receipt"))
    eventually(lambda: "certificate verify failed" in shop.log(), "the broker refuses the certificate")
    lost.say(MIRROR.up("journal"), "after")
    honest.say(SHELF.up("journal"), "still here")
    assert hub.next() == (SHELF.up("journal"), "still here")
    hub.say(MIRROR.down("receipt"), "not for you any more")
    hub.say(SHELF.down("receipt"), "for you")
    assert honest.next() == (SHELF.down("receipt"), "for you")
    assert lost.heard.empty()
    assert not again.online.is_set()
    assert not honest.cut.is_set()


def test_a_new_board_puts_out_the_old_one(shop: Shop) -> None:
    old = shop.let_in("mirror-4")
    shop.door.clock.now_ms += 60_000
    new = shop.let_in("mirror-4", replace=True)
    hub = shop.hub("opos/1/#")
    shop.connect(old)
    eventually(lambda: "certificate verify failed" in shop.log(), "the broker refuses the old board")
    speaker = shop.connect(new)
    speaker.say(MIRROR.up("journal"), "the new one")
    assert hub.next() == (MIRROR.up("journal"), "the new one")


def test_a_stranger_with_a_certificate_of_another_hub_does_not_get_in(
    shop: Shop, tmp_path_factory: pytest.TempPathFactory
) -> None:
    foreign = Folder(tmp_path_factory.mktemp("foreign"))
    foreign.make_keys()
    make_authority(foreign, where_of(shop.door.folder), shop.door.clock())
    stranger = shop._speak("stranger", foreign.tls / "hub.crt", foreign.tls / "hub.key", ("opos/1/#",))
    eventually(lambda: "certificate verify failed" in shop.log(), "the broker refuses the stranger")
    assert not stranger.online.is_set()


def test_an_object_hears_of_a_new_keyring_when_it_connects(shop: Shop) -> None:
    mirror = shop.let_in("mirror-4")
    hub, publisher = shop.hub(), Publisher(shop.door.store)
    publisher.say(lambda outgoing: hub.line.publish(outgoing, DEADLINE_S))
    speaker = shop.connect(mirror, topics.keyring(TENANT))
    assert speaker.next() == (topics.keyring(TENANT), mirror[1].keyring)


def test_the_files_are_the_same_until_something_changes(door: Door) -> None:
    def refreshed() -> Refreshed:
        return refresh_broker(door.folder, door.store, door.clock())

    assert refreshed() is Refreshed.WRITTEN
    assert refreshed() is Refreshed.SAME
    door.enrol(Newcomer())
    assert refreshed() is Refreshed.SAME  # enrolment has written them itself
    door.clock.now_ms += 300 * 24 * 60 * 60_000
    assert refreshed() is Refreshed.WRITTEN  # the broker's own certificate was in its last third
    assert refreshed() is Refreshed.SAME


def test_a_number_that_a_broker_left_behind_is_not_another_programs_business(door: Door) -> None:
    (door.folder.broker / "mosquitto.pid").write_text("1\n")
    assert refresh_broker(door.folder, door.store, door.clock()) is Refreshed.WRITTEN


def test_a_hub_without_certificates_has_no_broker_to_tell(store: Store, tmp_path: Path) -> None:
    bare = Folder(tmp_path / "bare")
    bare.make_keys()
    assert refresh_broker(bare, store, 1) is Refreshed.NOWHERE


def test_the_worker_writes_what_another_process_has_changed(door: Door) -> None:
    closing = threading.Event()
    files = BrokerFiles(door.folder, door.store, door.clock)
    worker = threading.Thread(target=files.work, args=(closing,))
    worker.start()
    eventually((door.folder.broker / "acl").exists, "the files are written")
    closing.set()
    worker.join(DEADLINE_S)
    assert not worker.is_alive()


CONFUSING = [
    (Address("a.b", "c", "d"), Address("a", "b.c", "e")),
    (Address("a", "b", "c.d"), Address("a", "b", "c")),
]


@pytest.mark.parametrize(("one", "other"), CONFUSING)
def test_names_with_dots_are_not_taken_for_one_another(one: Address, other: Address) -> None:
    rules = access_list([one, other]).split("user ")
    mine = next(rule for rule in rules if rule.startswith(f"{one.object}\n"))
    assert one.root in mine
    assert other.root not in mine.replace(one.root, "")
