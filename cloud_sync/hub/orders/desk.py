"""Orders are told to their objects, again and again, until they are obeyed or void: an object may be away."""

from collections.abc import Callable
from threading import Event
from typing import Final

from sqlalchemy import bindparam, or_, select, update

from cloud_sync.contract.topics import Address
from cloud_sync.hub.store import schema
from cloud_sync.hub.store.database import Store
from cloud_sync.mqtt import Outgoing

# An order is given by another process: how soon it is seen.
_ROUND_S: Final = 0.25
# An object that was away hears the order this soon after it is back; it knows an order that it has heard.
AGAIN_MS: Final = 5_000
# One round tells so many; the rest have their turn in the next one.
_ORDERS_MAX: Final = 256


class OrderDesk:
    """Tells orders. Several processes may: who tells one writes down when, and others leave it a while."""

    def __init__(self, store: Store, clock_ms: Callable[[], int]) -> None:
        self._store, self._clock_ms = store, clock_ms
        self._fresh = Event()

    def connected(self) -> None:
        """A broker listens that may have forgotten everything: tell all open orders at once."""
        self._fresh.set()

    def work(self, publish: Callable[[Outgoing], bool], closing: Event) -> None:
        """Tell what is open until `closing`."""
        while not closing.is_set():
            self.tell(publish)
            closing.wait(_ROUND_S)

    def tell(self, publish: Callable[[Outgoing], bool]) -> None:
        """Tell each order that is open and was not told lately; what is not taken is told next time."""
        now_ms = self._clock_ms()
        told = [order_id for order_id, order in self._due(now_ms) if publish(order)]
        if told:
            row = update(schema.command).where(schema.command.c.id == bindparam("which"))
            with self._store.writing() as connection:
                connection.execute(row.values(told_ms=now_ms), [{"which": each} for each in told])

    def _due(self, now_ms: int) -> list[tuple[str, Outgoing]]:
        table, place = schema.command.c, schema.object_.c
        before = now_ms if self._fresh.is_set() else now_ms - AGAIN_MS
        self._fresh.clear()
        query = (
            select(table.id, table.dev, table.jws, table.expires_ms, place.tenant, place.site)
            .join(schema.object_, place.id == table.dev)
            .where(table.done_ms.is_(None), table.expires_ms > now_ms)
            .where(or_(table.told_ms.is_(None), table.told_ms <= before))
            .order_by(table.made_ms)
            .limit(_ORDERS_MAX)
        )
        with self._store.reading() as connection:
            rows = connection.execute(query).all()
        return [
            (
                row.id,
                Outgoing(
                    Address(row.tenant, row.site, row.dev).down("command"),
                    row.jws.encode("ascii"),
                    expiry_s=max(1, (row.expires_ms - now_ms) // 1_000),
                ),
            )
            for row in rows
        ]
