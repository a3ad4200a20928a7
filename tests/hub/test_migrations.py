"""A hub of an older version: one command brings it to this one, and nothing that was in it is lost."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from cloud_sync.contract.facts import PaymentClosed
from cloud_sync.contract.signing import SoftwareKey
from cloud_sync.hub.projections.projector import announce
from cloud_sync.hub.store import database, making, schema
from cloud_sync.hub.store.database import NoHubError, Place, Store
from tests.hub.hub_world import COFFEE, COFFEE_MINOR, SITE, TENANT, HubWorld, PaperJournal


@pytest.fixture
def first(tmp_path: Path, hub_of_now: HubWorld) -> Path:
    """A file as the first version wrote it, with the entries of a hub of now."""
    path = tmp_path / "first" / "hub.db"
    path.parent.mkdir()
    made = list(making.statements("migrations/versions/r0001_one_worker.sql"))
    tables = [each for each in made if each.startswith("CREATE TABLE")]
    with closing(sqlite3.connect(path)) as file:
        for statement in tables:
            file.execute(statement)
        file.execute("ATTACH ? AS now", (str(hub_of_now.place),))
        for name in [
            row[0] for row in file.execute("SELECT name FROM main.sqlite_master WHERE type = 'table'")
        ]:
            if name != "projection":
                columns = ", ".join(row[1] for row in file.execute(f"PRAGMA main.table_info({name})"))
                file.execute(f"INSERT INTO main.{name} ({columns}) SELECT {columns} FROM now.{name}")
        # The first hubs numbered entries as they came; what is derived of them does not come along.
        numbers = [number for (number,) in file.execute("SELECT id FROM entry ORDER BY id")]
        file.executemany("UPDATE entry SET id = ? WHERE id = ?", list(enumerate(numbers, 1)))
        file.execute("INSERT INTO projection VALUES (1, (SELECT max(id) FROM entry))")
        for statement in made:
            if statement not in tables:
                file.execute(statement)
        file.execute("PRAGMA user_version = 1")
        file.commit()
    return path


@pytest.fixture
def hub_of_now(tmp_path: Path, keys: list[SoftwareKey]) -> HubWorld:
    """A hub with two objects, a fork and entries that were counted."""
    hub = HubWorld(tmp_path / "now.db")
    delivery = {"tenant": TENANT, "site": SITE, "transfer": "t-1", "holder": "floor", "gtin": COFFEE}
    with hub.store.writing() as connection:
        row = {**delivery, "units": 40, "epcs": "", "taker": "floor", "made_ms": 1}
        connection.execute(schema.delivery.insert(), row)
        announce(connection, [row])
    for name, key in (("mirror-4", keys[0]), ("shelf-b12", keys[1])):
        journal = hub.admit(PaperJournal(name, key))
        journal.begin()
        for _ in range(5):
            journal.sell(COFFEE, 1, COFFEE_MINOR)
        journal.write_bytes(b"poison")
        hub.send(journal, 1, 4)
        hub.send(journal, 3)
        clone = journal.fork(3)
        clone.sell(COFFEE, 2, COFFEE_MINOR)
        hub.send(clone, 3)
    hub.project()
    hub.close()
    return hub


def _shape(path: Path) -> dict[str, str]:
    """Every table, index and trigger, without what a renamed table has in other quotes and spaces."""
    with closing(sqlite3.connect(path)) as file:
        rows = file.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
        return {name: re.sub(r"\s+", " ", sql.replace('"', "")).strip() for name, sql in rows}


def _rows(path: Path) -> dict[str, list[tuple[object, ...]]]:
    with closing(HubWorld(path)) as hub:
        hub.project()
        return {
            table.name: hub.rows(table.name, *(["id"] if table is schema.quarantine else []))
            for table in schema.metadata.sorted_tables
            if table is not schema.hub
        }


def test_a_file_of_the_first_hubs_becomes_what_a_hub_of_now_would_have(
    first: Path, hub_of_now: HubWorld
) -> None:
    assert isinstance(hub_of_now.place, Path)
    with pytest.raises(NoHubError, match=f"version {schema.SCHEMA_VERSION}, got version 0001"):
        database.connect(first)

    database.create(first, 1)

    assert _shape(first) == _shape(hub_of_now.place)
    assert _rows(first) == _rows(hub_of_now.place)
    with closing(sqlite3.connect(first)) as file:
        assert file.execute("PRAGMA foreign_key_check").fetchall() == []
        assert file.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_a_hub_that_was_brought_up_to_date_goes_on(first: Path, keys: list[SoftwareKey]) -> None:
    database.create(first, 1)
    with closing(HubWorld(first)) as hub:
        journal = PaperJournal("mirror-4", keys[0])
        journal.begin()
        for _ in range(5):
            journal.sell(COFFEE, 1, COFFEE_MINOR)
        journal.write_bytes(b"poison")
        journal.sell(COFFEE, 1, COFFEE_MINOR)
        assert hub.receipt(hub.send(journal, 1)).seq == 9
        hub.project()
        assert sorted(row[2] for row in hub.rows("takings")) == [5, 6]
        before = {table.name: hub.rows(table.name) for table in schema.PROJECTIONS}
        hub.projector.rebuild()
        assert {table.name: hub.rows(table.name) for table in schema.PROJECTIONS} == before


@pytest.fixture
def second(place: Place) -> Place:
    """A database as the second version left it, on either engine, with a sale and a payment's end counted."""
    journal = PaperJournal("mirror-4", SoftwareKey.generate())
    with closing(HubWorld(place)) as hub:
        hub.admit(journal)
        journal.begin()
        journal.sell(COFFEE, 1, COFFEE_MINOR)
        journal.write(
            PaymentClosed("s-9", "attempt-number-9", "stripe", "person", 1150, "EUR"), idem="person/9"
        )
        hub.send(journal, 1)
        hub.project()
        with hub.store.writing() as connection:
            for new in (
                *(schema.refund_line, schema.refund, schema.payment_end, schema.deed),
                *(schema.settlement, schema.payback),
                *(schema.slice_end, schema.slice_use, schema.slice_, schema.wallet_credit, schema.wallet),
                *(schema.price_case, schema.price_cursor, schema.member, schema.wellbeing),
            ):
                new.drop(connection)
            for index in schema.stock.indexes:
                index.drop(connection)
            for outcome in ("refunding", "refunded", "captured"):
                row = {"attempt": f"attempt-{outcome}", "dev": "mirror-4", "provider": "p", "amount_minor": 5}
                connection.execute(
                    schema.payment.insert(), {**row, "currency": "EUR", "outcome": outcome, "asked_ms": 1}
                )
            connection.execute(text("UPDATE alembic_version SET version_num = '0002'"))
    return place


