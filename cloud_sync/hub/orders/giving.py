"""Orders are given by a person: signed, written down, and then told by whichever hub process runs."""

import secrets
from typing import Final

import msgspec
from sqlalchemy import Connection, func, insert, select

from cloud_sync.contract.encoding import b64
from cloud_sync.contract.orders import ORDER_TYPE, VALID_S_MAX, Deed, Order, verb_of
from cloud_sync.contract.signing import Signer, seal
from cloud_sync.hub.objects import find
from cloud_sync.hub.store import schema
from cloud_sync.hub.store.database import Store

# An object that is away is not helped by more of them.
OPEN_MAX: Final = 32


class OrderRefusedError(ValueError):
    """An order that is not given: what stands against it."""


class Given(msgspec.Struct, frozen=True):
    """An order and what came of it so far: moments in milliseconds since 1970, None if they have not come."""

    id: str
    object: str
    verb: str
    made_ms: int
    expires_ms: int
    told_ms: int | None = None
    done_ms: int | None = None
    ok: bool | None = None
    sentence: str = ""

    @property
    def is_done(self) -> bool:
        """Whether the object has said what became of it."""
        return self.done_ms is not None


def order_for(dev: str, deed: Deed, valid_s: int, now_ms: int) -> Order:
    """A new order for `dev`, to be obeyed within `valid_s` seconds; raises OrderRefusedError."""
    if not 1 <= valid_s <= VALID_S_MAX:
        raise OrderRefusedError(f"expected an order for 1 to {VALID_S_MAX} seconds, got {valid_s}")
    return Order(dev, b64(secrets.token_bytes(16)), now_ms, now_ms + valid_s * 1_000, deed)


def give(store: Store, signer: Signer, order: Order) -> Given:
    """Write an order down, to be told; `signer` is the hub's key for documents. Raises OrderRefusedError."""
    given = Given(order.id, order.dev, verb_of(order.do), order.at_ms, order.expires_ms)
    row = {"id": given.id, "dev": given.object, "verb": given.verb, "made_ms": given.made_ms}
    with store.writing() as connection:
        _check(connection, order.dev, order.at_ms)
        jws = seal(signer, ORDER_TYPE, order)
        connection.execute(insert(schema.command).values(**row, expires_ms=given.expires_ms, jws=jws))
    return given


def found(connection: Connection, order_id: str) -> Given:
    """An order that was given, as it stands."""
    table = schema.command
    row = connection.execute(select(table).where(table.c.id == order_id)).one()
    return Given(
        id=row.id,
        object=row.dev,
        verb=row.verb,
        made_ms=row.made_ms,
        expires_ms=row.expires_ms,
        told_ms=row.told_ms,
        done_ms=row.done_ms,
        ok=None if row.ok is None else bool(row.ok),
        sentence=row.sentence or "",
    )


def _check(connection: Connection, dev: str, now_ms: int) -> None:
    if find(connection, dev) is None:
        raise OrderRefusedError(f"object {dev!r} was never admitted: `opos hub status` lists those that were")
    table = schema.command.c
    waiting = select(func.count()).where(table.dev == dev, table.done_ms.is_(None), table.expires_ms > now_ms)
    if connection.execute(waiting).scalar_one() >= OPEN_MAX:
        raise OrderRefusedError(f"{OPEN_MAX} orders to {dev} are open: wait until it has obeyed some")
