"""A receipt in the hub's books, found by its object, its seq and its hash."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Final

import msgspec
from sqlalchemy import Connection, select

from cloud_sync.contract.encoding import b64
from cloud_sync.contract.entry import decode_body
from cloud_sync.contract.facts import Refund, Sale
from cloud_sync.contract.slip import Beside, slip_of
from cloud_sync.contract.training import is_in_training
from cloud_sync.hub.store import schema
from retail.locale import is_currency, is_language
from retail.receipt import Slip

Promotions = Callable[[str, str, Sale | Refund], Mapping[str, str]]
"""The words of the promotions that a sale was priced by, by their ids: of a tenant and a site."""


class Found(msgspec.Struct, frozen=True):
    """A receipt as it is shown: `hash` (base64url) is what its object signed."""

    dev: str
    seq: int
    hash: str
    slip: Slip


def no_words(_tenant: str, _site: str, _fact: Sale | Refund) -> Mapping[str, str]:
    """Where no promotions are kept, they are called by their ids."""
    return {}


_object, _site, _entry = schema.object_.c, schema.site.c, schema.entry.c
_SHOP: Final = (
    select(_object.tenant, _object.site, _site.name)
    .select_from(schema.object_)
    .outerjoin(schema.site, (_site.tenant == _object.tenant) & (_site.site == _object.site))
)


def receipt_at(
    connection: Connection, dev: str, seq: int, sha256: bytes, promotions: Promotions = no_words
) -> Found | None:
    """The receipt at this place of a journal, if it has this hash; None if there is none, or not yet."""
    epochs = select(schema.cursor.c.epoch).where(schema.cursor.c.dev == dev)
    place = (_entry.dev == dev) & (_entry.epoch.in_(epochs)) & (_entry.seq == seq)
    data = connection.execute(select(_entry.body).where(place, _entry.hash == sha256)).scalar_one_or_none()
    shop = connection.execute(_SHOP.where(_object.id == dev)).one_or_none()
    if data is None or shop is None:
        return None
    body = decode_body(bytes(data))
    fact = body.fact
    if not isinstance(fact, Sale | Refund) or not _is_legible(fact):
        return None
    beside = Beside(
        promotions=promotions(shop.tenant, shop.site, fact),
        signed=b64(sha256),
        training=is_in_training(dev),
        credited=_number_of(connection, dev, fact.sale) if isinstance(fact, Refund) else "",
    )
    return Found(dev, seq, b64(sha256), slip_of(fact, shop.name or dev, beside))


def _is_legible(fact: Sale | Refund) -> bool:
    """What an object signed need not be what people can read: a date of no calendar, a language of nobody."""
    try:
        date.fromisoformat(fact.business_date)
    except ValueError:
        return False
    return is_language(fact.language) and is_currency(fact.currency)


def _number_of(connection: Connection, dev: str, sale: str) -> str:
    """The number of the receipt of a sale; empty where another object sold it."""
    table = schema.sale.c
    query = select(table.number).where(table.sale == sale, table.dev == dev)
    return connection.execute(query).scalar_one_or_none() or ""
