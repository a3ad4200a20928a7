"""Leases: each partition is one worker's at a time, and who has lost one can write nothing more to it.

A lease ends by the clock, so that a dead worker's partitions go to the others. What keeps two workers apart
is not the clock but the token: it grows whenever a partition changes hands, and ingest looks at it in the
transaction in which it writes. Clocks that disagree cost time, and never an entry.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec
from sqlalchemy import Connection, delete, select, update

from cloud_sync.contract.topics import PARTITIONS
from cloud_sync.hub.store import schema
from cloud_sync.hub.store.database import Store
from cloud_sync.hub.store.upsert import upsert

LEASE_S: Final = 5
"""How long a worker may be silent before the others take what it had; it renews several times in between."""


class Lease(msgspec.Struct, frozen=True):
    """Who has a partition ('' for nobody), by which token, until when (milliseconds since 1970)."""

    part: int
    worker: str
    token: int
    until_ms: int


class Share(msgspec.Struct, frozen=True):
    """What a worker does with the partitions to have its fair share of them."""

    renewed: tuple[int, ...]
    taken: tuple[int, ...]
    given_back: tuple[int, ...]


class Leases:
    """The partitions of one worker, by its name; `clock_ms` gives milliseconds since 1970."""

    def __init__(self, store: Store, worker: str, clock_ms: Callable[[], int]) -> None:
        if not worker:
            raise ValueError("a worker needs a name: '' is the name of nobody")
        self._store, self._worker, self._clock_ms = store, worker, clock_ms
        self._tokens: dict[int, int] = {}

    def hold(self) -> dict[int, int]:
        """Renew what is ours, take what is free, give back what is over our share: partition -> token."""
        now_ms = self._clock_ms()
        with self._store.writing() as connection:
            leases = _locked(connection)
            fair = -(-PARTITIONS // _living(connection, self._worker, now_ms))
            mine = share(leases, self._worker, self._tokens, fair, now_ms)
            _write(connection, mine, self._worker, now_ms + LEASE_S * 1000)
        tokens = {lease.part: lease.token for lease in leases}
        self._tokens = {part: tokens[part] for part in mine.renewed}
        self._tokens |= {part: tokens[part] + 1 for part in mine.taken}
        return dict(self._tokens)

    def let_go(self) -> None:
        """Give all of it back: the others need not wait until it ends."""
        with self._store.writing() as connection:
            leases = _locked(connection)
            mine = tuple(each.part for each in leases if self._tokens.get(each.part) == each.token)
            _write(connection, Share((), (), mine), self._worker, 0)
            connection.execute(delete(schema.worker).where(schema.worker.c.name == self._worker))
        self._tokens = {}


def share(leases: Sequence[Lease], worker: str, tokens: Mapping[int, int], fair: int, now_ms: int) -> Share:
    """What `worker`, who holds `tokens`, does to have `fair` many partitions.

    A lease of our name with a token that we do not hold is that of a process before us, which may not know
    yet that it is dead: it changes hands like any other.
    """
    ours = [each.part for each in leases if tokens.get(each.part) == each.token and each.worker == worker]
    free = [
        each.part
        for each in leases
        if each.part not in ours and (each.worker in ("", worker) or each.until_ms <= now_ms)
    ]
    return Share(tuple(ours[:fair]), tuple(free[: max(0, fair - len(ours))]), tuple(ours[fair:]))


def _locked(connection: Connection) -> list[Lease]:
    """All leases in the order in which ingest locks them too: one line of waiting, and no circle."""
    table = schema.lease.c
    query = select(table.part, table.worker, table.token, table.until_ms).order_by(table.part)
    return [Lease(*row) for row in connection.execute(query.with_for_update())]


def _living(connection: Connection, worker: str, now_ms: int) -> int:
    """How many workers are here, this one among them."""
    table = schema.worker
    until = {"until_ms": now_ms + LEASE_S * 1000}
    here = upsert(connection, table).values(name=worker, **until)
    connection.execute(here.on_conflict_do_update(index_elements=["name"], set_=until))
    connection.execute(delete(table).where(table.c.until_ms <= now_ms))
    return len(connection.execute(select(table.c.name)).all())


def _write(connection: Connection, mine: Share, worker: str, until_ms: int) -> None:
    table = schema.lease.c
    for parts, change in (
        (mine.renewed, {"until_ms": until_ms}),
        (mine.taken, {"worker": worker, "token": table.token + 1, "until_ms": until_ms}),
        (mine.given_back, {"worker": "", "until_ms": 0}),
    ):
        if parts:
            connection.execute(update(schema.lease).where(table.part.in_(parts)).values(change))
