"""A real Mosquitto by our files, a hub behind it, and an insider with a true certificate and his own client.

What he says reaches at most his own journal; his neighbour's goes on, and a good batch has its receipt.
"""

import queue
import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from cloud_sync.contract.enrolment import Enrolled
from cloud_sync.contract.receipt import RECEIPT_TYPE, Receipt
from cloud_sync.contract.signing import SoftwareKey, Verifier, unseal
from cloud_sync.contract.topics import PAYLOAD_BYTES_MAX
from cloud_sync.hub.identity.revoking import Revocation, revoke
from cloud_sync.hub.ingest.intake import Intake
from cloud_sync.mqtt import Outgoing
from tests.hostile.bending import BOMBS
from tests.hub.hub_processes import DEADLINE_S, eventually
from tests.hub.hub_world import PaperJournal
from tests.hub.identity.door import Newcomer
from tests.hub.identity.test_broker_files import MIRROR, SHELF, Shop, Speaker, now_ms

LetIn = tuple[Newcomer, Enrolled]


def journal_of(let_in: LetIn) -> PaperJournal:
    newcomer, enrolled = let_in
    journal = PaperJournal(enrolled.object, newcomer.key)
    journal.begin()
    return journal


class HubOnTheLine:
    """The hub's intake behind the broker: what it hears is taken, what it answers is published."""

    def __init__(self, shop: Shop) -> None:
        self.key = SoftwareKey.generate()
        self.intake = Intake(shop.door.store, self.key, shop.door.clock)
        self.heard: list[tuple[str, int]] = []
        self._speaker: Speaker = shop.hub("opos/1/+/+/+/+/up/+")

    def take(self) -> None:
        """Take one message, and answer it."""
        message = self._speaker.heard.get(timeout=DEADLINE_S)
        self.heard.append((message.topic, len(message.payload)))
        answer = self.intake.take(message.topic, message.payload).answer
        if answer is not None:
            assert self._speaker.line.publish(Outgoing(answer.topic, answer.jws.encode()), DEADLINE_S)

    def receipt(self, payload: bytes) -> Receipt:
        keys = {self.key.public.kid: Verifier(self.key.public)}
        return unseal(payload.decode(), RECEIPT_TYPE, keys, Receipt)


class OwnClient:
    """An MQTT client that keeps to none of our limits."""

    def __init__(self, shop: Shop, let_in: LetIn, path: Path) -> None:
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2, "insider", protocol=MQTTProtocolVersion.MQTTv5
        )
        self._client.tls_set_context(context_of(shop, let_in, path))
        self.gone: queue.Queue[str] = queue.Queue()
        self._client.on_disconnect = lambda *said: self.gone.put(str(said[3]))
        self._client.connect("localhost", shop.port)
        self._client.loop_start()

    def say(self, topic: str, payload: bytes) -> None:
        self._client.publish(topic, payload, qos=1).wait_for_publish(DEADLINE_S)

    def shout(self, topic: str, payload: bytes) -> None:
        """Say it without waiting for an answer."""
        self._client.publish(topic, payload, qos=1)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def context_of(shop: Shop, let_in: LetIn, path: Path) -> ssl.SSLContext:
    """What somebody who has copied an object's files can show."""
    newcomer, enrolled = let_in
    chain, key = path / "stolen.crt", path / "stolen.key"
    chain.write_text(enrolled.chain)
    form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    key.write_bytes(newcomer.line_key.private_bytes(serialization.Encoding.PEM, *form))
    context = ssl.create_default_context(cadata=shop.root)
    context.load_cert_chain(chain, key)
    return context


@pytest.fixture
def insider(shop: Shop, tmp_path: Path) -> Iterator[OwnClient]:
    client = OwnClient(shop, shop.let_in("shelf-b12"), tmp_path)
    yield client
    client.close()


