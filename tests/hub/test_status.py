"""How a hub stands: what is in a backup, who works, what waits, each in a number and in a sentence."""

from pathlib import Path

import msgspec
from sqlalchemy import insert

from cloud_sync.contract.orders import CloseDoors
from cloud_sync.contract.signing import SoftwareKey
from cloud_sync.hub.backup.making import make
from cloud_sync.hub.console.page import Console
from cloud_sync.hub.console.words import kind_of_trouble
from cloud_sync.hub.ingest.leases import Leases
from cloud_sync.hub.orders.giving import give, order_for
from cloud_sync.hub.requests.books import enter
from cloud_sync.hub.requests.payback import Back, begin
from cloud_sync.hub.requests.provider import Attempt
from cloud_sync.hub.status import Status, sentences, status_of
from cloud_sync.hub.store import schema
from tests.hub.hub_world import HubWorld, PaperJournal

DAY_MS = 24 * 3600 * 1000
KEY = SoftwareKey.generate()


def status(hub: HubWorld) -> Status:
    with hub.store.reading() as connection:
        return status_of(connection, hub.clock())


def text(hub: HubWorld) -> str:
    return "\n".join(sentences(status(hub), hub.clock()))


def test_a_new_hub_says_what_it_does_not_have(hub: HubWorld) -> None:
    said = text(hub)

    assert "no object is admitted yet" in said
    assert "no backup was ever made" in said
    assert "nobody, no hub runs" in said
    assert "certificate" not in said


def test_what_no_backup_holds_is_counted(hub: HubWorld, mirror: PaperJournal, tmp_path: Path) -> None:
    hub.send(mirror, 1)
    assert status(hub).hub.unsaved == 3
    make(hub.store, tmp_path / "b", hub.clock())
    mirror.sell("09520001100307", 1, 3450)
    hub.send(mirror, 4)

    health = status(hub).hub

    assert health.unsaved == 1
    assert health.backup is not None
    assert (health.backup.generation, health.backup.entries) == (1, 3)
    assert "the last backup was made just now; entries in none: 1" in text(hub)


def test_who_works_is_known_until_the_lease_ends(hub: HubWorld) -> None:
    Leases(hub.store, "worker-a", hub.clock).hold()
    assert [(each.name, each.partitions) for each in status(hub).hub.workers] == [("worker-a", 64)]
    assert "at work: worker-a (64 partitions)" in text(hub)

    hub.clock.now_ms += 60_000

    assert status(hub).hub.workers == []


def test_orders_and_payments_that_are_open_are_counted(hub: HubWorld, mirror: PaperJournal) -> None:
    give(hub.store, KEY, order_for(mirror.address.object, CloseDoors(), 60, hub.clock()))
    with hub.store.writing() as connection:
        for number, outcome in enumerate(("unknown", "captured", "declined")):
            attempt = Attempt(f"attempt-{number}", mirror.address.object, "paper", 100, "EUR")
            enter(connection, attempt, outcome, hub.clock())  # type: ignore[arg-type]
            if outcome == "captured":
                begin(connection, Back(attempt, "refund-number-1", 40), hub.clock())

    health = status(hub).hub

    assert (health.orders, health.payments) == (1, 2)
    assert "orders that are not obeyed yet: 1" in text(hub)
    assert "payments that are open at their provider: 2" in text(hub)
    hub.clock.now_ms += 60_000
    assert status(hub).hub.orders == 0


def test_a_certificate_that_nobody_renews_is_said_in_time(hub: HubWorld, mirror: PaperJournal) -> None:
    now_ms = hub.clock()
    rows = [("old", 1, None), ("new", 80, None), ("revoked", 90, now_ms)]
    with hub.store.writing() as connection:
        for serial, days, revoked_ms in rows:
            row = {"serial": serial, "dev": mirror.address.object, "pem": "", "revoked_ms": revoked_ms}
            connection.execute(insert(schema.certificate).values(**row, not_after_ms=now_ms + days * DAY_MS))

    assert status(hub).hub.certificate_ends_ms == now_ms + 80 * DAY_MS
    assert "certificate" not in text(hub)
    hub.clock.now_ms += 70 * DAY_MS
    assert "the first certificate of an object ends in 9 days" in text(hub)


def test_the_status_is_json_for_programs(hub: HubWorld, mirror: PaperJournal) -> None:
    hub.send(mirror, 1)

    told = msgspec.json.decode(msgspec.json.encode(status(hub)))

    assert set(told) == {"generation", "hub", "sites", "figures", "objects", "troubles"}
    assert told["hub"]["backup"] is None


def test_the_page_says_how_old_the_last_backup_is(
    hub: HubWorld, mirror: PaperJournal, tmp_path: Path
) -> None:
    console = Console(hub.store, hub.clock, lambda: True)
    assert "There is no backup yet" in console.render()
    hub.send(mirror, 1)
    make(hub.store, tmp_path / "b", hub.clock())
    assert "it holds all of them" in console.render()
    mirror.sell("09520001100307", 1, 3450)
    hub.send(mirror, 4)
    hub.clock.now_ms += DAY_MS

    page = console.render()

    assert "The last backup was made 1 d ago; 1 entry is newer, and kept by their objects too" in page


def test_every_kind_of_alarm_has_a_word_for_people() -> None:
    kinds = ("fork", "signature", "garbage", "place", "topic", "unknown", "state", "stale-key", "revoked")
    for kind in (*kinds, "enrolment", "request", "telemetry", "payment"):
        assert kind_of_trouble(kind) != kind
