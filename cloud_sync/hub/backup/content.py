"""What goes into a backup: every row that cannot be made again, a parent before its children."""

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import Connection, Select, Table, func, select

from cloud_sync.hub.backup.tape import Rows
from cloud_sync.hub.store import schema

# The row of `hub` is made with the database: its generation stands in the heading.
_LEFT_OUT: Final = frozenset(table.name for table in (schema.hub, *schema.PASSING, *schema.PROJECTIONS))

# One record: 256 rows of at most 128 KiB are within what a reader takes.
ROWS_MAX: Final = 256


def kept_tables() -> list[Table]:
    """The tables of a backup, in the order in which their rows can go back."""
    tables = [table for table in schema.metadata.sorted_tables if table.name not in _LEFT_OUT]
    # A cursor may stand only where a frame ends that is there, which is a rule and no foreign key.
    return sorted(tables, key=lambda table: table.name == schema.cursor.name)


def counts(connection: Connection) -> dict[str, int]:
    """How many rows of each table there are to keep."""
    return {str(table.name): _count(connection, table) for table in kept_tables()}


def rows(connection: Connection, table: Table) -> Iterator[Rows]:
    """All rows of a table in the order of its key, a record at a time, and no more of them in memory."""
    query = _kept(select(table), table).order_by(*table.primary_key.columns)
    found = connection.execution_options(yield_per=ROWS_MAX).execute(query)
    names = tuple(str(column.name) for column in table.columns)
    for part in found.partitions(ROWS_MAX):
        yield Rows(str(table.name), names, [tuple(row) for row in part])


def _kept(query: Select[Any], table: Table) -> Select[Any]:
    """Without the entries whose meaning was not taken: projecting finds them again."""
    return query.where(schema.quarantine.c.entry.is_(None)) if table is schema.quarantine else query


def _count(connection: Connection, table: Table) -> int:
    return int(connection.execute(_kept(select(func.count()).select_from(table), table)).scalar_one())
