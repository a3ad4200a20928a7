"""The questions that people ask of a hub; answers of one transaction fit together."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Row, Select, func, literal, select

from cloud_sync.hub.store import schema
from cloud_sync.hub.store.answers import (
    Fault,
    Figures,
    Held,
    SiteNamed,
    SoldLine,
    SoldSale,
    Standing,
    Trouble,
)
from cloud_sync.hub.store.kept import IS_KEPT
from retail.custody import EDGES, TRANSIT

# Goods on their way to an object are in the shop already; the other edges of its world are no place in it.
_NOWHERE: Final = EDGES - {TRANSIT}

SALES_MAX: Final = 500
"""The most sales of one answer; who wants all of them exports them."""

# A person reads so many rows of trouble before asking for help.
_TROUBLES_MAX: Final = 50

# Entries of one partition that are not counted yet; asked for each, so that only their frames are looked at.
_BEHIND: Final = (
    select(func.sum(schema.frame.c.last - schema.frame.c.first_new + 1))
    .where(schema.frame.c.part == schema.projection.c.part, IS_KEPT)
    .where(schema.frame.c.id > schema.projection.c.upto)
    .correlate(schema.projection)
    .scalar_subquery()
)


def figures(connection: Connection) -> Figures:
    """The shop in numbers."""
    objects = standings(connection)
    takings, stock, sold = schema.takings.c, schema.stock.c, schema.sold.c
    pending = _number(connection, select(func.sum(_BEHIND)).select_from(schema.projection))
    units_here = func.sum(stock.units).filter(stock.holder.not_in(_NOWHERE))
    return Figures(
        sales={each.object: each.sales for each in objects},
        money=_sums(
            connection, select(takings.currency, func.sum(takings.total_minor)).group_by(takings.currency)
        ),
        stock=_sums(connection, select(stock.gtin, units_here).group_by(stock.gtin)),
        sold=_sums(connection, select(sold.gtin, func.sum(sold.units)).group_by(sold.gtin)),
        acked={each.object: each.acked for each in objects},
        entries=_number(connection, select(func.sum(schema.cursor.c.seq))) - pending,
        pending=pending,
    )


def standings(connection: Connection) -> list[Standing]:
    """All admitted objects, by site and name."""
    cursors = {row.dev: row for row in connection.execute(select(schema.cursor).order_by(schema.cursor.c.id))}
    present = {row.dev: row for row in connection.execute(select(schema.presence))}
    well = {row.dev: row for row in connection.execute(select(schema.wellbeing))}
    takings: defaultdict[str, dict[str, tuple[int, int]]] = defaultdict(dict)
    for row in connection.execute(select(schema.takings)):
        takings[row.dev][row.currency] = (row.sales, row.total_minor)
    admitted, listing = schema.object_, schema.listing
    query = select(admitted, listing.c.name, listing.c.kind).outerjoin(
        listing,
        (listing.c.object == admitted.c.id)
        & (listing.c.tenant == admitted.c.tenant)
        & (listing.c.site == admitted.c.site),
    )
    rows = connection.execute(query.order_by(admitted.c.tenant, admitted.c.site, admitted.c.id))
    return [
        _standing(row, cursors.get(row.id), present.get(row.id), takings[row.id], well.get(row.id))
        for row in rows
    ]


def _standing(
    known: Row[Any],
    cursor: Row[Any] | None,
    present: Row[Any] | None,
    takings: dict[str, tuple[int, int]],
    well: Row[Any] | None,
) -> Standing:
    epoch = cursor.epoch if cursor else ""
    acked = cursor.seq if cursor else 0
    # What an object says of its head is of the journal that it is writing now.
    told = present.head if present and present.epoch == epoch else 0
    return Standing(
        object=known.id,
        tenant=known.tenant,
        site=known.site,
        name=known.name or known.id,
        kind=known.kind or "",
        kid=known.kid,
        epoch=epoch,
        acked=acked,
        head=max(told, acked),
        online=bool(present.online) if present else None,
        heard_ms=max(cursor.heard_ms if cursor else 0, present.heard_ms if present else 0),
        sales=sum(sales for sales, _ in takings.values()),
        money={currency: minor for currency, (_, minor) in takings.items()},
        program=well.program if well else "",
        faults=msgspec.json.decode(well.faults, type=list[Fault]) if well else [],
    )


def sales(connection: Connection, limit: int) -> list[SoldSale]:
    """The last `limit` sales, the newest arrival first."""
    sale, line = schema.sale, schema.sale_line
    query = (
        select(sale, schema.listing.c.name.label("place"))
        .outerjoin(schema.object_, schema.object_.c.id == sale.c.dev)
        .outerjoin(
            schema.listing,
            (schema.listing.c.object == sale.c.dev)
            & (schema.listing.c.tenant == schema.object_.c.tenant)
            & (schema.listing.c.site == schema.object_.c.site),
        )
        .order_by(sale.c.entry.desc())
        .limit(max(0, min(limit, SALES_MAX)))
    )
    rows = connection.execute(query).all()
    lines: defaultdict[int, list[SoldLine]] = defaultdict(list)
    of_these = select(line).where(line.c.entry.in_([row.entry for row in rows]))
    for row in connection.execute(of_these.order_by(line.c.entry, line.c.line)):
        lines[row.entry].append(SoldLine(row.gtin, row.name, row.units, row.total_minor))
    return [_sale(row, lines[row.entry]) for row in rows]


def _sale(row: Row[Any], lines: list[SoldLine]) -> SoldSale:
    return SoldSale(
        object=row.dev,
        place=row.place or row.dev,
        sale=row.sale,
        number=row.number,
        business_date=row.business_date,
        tender=row.tender,
        currency=row.currency,
        total_minor=row.total_minor,
        units=row.units,
        wall_ms=row.wall_ms,
        lines=lines,
    )


def holdings(connection: Connection) -> list[Held]:
    """What every place in the shop has, goods on their way among them."""
    stock, product = schema.stock, schema.product
    query = (
        select(stock, func.coalesce(product.c.name, literal("")).label("name"))
        .outerjoin(
            product,
            (product.c.tenant == stock.c.tenant)
            & (product.c.site == stock.c.site)
            & (product.c.gtin == stock.c.gtin),
        )
        .where(stock.c.holder.not_in(_NOWHERE))
        .order_by(stock.c.tenant, stock.c.site, stock.c.gtin, stock.c.holder)
    )
    return [
        Held(row.tenant, row.site, row.holder, row.gtin, row.name or row.gtin, row.units)
        for row in connection.execute(query)
    ]


def troubles(connection: Connection) -> list[Trouble]:
    """What a person should look at, the newest first."""
    alarm, case = schema.alarm, schema.quarantine
    alarms = connection.execute(select(alarm).order_by(alarm.c.last_ms.desc()).limit(_TROUBLES_MAX))
    # A fork has an alarm already; what is set aside for its meaning has none.
    cases = connection.execute(
        select(case).where(case.c.entry.is_not(None)).order_by(case.c.id.desc()).limit(_TROUBLES_MAX)
    )
    found = [Trouble(row.kind, row.subject, row.sentence, row.times, row.last_ms) for row in alarms]
    found += [Trouble(row.reason, row.dev, f"entry {row.seq}: {row.sentence}", 1, row.at_ms) for row in cases]
    return sorted(found, key=lambda trouble: trouble.at_ms, reverse=True)[:_TROUBLES_MAX]


def sites(connection: Connection) -> list[SiteNamed]:
    """The sites whose shops were imported."""
    table = schema.site.c
    query = select(table.tenant, table.site, table.name, table.currency).order_by(table.tenant, table.site)
    return [SiteNamed(row.tenant, row.site, row.name, row.currency) for row in connection.execute(query)]


def chunk(connection: Connection, sha256: str) -> bytes | None:
    """A piece of a document by its hash; None if no document has it."""
    table = schema.chunk.c
    return connection.execute(select(table["bytes"]).where(table.sha256 == sha256)).scalar_one_or_none()


def _sums(connection: Connection, query: Select[Any]) -> dict[str, int]:
    """Key -> sum, of a query of the two."""
    rows: Iterable[Any] = connection.execute(query)
    return {key: int(total or 0) for key, total in rows}


def _number(connection: Connection, query: Select[Any]) -> int:
    """The one number of a query, where nothing counts as 0."""
    return int(connection.execute(query).scalar_one() or 0)
