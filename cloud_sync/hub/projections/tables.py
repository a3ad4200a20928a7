"""The tables below the projections: what a stretch needs to know, and where its harvest goes."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from msgspec import json
from sqlalchemy import ARRAY, Column, Connection, Table, Text, bindparam, func, insert, select, update

from cloud_sync.contract.documents import Delivery
from cloud_sync.contract.entry import Body
from cloud_sync.contract.facts import Arrived, PaymentClosed, PaymentIntent, Refund, Sale
from cloud_sync.hub.projections.fold import Before, Harvest, Transfer
from cloud_sync.hub.projections.meaning import Doubt, Trust
from cloud_sync.hub.store import schema
from cloud_sync.hub.store.attention import raise_once
from cloud_sync.hub.store.rows import add_rows, insert_rows

_projection = schema.projection.c
# Asked for every stretch: a question that is put together once costs a third.
_UPTO: Final = (
    select(_projection.upto).where(_projection.part == bindparam("of")).with_for_update(skip_locked=True)
)
_ADVANCE: Final = (
    update(schema.projection).where(_projection.part == bindparam("of")).values(upto=bindparam("last"))
)
_REVOKED: Final = select(schema.revocation).where(
    schema.revocation.c.dev.in_(bindparam("devs", expanding=True))
)

# A thousand sales as a thousand parameters would take as long as to insert them.
_sale = schema.sale.c
_SALES_IN_JSON: Final = select(_sale.dev, _sale.sale).where(
    _sale.sale.in_(select(func.json_each(bindparam("sales")).table_valued("value").c.value))
)
_SALES_LISTED: Final = select(_sale.dev, _sale.sale).where(
    _sale.sale == func.any(bindparam("sales", type_=ARRAY(Text)))
)


def upto(connection: Connection, part: int) -> int | None:
    """What the projections hold of a partition; it is ours until the commit, or None if it is another's."""
    return connection.execute(_UPTO, {"of": part}).scalar_one_or_none()


def advance(connection: Connection, part: int, last: int) -> None:
    """The projections hold a partition up to the frame `last`."""
    connection.execute(_ADVANCE, {"of": part, "last": last})


def trusts(connection: Connection, devs: Collection[str]) -> dict[str, Trust]:
    """How far those of `devs` are believed whose key was revoked."""
    cursor = schema.cursor.c
    rows = connection.execute(_REVOKED, {"devs": sorted(devs)}).all()
    if not rows:
        return {}
    order = (
        select(cursor.dev, cursor.epoch).where(cursor.dev.in_([row.dev for row in rows])).order_by(cursor.id)
    )
    epochs: defaultdict[str, list[str]] = defaultdict(list)
    for dev, epoch in connection.execute(order):
        epochs[dev].append(epoch)
    return {row.dev: Trust(_before(epochs[row.dev], row.epoch), row.epoch, row.seq) for row in rows}


def _before(epochs: Sequence[str], last: str) -> frozenset[str]:
    return frozenset(epochs[: epochs.index(last)] if last in epochs else ())


def before(connection: Connection, bodies: Sequence[Body | Doubt]) -> Before:
    """What of these entries' transfers and sales is known already."""
    facts = [body.fact for body in bodies if isinstance(body, Body)]
    transfers = {fact.transfer for fact in facts if isinstance(fact, Arrived)}
    sales = {fact.sale for fact in facts if isinstance(fact, Sale)}
    attempts = {fact.attempt for fact in facts if isinstance(fact, PaymentIntent)}
    ends = {body.idem for body in bodies if isinstance(body, Body) and isinstance(body.fact, PaymentClosed)}
    refunds = {fact.refund for fact in facts if isinstance(fact, Refund)}
    end, refund = schema.payment_end.c, schema.refund.c
    return Before(
        _deliveries(connection, transfers),
        _arrived(connection, transfers),
        _sales(connection, sales),
        _told(connection, schema.intent.c.dev, schema.intent.c.attempt, attempts),
        _told(connection, end.dev, end.idem, ends),
        _told(connection, refund.dev, refund.refund, refunds),
    )


def _deliveries(connection: Connection, transfers: set[str]) -> dict[Transfer, Delivery]:
    if not transfers:
        return {}
    table = schema.delivery.c
    rows = connection.execute(select(schema.delivery).where(table.transfer.in_(transfers)))
    return {
        (row.tenant, row.site, row.transfer): Delivery(row.transfer, row.holder, row.gtin, row.units)
        for row in rows
    }


def _arrived(connection: Connection, transfers: set[str]) -> set[Transfer]:
    if not transfers:
        return set()
    table = schema.arrival.c
    query = select(table.tenant, table.site, table.transfer).where(table.transfer.in_(transfers))
    return {(row.tenant, row.site, row.transfer) for row in connection.execute(query)}


def _sales(connection: Connection, sales: set[str]) -> set[tuple[str, str]]:
    if not sales:
        return set()
    if connection.dialect.name == "postgresql":
        rows = connection.execute(_SALES_LISTED, {"sales": list(sales)})
    else:
        rows = connection.execute(_SALES_IN_JSON, {"sales": json.encode(list(sales)).decode()})
    return {(dev, sale) for dev, sale in rows}


def _told(
    connection: Connection, dev: Column[str], name: Column[str], names: set[str]
) -> set[tuple[str, str]]:
    """Which of `names` objects have told of already, each with its object."""
    if not names:
        return set()
    query = select(dev, name).where(name.in_(names))
    return {(row[0], row[1]) for row in connection.execute(query)}


def write(connection: Connection, harvest: Harvest) -> None:
    """Add a harvest to the projections."""
    insert_rows(connection, schema.sale, harvest.sales)
    insert_rows(connection, schema.sale_line, harvest.lines)
    insert_rows(connection, schema.arrival, harvest.arrivals)
    insert_rows(connection, schema.intent, harvest.intents)
    insert_rows(connection, schema.payment_end, harvest.ends)
    insert_rows(connection, schema.refund, harvest.refunds)
    insert_rows(connection, schema.refund_line, harvest.refund_lines)
    insert_rows(connection, schema.deed, harvest.deeds)
    for call in harvest.calls:
        raise_once(connection, call.kind, call.subject, call.sentence, call.at_ms)
    if harvest.doubts:
        connection.execute(insert(schema.quarantine), [_doubt_row(doubt) for doubt in harvest.doubts])
    add(connection, schema.stock, harvest.stock)
    add(connection, schema.sold, harvest.sold)
    add(connection, schema.money, harvest.money)
    add(connection, schema.takings, harvest.counts, harvest.takings)


def _doubt_row(doubt: Doubt) -> dict[str, Any]:
    told = doubt.told
    return {
        "dev": told.address.object,
        "epoch": told.epoch,
        "seq": told.seq,
        "hash": told.hash,
        "reason": doubt.reason,
        "sentence": doubt.sentence,
        "at_ms": told.received_ms,
        "entry": told.id,
    }


def add(connection: Connection, table: Table, *sums: Mapping[tuple[str, ...], int]) -> None:
    """Add `sums` to the columns of `table` behind its key, a row for each key of them.

    In the order of the keys, so that two who add to the same rows wait for one another and never in a circle.
    """
    add_rows(connection, table, [(*key, *[each[key] for each in sums]) for key in sorted(sums[0])])
