"""Projections follow the journals, a stretch at a time, each in one transaction with its cursor."""

import logging
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from threading import Event
from typing import Any, Final

from sqlalchemy import Connection, delete, select, update

from cloud_sync.contract.entry import Body
from cloud_sync.contract.topics import Address
from cloud_sync.hub.members.counting import count
from cloud_sync.hub.projections.fold import Harvest, fold, move
from cloud_sync.hub.projections.meaning import Doubt, Told, believe
from cloud_sync.hub.projections.tables import add, advance, before, trusts, upto, write
from cloud_sync.hub.projections.unrolling import Stretch, pending, unroll
from cloud_sync.hub.store import schema
from cloud_sync.hub.store.database import Store
from cloud_sync.hub.store.rows import insert_rows
from retail.custody import SUPPLIER, Move

_log = logging.getLogger(__name__)

# One stretch: long enough to be cheap, short enough that ingest does not wait for its turn.
STRETCH_MAX: Final = 1_000
# And one while ingest is busy: a frame, so that receipts hardly notice.
_SHORT_STRETCH_MAX: Final = 256
# Entries that came while nobody rang (another process took them in) are seen this much later.
_ROUND_S: Final = 0.25
# While ingest is busy the projections rest, and look so often whether it still is.
_GLANCE_S: Final = 0.05
# But no longer: figures may be behind, and still move.
_REST_S: Final = 1.0


class Projector:
    """Keeps the projections up to date; several may work on one database, each on a partition of its own."""

    def __init__(self, store: Store, *, first_part: int = 0) -> None:
        self._store = store
        self._next_part = first_part

    def work(self, appended: Event, closing: Event, is_busy: Callable[[], bool] = lambda: False) -> None:
        """Follow the journals until `closing`; `appended` rings when there is something new.

        While `is_busy`, ingest has the processor and the database nearly for itself.
        """
        while not closing.is_set():
            appended.wait(_ROUND_S)
            appended.clear()
            while self._next(closing, is_busy) and not closing.is_set():
                pass

    def _next(self, closing: Event, is_busy: Callable[[], bool]) -> int:
        """Project a stretch as soon as ingest has time for it."""
        rested_s = 0.0
        while is_busy() and rested_s < _REST_S and not closing.wait(_GLANCE_S):
            rested_s += _GLANCE_S
        return self.step(_SHORT_STRETCH_MAX if is_busy() else STRETCH_MAX)

    def step(self, most: int | None = None) -> int:
        """Project one stretch, of about `most` entries; how many it had.

        Frames are opened before the turn to write is taken, which is then over sooner.
        """
        with self._store.reading() as connection:
            behind = sorted(pending(connection).items())
            # Where the last stretch ended the next one begins: a busy partition keeps no other waiting.
            at = bisect_left(behind, (self._next_part, 0))
            stretches = unroll(connection, (*behind[at:], *behind[:at]), most or STRETCH_MAX)
        if not stretches:
            return 0
        with self._store.following() as connection:
            entries = _project(connection, stretches)
        self._next_part = stretches[-1].part + 1
        return entries

    def rebuild(self) -> None:
        """Make all projections again, in one transaction."""
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
    while behind := pending(connection):
        _project(connection, unroll(connection, list(behind.items()), STRETCH_MAX))


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


def _project(connection: Connection, stretches: Iterable[Stretch]) -> int:
    """Project stretches that nobody else has projected meanwhile; how many entries they had."""
    ours = [each for each in stretches if upto(connection, each.part) == each.after]
    for each in ours:
        insert_rows(connection, schema.entry, each.rows)
        advance(connection, each.part, each.upto)
    understood = [said for each in ours for said in each.understood]
    if understood:
        _fold(connection, understood)
    return len(understood)


def _fold(connection: Connection, understood: Sequence[tuple[Told, Body | Doubt]]) -> None:
    trust = trusts(connection, {told.address.object for told, _ in understood})
    if trust:
        understood = [
            (told, believe(told, body, trust.get(told.address.object))) for told, body in understood
        ]
    harvest = fold(understood, before(connection, [body for _, body in understood]))
    write(connection, harvest)
    count(connection, understood)
    for doubt in harvest.doubts:
        _log.warning("quarantine (%s), entry %d: %s", doubt.reason, doubt.told.id, doubt.sentence)
