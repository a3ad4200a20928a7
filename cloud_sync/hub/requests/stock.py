"""Where a product lies: the units that objects may tell shoppers of, in their own shop and in others."""

from typing import Final

from sqlalchemy import Connection, ScalarSelect, case, func, select

from cloud_sync.contract.stock import StockAsked, StockTold
from cloud_sync.hub.store import schema
from cloud_sync.hub.store.kept import IS_KEPT
from retail.custody import EDGES, QUARANTINE

# Nobody sells from there; what is on its way is sold by whoever walks to it once it has come.
_NOT_FOR_SALE: Final = EDGES | {QUARANTINE}

_UNCOUNTED: Final = (
    select(func.min(schema.frame.c.received_ms))
    .where(schema.frame.c.part == schema.projection.c.part, IS_KEPT)
    .where(schema.frame.c.id > schema.projection.c.upto)
    .correlate(schema.projection)
    .scalar_subquery()
)
"""When the first frame of a partition came that is not counted yet."""


def lying(connection: Connection, dev: str, ask: StockAsked, now_ms: int) -> StockTold:
    """The answer to the object `dev`: what its own tenant has, each product by itself."""
    stock = schema.stock.c
    is_here = stock.site == _of(dev, "site")
    query = (
        select(
            stock.gtin,
            func.sum(case((is_here, stock.units), else_=0)).label("shop"),
            func.sum(case((is_here, 0), else_=stock.units)).label("elsewhere"),
        )
        .where(stock.tenant == _of(dev, "tenant"), stock.gtin.in_(set(ask.gtins)), stock.units > 0)
        .where(stock.holder.not_in(_NOT_FOR_SALE), ~(is_here & (stock.holder == ask.holder)))
        .group_by(stock.gtin)
    )
    found = {row.gtin: (int(row.shop), int(row.elsewhere)) for row in connection.execute(query)}
    units = {gtin: found.get(gtin, (0, 0)) for gtin in ask.gtins}
    return StockTold(
        _counted_ms(connection, now_ms),
        {gtin: shop for gtin, (shop, _) in units.items()},
        {gtin: elsewhere for gtin, (_, elsewhere) in units.items()},
    )


def _of(dev: str, column: str) -> ScalarSelect[str]:
    return select(schema.object_.c[column]).where(schema.object_.c.id == dev).scalar_subquery()


def _counted_ms(connection: Connection, now_ms: int) -> int:
    """Up to when all that has come is in the numbers: now, unless something waits to be counted."""
    first_ms = connection.execute(select(func.min(_UNCOUNTED)).select_from(schema.projection)).scalar()
    return now_ms if first_ms is None else min(now_ms, int(first_ms))
