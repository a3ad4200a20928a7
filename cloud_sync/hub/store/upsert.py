"""Insert, or change what is there: one way to say it on both engines, which have a construct each."""

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def upsert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An insert into `table` that knows `on_conflict_do_update` and `on_conflict_do_nothing`."""
    return insert_of(connection.dialect.name, table)


def insert_of(dialect: str, table: Table) -> sqlite.Insert | postgresql.Insert:
    """The same for the engine of this name, for a statement that is put together once."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
