"""The hub's tables and the rules that the database itself holds, whatever the code above it does.

Four sorts of table: what objects and people said (never changed: `frame`, `delivery`, `document`), where the
hub stands (`cursor`, `presence`, `alarm`, `quarantine` and more), who works on what at this moment
(`PASSING`), and `PROJECTIONS`, which can be dropped and made again; so can the rows of `quarantine` that name
an entry. Whole numbers, text and bytes only, so that SQLite and PostgreSQL hold the same. What a constraint
cannot say is in `rules/`, once for each engine.
"""

from typing import Any, Final

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    UniqueConstraint,
)
from sqlalchemy import (
    text as sql,
)

from cloud_sync.contract.batch import ENTRIES_MAX
from cloud_sync.hub.store.columns import (
    WHOLE,
    counter,
    in_partition,
    late_whole,
    lines_of,
    metadata,
    number,
    octets,
    sha256,
    table,
    text,
    whole,
)
from cloud_sync.hub.store.members import member
from cloud_sync.hub.store.payments import (
    deed,
    intent,
    money,
    payback,
    payment,
    payment_end,
    refund,
    refund_line,
    settlement,
    takings,
)
from cloud_sync.hub.store.pricing import price_case, price_cursor
from cloud_sync.hub.store.rooms import (
    backup,
    certificate,
    claim,
    command,
    keyring,
    telemetry,
    telemetry_lane,
    wellbeing,
)
from cloud_sync.hub.store.wallets import slice_, slice_end, slice_use, wallet, wallet_credit

SCHEMA_VERSION: Final = "0007"
"""The newest revision in `migrations/versions`: what `metadata` describes."""

__all__ = [
    "PASSING",
    "PROJECTIONS",
    "SCHEMA_VERSION",
    "backup",
    "certificate",
    "claim",
    "command",
    "deed",
    "intent",
    "keyring",
    "member",
    "metadata",
    "money",
    "payback",
    "payment",
    "payment_end",
    "price_case",
    "price_cursor",
    "refund",
    "refund_line",
    "settlement",
    "slice_",
    "slice_end",
    "slice_use",
    "takings",
    "telemetry",
    "telemetry_lane",
    "wallet",
    "wallet_credit",
    "wellbeing",
]

_KEPT: Final[dict[str, Any]] = {"sqlite_where": sql("kept = 1"), "postgresql_where": sql("kept = 1")}

hub = table(
    "hub",
    whole("id", primary_key=True),
    whole("generation"),
    whole("made_ms"),
    CheckConstraint("id = 1", name="there_is_one_hub"),
    CheckConstraint("generation >= 1", name="generations_count_from_one"),
)

site = table(
    "site",
    text("tenant", primary_key=True),
    text("site", primary_key=True),
    text("name"),
    text("language"),
    text("currency"),
)

# What the shop's own file says of its objects: words for people, and the holder that each sells from.
listing = table(
    "listing",
    text("tenant", primary_key=True),
    text("site", primary_key=True),
    text("object", primary_key=True),
    text("kind"),
    text("name"),
    text("sells_from"),
)

product = table(
    "product",
    text("tenant", primary_key=True),
    text("site", primary_key=True),
    text("gtin", primary_key=True),
    text("name"),
)

# The objects that may speak to this hub, each with the key that it signs with now.
object_ = table(
    "object",
    text("id", primary_key=True),
    text("tenant"),
    text("site"),
    text("kid"),
    text("x"),
    text("y"),
    whole("admitted_ms"),
)

# Every key that an object has had, from which place of which journal on; epoch '' is from its admission on.
object_key = table(
    "object_key",
    text("dev", primary_key=True),
    text("kid", primary_key=True),
    text("x"),
    text("y"),
    text("tier"),
    text("epoch"),
    whole("from_seq"),
    whole("since_ms"),
    ForeignKeyConstraint(["dev"], ["object.id"]),
    CheckConstraint("from_seq >= 1", name="from_seq_counts_from_one"),
)

# An object that is believed up to here only; what comes after is kept and not counted.
revocation = table(
    "revocation",
    text("dev", primary_key=True),
    text("epoch"),
    whole("seq"),
    text("why"),
    whole("at_ms"),
    ForeignKeyConstraint(["dev"], ["object.id"]),
    CheckConstraint("seq >= 0", name="seq_counts_from_nothing"),
)

# The exact bytes of each batch, and what its header says: of the entries `first` to `last` those from
# `first_new` on were new. One that was kept goes on where the one before it ended; one that was not is the
# evidence of a fork, and differs from `first_new` on. The bytes come last: whoever asks for the rest of a row
# need not turn their pages.
frame = table(
    "frame",
    number(),
    text("tenant"),
    text("site"),
    text("dev"),
    text("epoch"),
    whole("part"),
    whole("kept"),
    text("kid"),
    whole("first"),
    whole("first_new"),
    whole("last"),
    octets("prev"),
    octets("head"),
    whole("received_ms"),
    octets("bytes"),
    ForeignKeyConstraint(["dev"], ["object.id"]),
    CheckConstraint("kept IN (0, 1)", name="kept_is_yes_or_no"),
    CheckConstraint("1 <= first AND first <= first_new AND first_new <= last", name="seqs_grow"),
    CheckConstraint(f"last - first < {ENTRIES_MAX}", name="a_batch_is_short"),
    sha256("prev"),
    sha256("head"),
    in_partition(),
    # Projections follow each partition on its own; ingest looks for what it has of a journal.
    Index("frame_by_part", "part", "id", **_KEPT),
    Index("one_frame_a_place", "dev", "epoch", "last", unique=True, **_KEPT),
)

