"""The hub as it runs in a shop: one process, a real Mosquitto, signals, kills and a port that is taken."""

import shutil
import signal
import socket
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cloud_sync.contract.documents import MANIFEST_TYPE, Manifest
from cloud_sync.contract.encoding import encode
from cloud_sync.contract.signing import SoftwareKey, unseal
from cloud_sync.contract.state import ObjectState
from cloud_sync.mqtt import Outgoing
from tests.hub.hub_processes import (
    DEADLINE_S,
    MOSQUITTO,
    SHOP,
    Broker,
    HubProcess,
    ObjectEnd,
    eventually,
    free_port,
)
from tests.hub.hub_world import COFFEE, COFFEE_MINOR, SCARF, SCARF_MINOR, PaperJournal

pytestmark = pytest.mark.skipif(not MOSQUITTO.exists(), reason="Mosquitto is not installed")


@pytest.fixture
def journal(keys: list[SoftwareKey]) -> PaperJournal:
    written = PaperJournal("mirror-4", keys[2])
    written.begin()
    return written


@pytest.fixture
def end(shop_hub: HubProcess, journal: PaperJournal) -> Iterator[ObjectEnd]:
    shop_hub.admit(journal)
    shop_hub.start()
    eventually(shop_hub.hears_broker, "the hub hears the broker")
    line = ObjectEnd(journal, shop_hub)
    yield line
    line.close()


def test_a_sale_reaches_the_figures_and_its_receipt_the_object(
    shop_hub: HubProcess, journal: PaperJournal, end: ObjectEnd
) -> None:
    journal.sell(SCARF, 1, SCARF_MINOR)
    state = ObjectState(online=True, epoch="e1", head=3, acked=0, at_ms=1)
    end.line.publish(Outgoing(journal.address.up("state"), encode(state), retain=True))
    end.drain()
    eventually(lambda: shop_hub.figures()["pending"] == 0, "the sale is counted")

    figures = shop_hub.figures()
    name = journal.address.object
    assert (figures["sales"], figures["acked"]) == ({name: 1}, {name: 3})
    assert figures["money"] == {"EUR": SCARF_MINOR}
    assert figures["stock"][SCARF] == 3
    (standing,) = shop_hub.get("/api/objects").json()
    assert standing["online"] is True
    assert shop_hub.get("/healthz").json() == {"ok": True, "broker": True, "generation": 1}
    assert "€34" in shop_hub.get("/").text


def _manifests(end: ObjectEnd, hub: HubProcess, count: int) -> dict[str, Manifest]:
    """The next `count` manifests that come, the signature of each checked."""
    trusted = hub.trusted("documents")
    told: dict[str, Manifest] = {}
    while len(told) < count:
        message = end.heard.get(timeout=DEADLINE_S)
        if "/dn/document/" in message.topic:
            told[message.topic] = unseal(message.payload.decode(), MANIFEST_TYPE, trusted, Manifest)
    return told


def test_documents_are_there_for_who_comes_later_and_their_chunks_over_http(
    shop_hub: HubProcess, end: ObjectEnd
) -> None:
    told = _manifests(end, shop_hub, 2)

    assert sorted(manifest.name for manifest in told.values()) == ["deliveries", "prices"]
    for manifest in told.values():
        chunks = [shop_hub.get(f"/chunks/{sha256}").content for sha256 in manifest.chunks]
        assert sum(len(chunk) for chunk in chunks) == manifest.size


def test_a_new_price_reaches_the_objects_while_the_hub_runs(
    shop_hub: HubProcess, end: ObjectEnd, tmp_path: Path
) -> None:
    _manifests(end, shop_hub, 2)
    shop = tmp_path / "shop"
    shutil.copytree(SHOP, shop)
    products = shop / "products.csv"
    products.write_text(products.read_text("utf-8").replace(",3450,", ",2990,"), "utf-8")

    shop_hub.command("import", str(shop))

    (manifest,) = _manifests(end, shop_hub, 1).values()
    assert (manifest.name, manifest.version.n) == ("prices-changes", 2)


def test_a_broker_that_forgot_everything_is_told_the_documents_again(
    shop_hub: HubProcess, broker: Broker, end: ObjectEnd, journal: PaperJournal
) -> None:
    _manifests(end, shop_hub, 2)
    broker.stop()
    eventually(lambda: not shop_hub.hears_broker(), "the hub has seen the broker go")
    broker.start()

    late = ObjectEnd(journal, shop_hub)

    assert len(_manifests(late, shop_hub, 2)) == 2
    late.close()


def test_killed_again_and_again_the_hub_has_every_entry_once(
    shop_hub: HubProcess, journal: PaperJournal, end: ObjectEnd
) -> None:
    for _ in range(8):
        for _ in range(12):
            journal.sell(COFFEE, 1, COFFEE_MINOR)
        end.say(journal.acked + 1, len(journal.entries))
        shop_hub.kill(signal.SIGKILL)
        shop_hub.start()
    end.drain()
    eventually(lambda: shop_hub.figures()["pending"] == 0, "all is counted")

    figures = shop_hub.figures()
    assert figures["sales"] == {journal.address.object: 96}
    assert figures["money"] == {"EUR": 96 * COFFEE_MINOR}
    assert figures["entries"] == 98


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_hub_that_is_told_to_stop_ends_well(shop_hub: HubProcess, number: int) -> None:
    shop_hub.start()
    eventually(shop_hub.hears_broker, "the hub hears the broker")

    assert shop_hub.kill(number) == 0


def test_a_port_that_is_taken_is_one_sentence(shop_hub: HubProcess) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", shop_hub.port))
        other.listen()
        done = subprocess.run(
            shop_hub.words(), capture_output=True, text=True, check=False, timeout=DEADLINE_S
        )

    assert done.returncode == 1
    taken = f"port {shop_hub.port} of 127.0.0.1 is taken by another program"
    assert done.stderr == f"Error: {taken}: choose another one with --port\n"


def test_two_hubs_do_not_run_in_one_directory(shop_hub: HubProcess) -> None:
    shop_hub.start()
    first, shop_hub.port = shop_hub.port, free_port()

    done = subprocess.run(shop_hub.words(), capture_output=True, text=True, check=False, timeout=DEADLINE_S)

    shop_hub.port = first
    assert done.returncode == 1
    assert done.stderr == f"Error: {shop_hub.path}: a hub runs here already: end that one first\n"
    assert shop_hub.get("/healthz").json()["ok"]


def test_a_hub_whose_ingest_dies_ends_and_says_so(
    shop_hub: HubProcess, journal: PaperJournal, end: ObjectEnd
) -> None:
    with closing(sqlite3.connect(shop_hub.path / "hub.db")) as database:
        database.execute(
            "CREATE TRIGGER broken BEFORE INSERT ON frame BEGIN SELECT RAISE(FAIL, 'the disk is gone'); END"
        )
    end.say(1, len(journal.entries))

    assert shop_hub.wait() == 1
    assert "ingest died (see the log): start the hub again" in shop_hub.log.read_text()


def test_a_hub_starts_without_a_broker_and_finds_it_later(tmp_path: Path) -> None:
    broker = Broker(tmp_path, free_port())
    hub = HubProcess(tmp_path / "hub", broker.port)
    try:
        hub.start()
        assert hub.get("/healthz").json() == {"ok": True, "broker": False, "generation": 1}
        broker.start()
        eventually(hub.hears_broker, "the hub hears the broker")
    finally:
        hub.kill()
        broker.stop()
