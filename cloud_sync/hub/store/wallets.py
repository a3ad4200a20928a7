"""The tables of wallets and gift cards: what is on them, what of it is lent to objects, and what was spent.

They are a part of `schema`, which is where everybody finds them.
"""

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint

from cloud_sync.hub.store.columns import late_whole, table, text, whole

# A wallet by its pseudonym; whose it is stands elsewhere and can be forgotten. Of what its owner shows only
# the SHA-256, base64url.
wallet = table(
    "wallet",
    text("wallet", primary_key=True),
    text("tenant"),
    text("shown"),
    text("currency"),
    whole("made_ms"),
    late_whole("blocked_ms"),
    UniqueConstraint("tenant", "shown", name="one_wallet_is_shown"),
)

# What was put on a wallet, or taken off it at the hub itself: one row for good, however often it is told.
wallet_credit = table(
    "wallet_credit",
    text("wallet", primary_key=True),
    text("idem", primary_key=True),
    whole("amount_minor"),
    whole("at_ms"),
    ForeignKeyConstraint(["wallet"], ["wallet.wallet"]),
)

# What is lent to an object: so much in all, out of the balance until its journal says what became of it.
slice_ = table(
    "slice",
    text("serial", primary_key=True),
    text("wallet"),
    text("dev"),
    text("epoch"),
    whole("amount_minor"),
    whole("made_ms"),
    whole("expires_ms"),
    late_whole("reclaimed_ms"),
    ForeignKeyConstraint(["wallet"], ["wallet.wallet"]),
    ForeignKeyConstraint(["dev"], ["object.id"]),
    CheckConstraint("amount_minor > 0", name="a_slice_is_something"),
    Index("slice_by_wallet", "wallet"),
)

# From here on projections, made of entries.

# What an attempt took out of a slice (`refund` is ''), or what of it went back, which is below zero.
slice_use = table(
    "slice_use",
    text("dev", primary_key=True),
    text("attempt", primary_key=True),
    text("refund", primary_key=True),
    text("serial"),
    whole("amount_minor"),
    whole("entry"),
    Index("use_by_slice", "serial"),
)

# A slice whose object takes nothing out of it any more.
slice_end = table(
    "slice_end",
    text("serial", primary_key=True),
    text("dev"),
    whole("entry"),
)
