"""The kinds of column that the hub's tables are made of, the same on both engines."""

from typing import Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)
from sqlalchemy.schema import SchemaItem

from cloud_sync.contract.topics import PARTITIONS

metadata: Final = MetaData()
"""All tables of the hub."""

# 64 bits everywhere; SQLite makes a rowid only of a column that is called INTEGER.
WHOLE: Final = BigInteger().with_variant(Integer, "sqlite")
_HASH_BYTES: Final = 32


def text(name: str, *, primary_key: bool = False) -> Column[str]:
    """A text that is always there, if only as ''."""
    return Column(name, Text, nullable=False, primary_key=primary_key)


def late_text(name: str) -> Column[str | None]:
    """A text that is not there from the beginning."""
    return Column(name, Text)


def whole(name: str, *, primary_key: bool = False) -> Column[int]:
    """A whole number that is always there."""
    return Column(name, WHOLE, nullable=False, primary_key=primary_key, autoincrement=False)


def counter(name: str) -> Column[int]:
    """A whole number that begins at 0."""
    return Column(name, WHOLE, nullable=False, server_default="0", autoincrement=False)


def late_whole(name: str) -> Column[int | None]:
    """A whole number that is not there from the beginning."""
    return Column(name, WHOLE)


def number() -> Column[int]:
    """A number that the database gives, growing with every row."""
    return Column("id", WHOLE, primary_key=True)


def octets(name: str) -> Column[bytes]:
    """Bytes that are always there."""
    return Column(name, LargeBinary, nullable=False)


def sha256(column: str) -> CheckConstraint:
    """The rule that a column of bytes holds a SHA-256."""
    return CheckConstraint(f"length({column}) = {_HASH_BYTES}", name=f"{column}_is_a_sha256")


def in_partition() -> CheckConstraint:
    """The rule that a column `part` holds a partition."""
    return CheckConstraint(f"part BETWEEN 0 AND {PARTITIONS - 1}", name="part_is_a_partition")


def lines_of(bill: str) -> Table:
    """The lines of a bill: its table has their name, and the key of each begins with its own."""
    return table(
        f"{bill}_line",
        Column("entry", WHOLE, ForeignKey(f"{bill}.entry"), primary_key=True),
        whole("line", primary_key=True),
        text("gtin"),
        text("name"),
        whole("units"),
        whole("price_minor"),
        whole("total_minor"),
        text("tax"),
        is_index=True,
    )


def table(name: str, *parts: SchemaItem, is_index: bool = False) -> Table:
    """A table whose columns hold on SQLite too what they are declared to hold.

    With `is_index` SQLite keeps its rows in the index of their key, and nowhere else beside.
    """
    return Table(name, metadata, *parts, sqlite_strict=True, sqlite_with_rowid=not is_index)
