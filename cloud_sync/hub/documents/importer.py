"""A shop's files go into the hub in one transaction: all of them, or nothing."""

from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, insert, select

from cloud_sync.contract.documents import DELIVERIES, Deliveries, Delivery
from cloud_sync.contract.encoding import encode
from cloud_sync.contract.signing import Signer
from cloud_sync.hub.documents.books import issue_prices
from cloud_sync.hub.documents.deliveries import DELIVERIES as DELIVERIES_FILE
from cloud_sync.hub.documents.edition import Edition, Press, Site
from cloud_sync.hub.documents.offers import issue_promotions
from cloud_sync.hub.documents.sheet import ImportRefusedError, Problem
from cloud_sync.hub.documents.shop import Shop
from cloud_sync.hub.projections.projector import announce
from cloud_sync.hub.store import schema
from cloud_sync.hub.store.database import Store
from cloud_sync.hub.store.upsert import upsert
from retail.custody import TRANSIT


class Imported(msgspec.Struct, frozen=True):
    """What an import did: the transfers that are new, and each document as it now is."""

    tenant: str
    site: str
    new_transfers: tuple[str, ...]
    documents: tuple[Edition, ...]


def import_shop(store: Store, shop: Shop, signer: Signer, now_ms: int) -> Imported:
    """Take a shop in. A transfer that is in already stays; one that says something else now is refused."""
    site = Site(shop.file.tenant, shop.file.site)
    with store.writing() as connection:
        fresh = _fresh(connection, site, shop)
        _describe(connection, site, shop)
        _deliver(connection, site, shop, fresh, now_ms)
        _hang(connection, shop)
        press = Press(connection, signer, site, now_ms)
        documents = (
            *issue_prices(press, connection, site, shop.book),
            press.issue(DELIVERIES, encode(_all_deliveries(connection, site))),
            *issue_promotions(press, connection, shop.file, shop.promotions),
        )
    return Imported(site.tenant, site.site, tuple(each.transfer for each in fresh), documents)


def _hang(connection: Connection, shop: Shop) -> None:
    """Keep each picture as a chunk, which an object fetches by its hash."""
    rows = upsert(connection, schema.chunk).on_conflict_do_nothing()
    for sha256, path in shop.pictures.items():
        connection.execute(rows, {"sha256": sha256, "bytes": path.read_bytes()})


def _fresh(connection: Connection, site: Site, shop: Shop) -> list[Delivery]:
    """The deliveries that are not in yet; raises ImportRefusedError if one that is in has been changed."""
    kept = {each.transfer: each for each in _all_deliveries(connection, site).deliveries}
    problems = [
        Problem(
            DELIVERIES_FILE,
            shop.lines[each.transfer],
            "transfer",
            f"{each.transfer} was imported before with something else ({_said(kept[each.transfer])}):"
            " a delivery is never changed, give what is new a transfer of its own",
        )
        for each in shop.deliveries
        if kept.get(each.transfer, each) != each
    ]
    if problems:
        raise ImportRefusedError(problems)
    return [each for each in shop.deliveries if each.transfer not in kept]


def _said(delivery: Delivery) -> str:
    return f"{delivery.units} of {delivery.gtin} for {delivery.holder}"


def _describe(connection: Connection, site: Site, shop: Shop) -> None:
    """Keep the words for people: what the site, its objects and its products are called."""
    file, place = shop.file, msgspec.structs.asdict(site)
    words = {"name": file.name or file.site, "language": file.language, "currency": file.currency}
    row = upsert(connection, schema.site).values(**place, **words)
    connection.execute(row.on_conflict_do_update(index_elements=["tenant", "site"], set_=words))
    for table, rows in (
        (
            schema.listing,
            [
                {"object": each.id, "kind": each.kind, "name": each.name, "sells_from": each.sells_from}
                for each in file.objects
            ],
        ),
        (
            schema.product,
            [{"gtin": each.gtin, "name": each.words[file.language].name} for each in shop.book.products],
        ),
    ):
        connection.execute(delete(table).where(table.c.tenant == site.tenant, table.c.site == site.site))
        if rows:
            connection.execute(insert(table), [{**place, **each} for each in rows])


def _deliver(connection: Connection, site: Site, shop: Shop, fresh: Iterable[Delivery], now_ms: int) -> None:
    """Post the hub's own moves: to an object that keeps its stock through transit, to a floor at once."""
    rows: list[dict[str, Any]] = [
        {
            **msgspec.structs.asdict(site),
            "transfer": each.transfer,
            "holder": each.holder,
            "gtin": each.gtin,
            "units": each.units,
            "epcs": " ".join(each.epcs),
            "taker": TRANSIT if shop.file.keeps_its_own(each.holder) else each.holder,
            "made_ms": now_ms,
        }
        for each in fresh
    ]
    if rows:
        connection.execute(insert(schema.delivery), rows)
        announce(connection, rows)


def _all_deliveries(connection: Connection, site: Site) -> Deliveries:
    table = schema.delivery.c
    query = select(schema.delivery).where(table.tenant == site.tenant, table.site == site.site)
    return Deliveries(
        tuple(
            Delivery(row.transfer, row.holder, row.gtin, row.units, tuple(row.epcs.split()))
            for row in connection.execute(query.order_by(table.id))
        )
    )
