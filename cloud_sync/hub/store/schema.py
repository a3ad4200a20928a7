"""The hub's tables and the rules that the database itself holds, whatever the code above it does.

Three sorts of table: what objects and people said (never changed: `frame`, `entry`, `delivery`, `document`),
where the hub stands (`cursor`, `presence`, `alarm`, `quarantine`), and projections, which can be dropped and
made again. Whole numbers, text and bytes only, so that PostgreSQL can hold the same. What a constraint cannot
say is in `rules.sql`.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.schema import SchemaItem

SCHEMA_VERSION: Final = 1

metadata: Final = MetaData()

# 64 bits everywhere; SQLite makes a rowid only of a column that is called INTEGER.
_Whole: Final = BigInteger().with_variant(Integer, "sqlite")
_HASH_BYTES: Final = 32


def _text(name: str, *, primary_key: bool = False) -> Column[str]:
    return Column(name, Text, nullable=False, primary_key=primary_key)


def _whole(name: str, *, primary_key: bool = False) -> Column[int]:
    return Column(name, _Whole, nullable=False, primary_key=primary_key)


def _number() -> Column[int]:
    """A number that the database gives, growing with every row."""
    return Column("id", _Whole, primary_key=True)


def _bytes(name: str) -> Column[bytes]:
    return Column(name, LargeBinary, nullable=False)


def _sha256(column: str) -> CheckConstraint:
    return CheckConstraint(f"length({column}) = {_HASH_BYTES}", name=f"{column}_is_a_sha256")


def _table(name: str, *parts: SchemaItem) -> Table:
    return Table(name, metadata, *parts, sqlite_strict=True)


hub = _table(
    "hub",
    _number(),
    _whole("generation"),
    _whole("made_ms"),
    CheckConstraint("id = 1", name="there_is_one_hub"),
    CheckConstraint("generation >= 1", name="generations_count_from_one"),
)

site = _table(
    "site",
    _text("tenant", primary_key=True),
    _text("site", primary_key=True),
    _text("name"),
    _text("language"),
    _text("currency"),
)

# What the shop's own file says of its objects: words for people, and the holder that each sells from.
listing = _table(
    "listing",
    _text("tenant", primary_key=True),
    _text("site", primary_key=True),
    _text("object", primary_key=True),
    _text("kind"),
    _text("name"),
    _text("sells_from"),
)

product = _table(
    "product",
    _text("tenant", primary_key=True),
    _text("site", primary_key=True),
    _text("gtin", primary_key=True),
    _text("name"),
)

# The objects that may speak to this hub, each with its one key.
object_ = _table(
    "object",
    _text("id", primary_key=True),
    _text("tenant"),
    _text("site"),
    _text("kid"),
    _text("x"),
    _text("y"),
    _whole("admitted_ms"),
)

# The exact bytes of each batch, and where its object stood when it came.
frame = _table(
    "frame",
    _number(),
    _text("tenant"),
    _text("site"),
    _text("dev"),
    _text("epoch"),
    _whole("received_ms"),
    _bytes("bytes"),
)

entry = _table(
    "entry",
    _number(),
    _text("dev"),
    _text("epoch"),
    _whole("seq"),
    _text("kid"),
    _bytes("hash"),
    _bytes("body"),
    Column("frame", _Whole, ForeignKey("frame.id"), nullable=False),
    UniqueConstraint("dev", "epoch", "seq", name="one_entry_a_place"),
    ForeignKeyConstraint(["dev"], ["object.id"]),
    CheckConstraint("seq >= 1", name="seq_counts_from_one"),
    _sha256("hash"),
)

cursor = _table(
    "cursor",
    _number(),
    _text("dev"),
    _text("epoch"),
    _whole("seq"),
    _bytes("hash"),
    _whole("heard_ms"),
    UniqueConstraint("dev", "epoch", name="one_cursor_a_journal"),
    ForeignKeyConstraint(["dev"], ["object.id"]),
    _sha256("hash"),
)

# What is kept for a person to look at: a whole frame that forked, or one entry whose meaning was not taken.
quarantine = _table(
    "quarantine",
    _number(),
    _text("dev"),
    _text("epoch"),
    _whole("seq"),
    _bytes("hash"),
    _text("reason"),
    _text("sentence"),
    _whole("at_ms"),
    Column("frame", _Whole, ForeignKey("frame.id")),
    Column("entry", _Whole, ForeignKey("entry.id")),
    UniqueConstraint("dev", "epoch", "seq", "hash", "reason", name="one_row_a_case"),
    CheckConstraint("(frame IS NULL) <> (entry IS NULL)", name="evidence_is_a_frame_or_an_entry"),
    _sha256("hash"),
)

# One row a kind and subject, however often it happens: a flood counts up and does not fill the disk.
alarm = _table(
    "alarm",
    _number(),
    _text("kind"),
    _text("subject"),
    _text("sentence"),
    _whole("times"),
    _whole("first_ms"),
    _whole("last_ms"),
    UniqueConstraint("kind", "subject", name="one_row_an_alarm"),
)

presence = _table(
    "presence",
    _text("dev", primary_key=True),
    _whole("online"),
    _text("epoch"),
    _whole("head"),
    _whole("acked"),
    _whole("heard_ms"),
    ForeignKeyConstraint(["dev"], ["object.id"]),
    CheckConstraint("online IN (0, 1)", name="online_is_yes_or_no"),
)

chunk = _table("chunk", _text("sha256", primary_key=True), _bytes("bytes"))

document = _table(
    "document",
    _number(),
    _text("tenant"),
    _text("site"),
    _text("name"),
    _whole("generation"),
    _whole("n"),
    _text("sha256"),
    _text("manifest"),
    _whole("made_ms"),
    UniqueConstraint("tenant", "site", "name", "generation", "n", name="one_document_a_version"),
)

# A transfer that the hub announced: goods that left the supplier for a holder, one row for good.
delivery = _table(
    "delivery",
    _number(),
    _text("tenant"),
    _text("site"),
    _text("transfer"),
    _text("holder"),
    _text("gtin"),
    _whole("units"),
    _text("epcs"),
    _text("taker"),
    _whole("made_ms"),
    UniqueConstraint("transfer", "tenant", "site", name="a_transfer_is_made_once"),
    CheckConstraint("units > 0", name="a_delivery_brings_goods"),
)

# From here on projections: `projection.upto` is the id of the last entry that they hold.
projection = _table(
    "projection",
    _number(),
    _whole("upto"),
    CheckConstraint("id = 1", name="there_is_one_cursor"),
)

sale = _table(
    "sale",
    Column("entry", _Whole, ForeignKey("entry.id"), primary_key=True),
    _text("dev"),
    _text("sale"),
    _text("number"),
    _text("business_date"),
    _text("tender"),
    _text("currency"),
    _whole("total_minor"),
    _whole("units"),
    _whole("wall_ms"),
    UniqueConstraint("sale", "dev", name="a_sale_counts_once"),
)

sale_line = _table(
    "sale_line",
    Column("entry", _Whole, ForeignKey("sale.entry"), primary_key=True),
    _whole("line", primary_key=True),
    _text("gtin"),
    _text("name"),
    _whole("units"),
    _whole("price_minor"),
    _whole("total_minor"),
    _text("tax"),
)

arrival = _table(
    "arrival",
    _text("transfer", primary_key=True),
    _text("tenant", primary_key=True),
    _text("site", primary_key=True),
    Column("entry", _Whole, ForeignKey("entry.id"), nullable=False),
)

stock = _table(
    "stock",
    _text("tenant", primary_key=True),
    _text("site", primary_key=True),
    _text("holder", primary_key=True),
    _text("gtin", primary_key=True),
    _whole("units"),
)

sold = _table(
    "sold",
    _text("tenant", primary_key=True),
    _text("site", primary_key=True),
    _text("gtin", primary_key=True),
    _whole("units"),
)

takings = _table(
    "takings",
    _text("dev", primary_key=True),
    _text("currency", primary_key=True),
    _whole("sales"),
    _whole("total_minor"),
)

money = _table(
    "money",
    _text("tenant", primary_key=True),
    _text("site", primary_key=True),
    _text("account", primary_key=True),
    _text("currency", primary_key=True),
    _whole("amount_minor"),
)

# A child before its parent, as deleting them all must go.
PROJECTIONS: Final = (sale_line, sale, arrival, stock, sold, takings, money)
