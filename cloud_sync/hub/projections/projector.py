"""Projections follow the journals, a stretch at a time, each in one transaction with its cursor."""

import logging
from collections.abc import Iterable, Mapping
from threading import Event
from typing import Any, Final

from sqlalchemy import Connection, delete, select, update

from cloud_sync.contract.topics import Address
from cloud_sync.hub.projections.fold import Harvest, fold, move
from cloud_sync.hub.projections.meaning import understand
from cloud_sync.hub.projections.tables import add, before, stretch, write
from cloud_sync.hub.store import schema
from cloud_sync.hub.store.database import Store
from retail.custody import SUPPLIER, Move

_log = logging.getLogger(__name__)

# One stretch: long enough to be cheap, short enough that ingest does not wait for its turn.
STRETCH_MAX: Final = 1_000
# Entries that came while nobody rang (another process took them in) are seen this much later.
_ROUND_S: Final = 0.25


class Projector:
    """Keeps the projections up to date."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def work(self, appended: Event, closing: Event) -> None:
        """Follow the journals until `closing`; `appended` rings when there is something new."""
        while not closing.is_set():
            appended.wait(_ROUND_S)
            appended.clear()
            while self.step() and not closing.is_set():
                pass

    def step(self) -> int:
        """Project one stretch; how many entries it had."""
        with self._store.reading() as connection:
            if not stretch(connection, limit=1):
                return 0
        with self._store.writing() as connection:
            return _project(connection)

    def rebuild(self) -> None:
        """Drop all projections and make them again from deliveries and journals, in one transaction."""
        with self._store.writing() as connection:
            for table in schema.PROJECTIONS:
                connection.execute(delete(table))
            connection.execute(delete(schema.quarantine).where(schema.quarantine.c.entry.is_not(None)))
            connection.execute(update(schema.projection).values(upto=0))
            announce(connection, connection.execute(select(schema.delivery)).mappings())
            while _project(connection):
                pass


def announce(connection: Connection, deliveries: Iterable[Mapping[Any, Any]]) -> None:
    """Post the hub's own moves of `deliveries` (rows of that table): goods leave the supplier."""
    harvest = Harvest()
    for row in deliveries:
        step = Move(row["gtin"], SUPPLIER, row["taker"], row["units"])
        move(harvest.stock, Address(row["tenant"], row["site"], ""), [step])
    add(connection, schema.stock, harvest.stock)


def _project(connection: Connection) -> int:
    tellings = stretch(connection, STRETCH_MAX)
    if not tellings:
        return 0
    bodies = [understand(told) for told in tellings]
    harvest = fold(zip(tellings, bodies, strict=True), before(connection, bodies))
    write(connection, harvest)
    connection.execute(update(schema.projection).values(upto=tellings[-1].id))
    for doubt in harvest.doubts:
        _log.warning("quarantine (%s), entry %d: %s", doubt.reason, doubt.told.id, doubt.sentence)
    return len(tellings)
