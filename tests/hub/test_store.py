"""The hub's database on both engines: what a transaction promises, and the fast doors for many rows."""

import pytest
from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import DBAPIError

from cloud_sync.hub.store import schema
from cloud_sync.hub.store.attention import raise_alarm
from cloud_sync.hub.store.database import Store
from cloud_sync.hub.store.rows import add_rows, insert_rows


def waits_for_the_disk(store: Store, connection: Connection) -> bool:
    if store.is_postgresql:
        return str(connection.exec_driver_sql("SHOW synchronous_commit").scalar_one()) == "on"
    return int(connection.exec_driver_sql("PRAGMA synchronous").scalar_one()) == 2


def test_only_what_can_be_made_again_does_not_wait_for_the_disk(store: Store) -> None:
    for _ in range(2):  # the same connection, from the pool
        with store.following() as connection:
            assert not waits_for_the_disk(store, connection)
        with store.writing() as connection:
            assert waits_for_the_disk(store, connection)


def test_a_view_stays_what_it_was_while_others_write(store: Store) -> None:
    with store.reading() as before:
        seen = before.execute(select(schema.alarm)).all()
        with store.writing() as connection:
            raise_alarm(connection, "fork", "mirror-4", "seen", 1)
        assert before.execute(select(schema.alarm)).all() == seen == []
    with store.reading() as after:
        assert len(after.execute(select(schema.alarm)).all()) == 1


def test_a_server_refuses_to_write_where_one_only_looks(store: Store) -> None:
    if not store.is_postgresql:  # a file lets us: it has no transaction that only reads
        return
    with pytest.raises(DBAPIError, match="read-only"), store.reading() as connection:
        raise_alarm(connection, "fork", "mirror-4", "no", 1)


def test_an_alarm_that_comes_again_counts_up_and_keeps_its_last_sentence(store: Store) -> None:
    with store.writing() as connection:
        for at_ms, sentence in ((1, "first"), (2, "then\0")):
            raise_alarm(connection, "fork", "mirror-4", sentence, at_ms)

    with store.reading() as connection:
        (row,) = connection.execute(select(schema.alarm)).all()
    assert (row.times, row.first_ms, row.last_ms) == (2, 1, 2)
    assert row.sentence == "then\\0"


def test_many_rows_are_inserted_and_added_to(store: Store) -> None:
    rows = [("demo", "corner", "floor", "0" * 13 + str(n), n) for n in range(9)]
    with store.writing() as connection:
        insert_rows(connection, schema.stock, [])
        add_rows(connection, schema.stock, [])
        insert_rows(connection, schema.stock, rows[:5])
        add_rows(connection, schema.stock, rows)

    with store.reading() as connection:
        units = [row.units for row in connection.execute(select(schema.stock).order_by(schema.stock.c.gtin))]
    assert units == [0, 2, 4, 6, 8, 5, 6, 7, 8]


def test_every_kind_of_column_goes_in_through_the_fast_door(store: Store) -> None:
    place, digest = ("t", "s", "mirror-4", "é\n\t\\N", 48), b"\0\xff\\\n" * 8
    row = (*place, 1, "k", 1, 1, 256, digest, digest, 2**53 - 1, b"\0\xff\\")
    with store.writing() as connection:
        place_of = {"tenant": "t", "site": "s", "kid": "k", "x": "x", "y": "y", "admitted_ms": 1}
        connection.execute(insert(schema.object_).values(id="mirror-4", **place_of))
        insert_rows(connection, schema.frame, [row])

    with store.reading() as connection:
        (found,) = connection.execute(select(schema.frame)).all()
    assert tuple(found) == (1, *row)
