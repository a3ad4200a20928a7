"""The tables below the projections: what a stretch needs to know, and where its harvest goes."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, insert, select
from sqlalchemy.dialects.sqlite import insert as upsert

from cloud_sync.contract.documents import Delivery
from cloud_sync.contract.entry import Arrived, Body, Sale
from cloud_sync.contract.topics import Address
from cloud_sync.hub.projections.fold import Before, Harvest, Transfer
from cloud_sync.hub.projections.meaning import Doubt, Told
from cloud_sync.hub.store import schema


def stretch(connection: Connection, limit: int) -> list[Told]:
    """The next entries that the projections do not hold, in the order in which they came."""
    entry, frame = schema.entry.c, schema.frame.c
    upto = select(schema.projection.c.upto).scalar_subquery()
    query = (
        select(*entry, frame.tenant, frame.site, frame.received_ms)
        .join(schema.frame, entry.frame == frame.id)
        .where(entry.id > upto)
        .order_by(entry.id)
        .limit(limit)
    )
    return [
        Told(
            id=row.id,
            address=Address(row.tenant, row.site, row.dev),
            epoch=row.epoch,
            seq=row.seq,
            hash=row.hash,
            body=row.body,
            received_ms=row.received_ms,
        )
        for row in connection.execute(query)
    ]


def before(connection: Connection, bodies: Iterable[Body | Doubt]) -> Before:
    """What of these entries' transfers and sales is known already."""
    facts = [body.fact for body in bodies if isinstance(body, Body)]
    transfers = {fact.transfer for fact in facts if isinstance(fact, Arrived)}
    sales = {fact.sale for fact in facts if isinstance(fact, Sale)}
    return Before(
        _deliveries(connection, transfers), _arrived(connection, transfers), _sales(connection, sales)
    )


def _deliveries(connection: Connection, transfers: set[str]) -> dict[Transfer, Delivery]:
    table = schema.delivery.c
    rows = connection.execute(select(schema.delivery).where(table.transfer.in_(transfers)))
    return {
        (row.tenant, row.site, row.transfer): Delivery(row.transfer, row.holder, row.gtin, row.units)
        for row in rows
    }


def _arrived(connection: Connection, transfers: set[str]) -> set[Transfer]:
    table = schema.arrival.c
    query = select(table.tenant, table.site, table.transfer).where(table.transfer.in_(transfers))
    return {(row.tenant, row.site, row.transfer) for row in connection.execute(query)}


def _sales(connection: Connection, sales: set[str]) -> set[tuple[str, str]]:
    table = schema.sale.c
    query = select(table.dev, table.sale).where(table.sale.in_(sales))
    return {(row.dev, row.sale) for row in connection.execute(query)}


def write(connection: Connection, harvest: Harvest) -> None:
    """Add a harvest to the projections."""
    for table, rows in (
        (schema.sale, harvest.sales),
        (schema.sale_line, harvest.lines),
        (schema.arrival, harvest.arrivals),
        (schema.quarantine, [_doubt_row(doubt) for doubt in harvest.doubts]),
    ):
        if rows:
            connection.execute(insert(table), rows)
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
    """Add `sums` to the columns of `table` behind its key, a row for each key of them."""
    if not sums[0]:
        return
    keys, totals = table.primary_key.columns.keys(), [c.name for c in table.columns if not c.primary_key]
    row = upsert(table)
    more = {name: table.c[name] + row.excluded[name] for name in totals}
    statement = row.on_conflict_do_update(index_elements=keys, set_=more)
    connection.execute(statement, [_sum_row(keys, key, totals, sums) for key in sums[0]])


def _sum_row(
    keys: Sequence[str],
    key: tuple[str, ...],
    totals: Sequence[str],
    sums: Sequence[Mapping[tuple[str, ...], int]],
) -> dict[str, Any]:
    added = zip(totals, (each[key] for each in sums), strict=True)
    return {**dict(zip(keys, key, strict=True)), **dict(added)}