cursor = table(
    "cursor",
    number(),
    text("dev"),
    text("epoch"),
    whole("seq"),
    octets("hash"),
    text("kid"),
    whole("heard_ms"),
    counter("safe"),
    UniqueConstraint("dev", "epoch", name="one_cursor_a_journal"),
    ForeignKeyConstraint(["dev"], ["object.id"]),
    CheckConstraint("safe BETWEEN 0 AND seq", name="safe_is_here"),
    sha256("hash"),
)

# What is kept for a person to look at: a whole frame that forked, or one entry whose meaning was not taken.
quarantine = table(
    "quarantine",
    number(),
    text("dev"),
    text("epoch"),
    whole("seq"),
    octets("hash"),
    text("reason"),
    text("sentence"),
    whole("at_ms"),
    Column("frame", WHOLE, ForeignKey("frame.id")),
    late_whole("entry"),
    UniqueConstraint("dev", "epoch", "seq", "hash", "reason", name="one_row_a_case"),
    CheckConstraint("(frame IS NULL) <> (entry IS NULL)", name="evidence_is_a_frame_or_an_entry"),
    sha256("hash"),
)

# One row a kind and subject, however often it happens: a flood counts up and does not fill the disk.
alarm = table(
    "alarm",
    number(),
    text("kind"),
    text("subject"),
    text("sentence"),
    whole("times"),
    whole("first_ms"),
    whole("last_ms"),
    UniqueConstraint("kind", "subject", name="one_row_an_alarm"),
)

presence = table(
    "presence",
    text("dev", primary_key=True),
    whole("online"),
    text("epoch"),
    whole("head"),
    whole("acked"),
    whole("heard_ms"),
    ForeignKeyConstraint(["dev"], ["object.id"]),
    CheckConstraint("online IN (0, 1)", name="online_is_yes_or_no"),
)

chunk = table("chunk", text("sha256", primary_key=True), octets("bytes"))

document = table(
    "document",
    number(),
    text("tenant"),
    text("site"),
    text("name"),
    whole("generation"),
    whole("n"),
    text("sha256"),
    text("manifest"),
    whole("made_ms"),
    UniqueConstraint("tenant", "site", "name", "generation", "n", name="one_document_a_version"),
)

# A transfer that the hub announced: goods that left the supplier for a holder, one row for good.
delivery = table(
    "delivery",
    number(),
    text("tenant"),
    text("site"),
    text("transfer"),
    text("holder"),
    text("gtin"),
    whole("units"),
    text("epcs"),
    text("taker"),
    whole("made_ms"),
    UniqueConstraint("transfer", "tenant", "site", name="a_transfer_is_made_once"),
    CheckConstraint("units > 0", name="a_delivery_brings_goods"),
)

# Who works on a partition: `token` grows with each change of hands, and who has an old one writes nothing.
lease = table(
    "lease",
    whole("part", primary_key=True),
    text("worker"),
    whole("token"),
    whole("until_ms"),
    in_partition(),
)

# Who is here to share the partitions.
worker = table("worker", text("name", primary_key=True), whole("until_ms"))

# The id of the last frame of each partition that the projections hold.
projection = table(
    "projection",
    whole("part", primary_key=True),
    whole("upto"),
    in_partition(),
)

# From here on projections. They refer to entries by no rule: each is made in one transaction with its entry.

# What is in the frames, entry by entry; an entry's number is made of its frame's.
entry = table(
    "entry",
    whole("id", primary_key=True),
    text("dev"),
    text("epoch"),
    whole("seq"),
    text("kid"),
    octets("hash"),
    octets("body"),
    whole("frame"),
    whole("part"),
    UniqueConstraint("dev", "epoch", "seq", name="one_entry_a_place"),
)

sale = table(
    "sale",
    whole("entry", primary_key=True),
    text("dev"),
    text("sale"),
    text("number"),
    text("business_date"),
    text("tender"),
    text("currency"),
    whole("total_minor"),
    whole("units"),
    whole("wall_ms"),
    UniqueConstraint("sale", "dev", name="a_sale_counts_once"),
)

sale_line = lines_of("sale")

arrival = table(
    "arrival",
    text("transfer", primary_key=True),
    text("tenant", primary_key=True),
    text("site", primary_key=True),
    whole("entry"),
)

stock = table(
    "stock",
    text("tenant", primary_key=True),
    text("site", primary_key=True),
    text("holder", primary_key=True),
    text("gtin", primary_key=True),
    whole("units"),
    # Objects ask for one product in all shops, which have thousands.
    Index("stock_by_gtin", "tenant", "gtin"),
    is_index=True,
)

sold = table(
    "sold",
    text("tenant", primary_key=True),
    text("site", primary_key=True),
    text("gtin", primary_key=True),
    whole("units"),
    is_index=True,
)

PROJECTIONS: Final = (
    *(sale_line, sale, refund_line, refund, arrival, intent, payment_end, deed, slice_use, slice_end),
    *(stock, sold, takings, money, price_case, price_cursor, entry),
)
"""A child before its parent, as deleting them all must go."""

PASSING: Final = (lease, worker, projection)
"""Who does what at this moment: no backup needs it, and a new database begins with rows of its own."""