def test_a_hub_of_the_second_version_counts_the_ends_that_it_had_passed_over(second: Place) -> None:
    try:
        with pytest.raises(NoHubError, match=f"version {schema.SCHEMA_VERSION}, got version 0002"):
            database.connect(second)
    finally:
        database.create(second, 1)

    with closing(HubWorld(second)) as hub:
        assert hub.rows("sale") == []
        assert [(row[0], row[5]) for row in hub.rows("payment")] == [
            ("attempt-captured", "captured"),
            ("attempt-refunded", "refunded"),
            ("attempt-refunding", "captured"),
        ]
        assert [(row[0], row[2], row[3]) for row in hub.rows("payback")] == [
            ("attempt-refunded", 5, "refunded"),
            ("attempt-refunding", 5, "unknown"),
        ]
        hub.project()
        assert [row[6] for row in hub.rows("payment_end")] == ["person"]
        assert len(hub.rows("sale")) == 1
        assert [row[1] for row in hub.rows("alarm")] == ["payment.person"]
        hub.projector.rebuild()
        assert [row[4] for row in hub.rows("alarm")] == [1]


def test_an_upgrade_that_is_cut_changes_nothing(first: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = _shape(first)

    def cut(_connection: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(making, "make_rules", cut)
        with pytest.raises(RuntimeError):
            database.create(first, 1)

    assert _shape(first) == before
    database.create(first, 1)
    database.connect(first).close()


def test_a_hub_that_is_there_stays_when_it_is_made_again(place: Place) -> None:
    for now_ms in (5, 6):
        database.create(place, now_ms)

    with closing(database.connect(place)) as store, store.reading() as connection:
        assert [row.made_ms for row in connection.execute(schema.hub.select())] == [1]


def test_the_tables_of_a_new_database_are_those_that_we_describe(store: Store) -> None:
    with store.reading() as connection:
        found = inspect(connection)
        tables = {
            name: {each["name"] for each in found.get_columns(name)} for name in found.get_table_names()
        }

    described = {
        table.name: {column.name for column in table.columns} for table in schema.metadata.sorted_tables
    }
    assert tables == {**described, "alembic_version": {"version_num"}}


def test_where_there_is_no_hub_the_command_that_makes_one_is_said(another_place: Place) -> None:
    with pytest.raises(NoHubError, match="there is no hub here: run `opos hub init --dir"):
        database.connect(another_place)


def test_a_password_is_not_said() -> None:
    with pytest.raises(NoHubError) as refused:
        raise NoHubError(database._said("postgresql+psycopg://opos:secret@db/opos"))
    assert "secret" not in str(refused.value)
