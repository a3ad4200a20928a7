"""The tables of money: what the hub does at cloud providers, and what journals say of payments and accounts.

They are a part of `schema`, which is where everybody finds them.
"""

from sqlalchemy import ForeignKeyConstraint, Index, UniqueConstraint

from cloud_sync.hub.store.columns import late_text, late_whole, lines_of, table, text, whole

# A payment attempt at a cloud provider, written before the provider hears of it.
payment = table(
    "payment",
    text("attempt", primary_key=True),
    text("dev"),
    text("provider"),
    whole("amount_minor"),
    text("currency"),
    text("outcome"),
    late_text("reference"),
    whole("asked_ms"),
    late_whole("said_ms"),
    ForeignKeyConstraint(["dev"], ["object.id"]),
)

# Money of an attempt that is paid back, under a key of its own, written before the provider hears of it.
payback = table(
    "payback",
    text("attempt", primary_key=True),
    text("refund", primary_key=True),
    whole("amount_minor"),
    text("outcome"),
    late_text("reference"),
    whole("asked_ms"),
    late_whole("said_ms"),
    ForeignKeyConstraint(["attempt"], ["payment.attempt"]),
)

# What a provider's own books say that it took or gave back: one row for each line, however often it comes.
settlement = table(
    "settlement",
    text("provider", primary_key=True),
    text("line", primary_key=True),
    text("attempt"),
    text("reference"),
    whole("amount_minor"),
    text("currency"),
    whole("imported_ms"),
)

# From here on projections, made of entries.

# A payment that an object is about to start: nothing is started at a provider without one.
intent = table(
    "intent",
    whole("entry", primary_key=True),
    text("dev"),
    text("attempt"),
    text("sale"),
    text("provider"),
    whole("amount_minor"),
    text("currency"),
    UniqueConstraint("dev", "attempt", name="an_attempt_is_meant_once"),
)

takings = table(
    "takings",
    text("dev", primary_key=True),
    text("currency", primary_key=True),
    whole("sales"),
    whole("total_minor"),
    is_index=True,
)

money = table(
    "money",
    text("tenant", primary_key=True),
    text("site", primary_key=True),
    text("account", primary_key=True),
    text("currency", primary_key=True),
    whole("amount_minor"),
    is_index=True,
)

# What an attempt, or a refund of its money, came to where it was not simply the sale; `refund` is '' for the
# money of the attempt itself. The entry's own idempotency key says whether it was counted before.
payment_end = table(
    "payment_end",
    whole("entry", primary_key=True),
    text("dev"),
    text("idem"),
    text("attempt"),
    text("sale"),
    text("provider"),
    text("outcome"),
    whole("amount_minor"),
    text("currency"),
    text("reference"),
    text("reason"),
    text("refund"),
    whole("wall_ms"),
    UniqueConstraint("idem", "dev", name="an_end_counts_once"),
    Index("end_by_attempt", "attempt"),
)

refund = table(
    "refund",
    whole("entry", primary_key=True),
    text("dev"),
    text("refund"),
    text("sale"),
    text("attempt"),
    text("provider"),
    text("number"),
    text("business_date"),
    text("currency"),
    whole("total_minor"),
    whole("units"),
    text("reason"),
    whole("wall_ms"),
    UniqueConstraint("refund", "dev", name="a_refund_counts_once"),
)

refund_line = lines_of("refund")

# What people of the shop did at an object: `staff` is a pseudonym.
deed = table(
    "deed",
    whole("entry", primary_key=True),
    text("dev"),
    text("staff"),
    text("act"),
    text("about"),
    whole("wall_ms"),
)
