"""Many rows go into a table at once, by the fastest door that each engine has."""

from collections.abc import Sequence
from functools import cache
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, LargeBinary, Table, Text, bindparam, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite

Row = tuple[Any, ...]
"""The values of a row in the order of its table's columns, without the number that the database gives."""

_Insert = TypeVar("_Insert", sqlite.Insert, postgresql.Insert)

_SQLITE: Final = sqlite.dialect()


def insert_rows(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert `rows` in their order, which is the order of the numbers that they get."""
    if not rows:
        return
    if connection.dialect.name == "postgresql":
        _copy(connection, table, rows)
    else:
        connection.exec_driver_sql(_insert(table), list(rows))


def _copy(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    statement, types = _copying(table)
    driver = connection.connection.driver_connection
    assert driver is not None
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        copy.set_types(types)
        for row in rows:
            copy.write_row(row)


def add_rows(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Add to what stands behind the keys of `table`: a row whose key is new is inserted."""
    if not rows:
        return
    if connection.dialect.name == "postgresql":
        # One statement for all of them: a row each would be a round trip each.
        columns = map(list, zip(*rows, strict=True))
        connection.execute(_adding_many(table), dict(zip(_names(table), columns, strict=True)))
    else:
        connection.exec_driver_sql(_adding_one(table), list(rows))


@cache
def _adding_one(table: Table) -> str:
    statement = _or_add(table, sqlite.insert(table))
    return str(statement.compile(dialect=_SQLITE, column_keys=_names(table)))


@cache
def _adding_many(table: Table) -> postgresql.Insert:
    lists = [
        func.unnest(bindparam(column.name, type_=postgresql.ARRAY(column.type))) for column in table.columns
    ]
    rows = postgresql.insert(table).from_select(_names(table), select(*lists))
    return _or_add(table, rows)


def _or_add(table: Table, rows: _Insert) -> _Insert:
    sums = {
        column.name: column + rows.excluded[column.name] for column in table.columns if not column.primary_key
    }
    return rows.on_conflict_do_update(index_elements=table.primary_key.columns.keys(), set_=sums)


@cache
def _insert(table: Table) -> str:
    """An INSERT with a place for each value."""
    return str(insert(table).compile(dialect=_SQLITE, column_keys=_names(table)))


@cache
def _copying(table: Table) -> tuple[str, list[str]]:
    """A COPY in binary form, and the types of what it takes."""
    names = _names(table)
    types = ["text" if isinstance(table.c[name].type, Text) else _type(table, name) for name in names]
    return f"COPY {table.name} ({', '.join(names)}) FROM STDIN (FORMAT BINARY)", types


def _type(table: Table, name: str) -> str:
    return "bytea" if isinstance(table.c[name].type, LargeBinary) else "int8"


def _names(table: Table) -> list[str]:
    return [column.name for column in table.columns if column is not table.autoincrement_column]
