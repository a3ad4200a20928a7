"""Taking slices back that nobody gave back: by the clocks of both ends, or by hand for a lost object."""

import logging
from collections.abc import Callable
from threading import Event
from typing import Final

from sqlalchemy import Connection, select, update

from cloud_sync.contract.entry import decode_body
from cloud_sync.hub.members.escrow import DEFAULT, Terms, is_past
from cloud_sync.hub.members.wallets import is_given_back, lock
from cloud_sync.hub.store import schema
from cloud_sync.hub.store.database import Store
from cloud_sync.hub.store.wallets import slice_, wallet

_log: Final = logging.getLogger(__name__)

# What is over for a day already may wait for an hour.
_ROUND_S: Final = 3_600.0


class NoSliceError(ValueError):
    """No slice is called that."""


class Reclaiming:
    """The worker that takes back what is over; several of them do no harm."""

    def __init__(self, store: Store, clock_ms: Callable[[], int], terms: Terms = DEFAULT) -> None:
        self._store, self._clock_ms, self._terms = store, clock_ms, terms

    def work(self, closing: Event) -> None:
        """Take back now, and every hour until `closing`."""
        while True:
            self.step()
            if closing.wait(_ROUND_S):
                return

    def step(self) -> list[str]:
        """Take back what is over; its serials."""
        with self._store.reading() as connection:
            if not _old(connection, self._clock_ms(), self._terms):
                return []  # nearly always: no writer has to wait for that
        with self._store.writing() as connection:
            over = reclaim(connection, self._clock_ms(), self._terms)
        if over:
            _log.info("%d slices came back of themselves: %s", len(over), ", ".join(over))
        return over


def reclaim(connection: Connection, now_ms: int, terms: Terms = DEFAULT) -> list[str]:
    """Take back what nobody gave back: slices of which both clocks say that they ended long ago.

    An object spends nothing after the end, and an entry of its own that is later than that proves that it
    has come so far, or has begun another journal. One that is never heard of again keeps its slice: see
    `reclaim_by_hand`.
    """
    over = []
    for serial, name in _old(connection, now_ms, terms):
        lock(connection, wallet.c.wallet == name)  # whoever lends it anew at this moment waits, or has
        row = connection.execute(select(slice_).where(slice_.c.serial == serial)).one()
        ended_ms = row.expires_ms + terms.grace_ms
        if row.reclaimed_ms is not None or ended_ms >= now_ms or is_given_back(connection, serial):
            continue
        if is_past(connection, row.dev, row.epoch) or _reached_ms(connection, row.dev, row.epoch) > ended_ms:
            reclaim_by_hand(connection, serial, now_ms)
            over.append(serial)
    return over


def reclaim_by_hand(connection: Connection, serial: str, now_ms: int) -> bool:
    """Take a slice back whose object is lost; what it turns out to have spent is counted, with an alarm.

    False if it is over already. Raises NoSliceError.
    """
    name = connection.execute(select(slice_.c.wallet).where(slice_.c.serial == serial)).scalar()
    if name is None:
        raise NoSliceError(f"no slice is called {serial[:32]!r}: `opos hub wallet look` names them")
    lock(connection, wallet.c.wallet == name)
    if is_given_back(connection, serial):
        return False
    changes = update(slice_).where(slice_.c.serial == serial, slice_.c.reclaimed_ms.is_(None))
    return connection.execute(changes.values(reclaimed_ms=now_ms)).rowcount == 1


def _old(connection: Connection, now_ms: int, terms: Terms) -> list[tuple[str, str]]:
    """Serial and wallet of the slices that ended long ago by this clock."""
    old = slice_.c.expires_ms < now_ms - terms.grace_ms
    query = select(slice_.c.serial, slice_.c.wallet).where(old, slice_.c.reclaimed_ms.is_(None))
    ended = select(schema.slice_end.c.serial)
    found = connection.execute(query.where(slice_.c.serial.not_in(ended)).order_by(slice_.c.serial))
    return [(row.serial, row.wallet) for row in found]


def _reached_ms(connection: Connection, dev: str, epoch: str) -> int:
    """The wall time of the last entry of a journal that is counted; it never goes back in one."""
    entry = schema.entry.c
    last = (
        select(entry.body).where(entry.dev == dev, entry.epoch == epoch).order_by(entry.seq.desc()).limit(1)
    )
    body = connection.execute(last).scalar_one_or_none()
    try:
        return 0 if body is None else decode_body(body).wall_ms
    except ValueError:
        return 0  # the last one is in quarantine: the next may tell
