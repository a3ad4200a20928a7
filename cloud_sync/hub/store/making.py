"""How a hub's database is made, and how one of an older version becomes one of this version."""

from collections.abc import Iterator
from importlib import resources
from typing import Final

from sqlalchemy import Column, Connection, MetaData, String, Table, false, func, insert, select

from cloud_sync.contract.topics import PARTITIONS
from cloud_sync.hub.store import schema

FIRST: Final = "0001"
"""The revision of the first hubs, which kept it as a number in the file's head."""

# Alembic's own table, as it would make it.
_ALEMBIC: Final = Table("alembic_version", MetaData(), Column("version_num", String(32), primary_key=True))


def make(connection: Connection, now_ms: int) -> None:
    """Make all tables and rules in an empty database, and the rows without which there is no hub."""
    schema.metadata.create_all(connection)
    make_rules(connection)
    begin(connection, now_ms)
    _stamp(connection, schema.SCHEMA_VERSION)


def begin(connection: Connection, now_ms: int) -> None:
    """The rows of a hub that has heard nothing yet."""
    connection.execute(insert(schema.hub).values(id=1, generation=1, made_ms=now_ms))
    parts = range(PARTITIONS)
    connection.execute(insert(schema.projection), [{"part": part, "upto": 0} for part in parts])
    free = {"worker": "", "token": 0, "until_ms": 0}
    connection.execute(insert(schema.lease), [{"part": part, **free} for part in parts])


def make_rules(connection: Connection) -> None:
    """Make the triggers of this engine."""
    for rule in statements(f"rules/{connection.dialect.name}.sql"):
        execute(connection, rule)


def bring_up_to_date(connection: Connection, before: str) -> None:
    """Run the revisions after `before`, in the transaction of `connection`."""
    # Imported here: a hub that is up to date, and every command, starts without it.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    if before == FIRST:
        _stamp(connection, FIRST)
    config = Config()
    config.set_main_option("script_location", "cloud_sync.hub.store:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, schema.SCHEMA_VERSION)


def statements(name: str) -> Iterator[str]:
    """The statements of an SQL file of this package; a blank line ends one."""
    yield from resources.files(__package__).joinpath(name).read_text("utf-8").split("\n\n")


def execute(connection: Connection, statement: str) -> None:
    """Run a statement as it is: a rule has percent signs and colons that are no parameters."""
    driver = connection.connection.driver_connection
    assert driver is not None
    driver.execute(statement)


def count_on(connection: Connection) -> None:
    """Give numbers after those of rows that came with numbers of their own, as from a backup."""
    if connection.dialect.name != "postgresql":
        return  # SQLite looks for the highest itself
    for table in schema.metadata.sorted_tables:
        column = table.autoincrement_column
        if column is not None:
            sequence = func.pg_get_serial_sequence(table.name, column.name)
            after = func.coalesce(func.max(column), 0) + 1
            connection.execute(select(func.setval(sequence, after, false())))


def _stamp(connection: Connection, revision: str) -> None:
    _ALEMBIC.create(connection, checkfirst=True)
    connection.execute(insert(_ALEMBIC).values(version_num=revision))
