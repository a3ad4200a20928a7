"""The tables of the recomputing: how far each partition's sales were priced again, and which need a look.

They are a part of `schema`, which is where everybody finds them. They can be made again from entries and
documents, and are: dropped with the projections, they fill behind them.
"""

from sqlalchemy import CheckConstraint, Index

from cloud_sync.hub.store.columns import counter, table, text, whole

# The id of the last frame of each partition whose sales were priced again; how many came out the same, and
# how many do not say what they were priced from.
price_cursor = table(
    "price_cursor",
    whole("part", primary_key=True),
    whole("upto"),
    counter("equal"),
    counter("unchecked"),
)

# A sale that comes out otherwise, or that waits for a document which this hub does not have.
price_case = table(
    "price_case",
    whole("entry", primary_key=True),
    text("dev"),
    text("sale"),
    text("verdict"),
    text("sentence"),
    whole("part"),
    whole("at_ms"),
    CheckConstraint("verdict IN ('differs', 'waits')", name="a_case_is_open"),
    Index("case_by_verdict", "verdict", "at_ms"),
)
