"""The projections that an object keeps beside its entries, as the commands need to know them."""

from collections.abc import Sequence

from edge.checkout.books import ShopProjection
from edge.offline_queue.projections import Projection
from edge.offline_queue.reader import LedgerReader


def kept(reader: LedgerReader) -> Sequence[Projection]:
    """Those that can be compared with what this ledger keeps.

    Where no till has worked yet there are no books, and books that another version of OPOS has kept are made
    again when this one starts.
    """
    shop = ShopProjection()
    tables = {name for (name,) in reader.select("SELECT name FROM sqlite_schema")}
    versions = dict(reader.select("SELECT name, version FROM projection") if "projection" in tables else ())
    is_there = not tables.isdisjoint(shop.tables)
    return [shop] if is_there and versions.get(shop.name, shop.version) == shop.version else []


def of_version_1(reader: LedgerReader) -> bool:
    """Whether the first OPOS wrote this ledger, and none since: it kept no checks beside the entries."""
    return (reader.database.pragma("user_version"), reader.database.pragma("application_id")) == (1, 0)
