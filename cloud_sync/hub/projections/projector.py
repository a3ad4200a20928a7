"""Projections follow the journals, a stretch at a time, each in one transaction with its cursor."""

import logging
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from threading import Event
from typing import Any, Final

from sqlalchemy import Connection, delete, select, update

from cloud_sync.contract.topics import Address
from cloud_sync.hub.projections.fold import Harvest, fold, move
from cloud_sync.hub.projections.meaning import Told, understand
from cloud_sync.hub.projections.tables import add, advance, before, pending, stretch, trusts, upto, write
from cloud_sync.hub.store import schema
from cloud_sync.hub.store.database import Store
from retail.custody import SUPPLIER, Move

_log = logging.getLogger(__name__)

# One stretch: long enough to be cheap, short enough that ingest does not wait for its turn.
STRETCH_MAX: Final = 1_000
# Entries that came while nobody rang (another process took them in) are seen this much later.
_ROUND_S: Final = 0.25


class Projector:
    """Keeps the projections up to date; several may work on one database, each on a partition of its own."""

    def __init__(self, store: Store, *, first_part: int = 0) -> None:
        self._store = store
        self._next_part = first_part

    def work(self, appended: Event, closing: Event, give_way: Callable[[], None] = lambda: None) -> None:
        """Follow the journals until `closing`; `appended` rings when there is something new.

        `give_way` is called between two stretches, to leave the processor and the database to others.
        """
        while not closing.is_set():
            appended.wait(_ROUND_S)
            appended.clear()
            while self.step() and not closing.is_set():
                give_way()

    def step(self) -> int:
        """Project one stretch; how many entries it had."""
        with self._store.reading() as connection:
            parts = pending(connection)
        if not parts:
            return 0
        # Where the last stretch ended the next one begins: a busy partition does not keep the others waiting.
        at = bisect_left(parts, self._next_part)
        with self._store.following() as connection:
            count, last = _project(connection, (*parts[at:], *parts[:at]))
        self._next_part = last + 1
        return count

    def rebuild(self) -> None:
        """Drop all projections and make them again from deliveries and journals, in one transaction."""
        with self._store.writing() as connection:
            rebuild(connection)


def rebuild(connection: Connection) -> None:
    """Make all projections again in the caller's transaction; whoever projects or imports waits for it."""
    hold(connection)
    connection.execute(select(schema.projection.c.part).order_by(schema.projection.c.part).with_for_update())
    for table in schema.PROJECTIONS:
        connection.execute(delete(table))
    connection.execute(delete(schema.quarantine).where(schema.quarantine.c.entry.is_not(None)))
    connection.execute(update(schema.projection).values(upto=0))
    _post(connection, connection.execute(select(schema.delivery)).mappings())
    while parts := pending(connection):
        _project(connection, parts)


def announce(connection: Connection, deliveries: Iterable[Mapping[Any, Any]]) -> None:
    """Post the hub's own moves of `deliveries` (new rows of that table): goods leave the supplier."""
    hold(connection)
    _post(connection, deliveries)


def hold(connection: Connection) -> None:
    """Deliveries are announced, or all projections are made again: never both at once."""
    connection.execute(select(schema.hub.c.id).with_for_update())


def _post(connection: Connection, deliveries: Iterable[Mapping[Any, Any]]) -> None:
    harvest = Harvest()
    for row in deliveries:
        step = Move(row["gtin"], SUPPLIER, row["taker"], row["units"])
        move(harvest.stock, Address(row["tenant"], row["site"], ""), [step])
    add(connection, schema.stock, harvest.stock)


def _project(connection: Connection, parts: Sequence[int]) -> tuple[int, int]:
    """Project a stretch of `parts` in this order; how many entries it had, and the last of the partitions."""
    tellings: list[Told] = []
    last = parts[0]
    for part in parts:
        if (after := upto(connection, part)) is None:
            continue
        found = stretch(connection, part, after, STRETCH_MAX - len(tellings))
        if found:
            advance(connection, part, found[-1].id)
        tellings += found
        last = part
        if len(tellings) >= STRETCH_MAX:
            break
    if tellings:
        _fold(connection, tellings)
    return len(tellings), last


def _fold(connection: Connection, tellings: Sequence[Told]) -> None:
    trust = trusts(connection, {told.address.object for told in tellings})
    bodies = [understand(told, trust.get(told.address.object)) for told in tellings]
    harvest = fold(zip(tellings, bodies, strict=True), before(connection, bodies))
    write(connection, harvest)
    for doubt in harvest.doubts:
        _log.warning("quarantine (%s), entry %d: %s", doubt.reason, doubt.told.id, doubt.sentence)