def test_an_insider_harms_no_neighbour_whatever_he_says(shop: Shop, insider: OwnClient) -> None:
    let_in = shop.let_in("mirror-4")
    journal, hub = journal_of(let_in), HubOnTheLine(shop)
    mirror = shop.connect(let_in, MIRROR.down("receipt"))
    forged = PaperJournal("mirror-4", SoftwareKey.generate())
    forged.begin()
    own, theirs = SHELF.up("journal"), MIRROR.up("journal")

    # Elsewhere: the broker lets none of it pass.
    insider.say(theirs, forged.frame(1, 2))
    insider.say(theirs, journal.frame(1, 2))
    insider.say(MIRROR.down("receipt"), b"all of it is safe")
    # On his own topic: it comes, and is refused, counted and alarmed.
    for payload in (forged.frame(1, 2), journal.frame(1, 2), BOMBS[0], b"", bytes(PAYLOAD_BYTES_MAX)):
        insider.say(own, payload)
        hub.take()

    mirror.line.publish(Outgoing(theirs, journal.frame(1, 2)), DEADLINE_S)
    hub.take()
    topic, said = mirror.next()
    assert (topic, hub.receipt(said.encode()).seq) == (MIRROR.down("receipt"), 2)
    assert [where for where, _ in hub.heard] == [own] * 5 + [theirs]
    assert {subject for kind, subject in shop.door.alarms() if kind != "enrolment"} == {"shelf-b12"}
    assert sum(shop.door.alarms().values()) == 5


def test_what_is_larger_than_any_word_of_ours_never_reaches_the_hub(shop: Shop, insider: OwnClient) -> None:
    let_in = shop.let_in("mirror-4")
    journal, hub = journal_of(let_in), HubOnTheLine(shop)
    insider.shout(SHELF.up("journal"), bytes(8 * PAYLOAD_BYTES_MAX))
    insider.gone.get(timeout=DEADLINE_S)  # the broker hangs up on him

    mirror = shop.connect(let_in, MIRROR.down("receipt"))
    mirror.say(MIRROR.up("journal"), "")
    hub.take()
    assert mirror.line.publish(Outgoing(MIRROR.up("journal"), journal.frame(1, 2)), DEADLINE_S)
    hub.take()
    assert hub.receipt(mirror.next()[1].encode()).seq == 2
    assert max(size for _, size in hub.heard) <= PAYLOAD_BYTES_MAX


def test_what_was_recorded_before_a_theft_cannot_be_said_after_it(shop: Shop, insider: OwnClient) -> None:
    """A stolen object's certificate and frames are of no use from the moment that it is put out."""
    hub = HubOnTheLine(shop)
    insider.say(SHELF.up("state"), b"before")
    eventually(lambda: hub._speaker.heard.qsize() == 1, "the hub hears it")
    with shop.reading():
        revoke(shop.door.store, shop.door.folder, Revocation("shelf-b12", "stolen"), shop.door.clock())
    insider.say(SHELF.up("state"), b"after")
    assert hub._speaker.heard.get(timeout=DEADLINE_S).payload == b"before"
    assert hub._speaker.heard.empty()


def refused(shop: Shop, context: ssl.SSLContext) -> str:
    """Why the broker does not talk to somebody; with TLS 1.3 it says so with the first byte that is read."""
    try:
        with (
            socket.create_connection(("localhost", shop.port), timeout=DEADLINE_S) as near,
            context.wrap_socket(near, server_hostname="localhost") as secret,
        ):
            secret.settimeout(DEADLINE_S)
            secret.sendall(bytes.fromhex("100e00044d5154540502003c00000178"))
            return "" if secret.recv(64) else "hung up"
    except ssl.SSLError as error:
        return str(error)
    except ConnectionError:
        return "hung up"


def test_a_certificate_that_has_ended_or_is_none_or_an_old_protocol_opens_nothing(
    shop: Shop, tmp_path: Path
) -> None:
    present = shop.let_in("mirror-4")
    assert refused(shop, context_of(shop, present, tmp_path)) == ""

    old = context_of(shop, present, tmp_path)
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    assert refused(shop, old)
    assert refused(shop, ssl.create_default_context(cadata=shop.root))

    shop.door.clock.now_ms = now_ms() - 120 * 24 * 3600 * 1000
    ended = shop.let_in("shelf-b12")
    shop.door.clock.now_ms = time.time_ns() // 1_000_000
    stale, said = context_of(shop, ended, tmp_path), set[str]()

    def says_why() -> bool:
        """The broker hangs up at once; its reason is sometimes lost with the connection."""
        said.add(refused(shop, stale))
        return any("certificate expired" in each for each in said)

    eventually(says_why, "the broker says why")
    assert "" not in said
