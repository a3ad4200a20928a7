"""What objects say that became of slices: spent, put back, given back. Made of entries, and made again."""

import logging
from collections.abc import Iterable
from typing import Final

import msgspec
from sqlalchemy import Connection, func, select

from cloud_sync.contract.entry import Body
from cloud_sync.contract.escrow import WALLET, PutBack, given_back, put_back, taken_out
from cloud_sync.contract.facts import Fact, Paid, PaymentClosed, Sale
from cloud_sync.hub.members.wallets import is_given_back
from cloud_sync.hub.projections.meaning import Doubt, Told
from cloud_sync.hub.store.attention import raise_once
from cloud_sync.hub.store.upsert import upsert
from cloud_sync.hub.store.wallets import slice_, slice_end, slice_use

_log: Final = logging.getLogger(__name__)

ALARM: Final = "wallet"
"""The kind of alarm about money of wallets."""


def count(connection: Connection, understood: Iterable[tuple[Told, Body | Doubt]]) -> None:
    """Count what entries say of slices, in their order; the same entry again changes nothing."""
    for told, body in understood:
        if isinstance(body, Doubt) or not _is_of_wallets(body.fact):
            continue
        for paid in taken_out(body.fact):
            _take_out(connection, told, paid)
        if (back := put_back(body.fact)) is not None:
            _put_back(connection, told, back)
        if (serial := given_back(body.fact)) is not None:
            _end(connection, told, serial)


def _is_of_wallets(fact: Fact) -> bool:
    """Every entry of every object comes through here, and nearly all speak of other things."""
    if isinstance(fact, Sale):
        paid = fact.payments
        return not isinstance(paid, msgspec.UnsetType) and any(each.provider == WALLET for each in paid)
    return isinstance(fact, PaymentClosed) and fact.provider == WALLET


def _take_out(connection: Connection, told: Told, paid: Paid) -> None:
    dev = told.address.object
    row = connection.execute(select(slice_).where(slice_.c.serial == paid.reference)).first()
    if row is None or (row.dev, row.epoch) != (dev, told.epoch):
        _alarm(
            connection, told, f"attempt {paid.attempt} spends slice {paid.reference}, which it was not lent"
        )
        return
    is_late = row.reclaimed_ms is not None or is_given_back(connection, row.serial)
    if not _use(connection, told, (paid.attempt, "", row.serial), paid.amount_minor):
        return  # counted before
    used = select(func.sum(slice_use.c.amount_minor)).where(slice_use.c.serial == row.serial)
    if is_late:
        _alarm(connection, told, f"attempt {paid.attempt} spent slice {row.serial} after it came back")
    elif int(connection.execute(used).scalar_one()) > row.amount_minor:
        _alarm(connection, told, f"slice {row.serial}: more was spent than {row.amount_minor}")


def _put_back(connection: Connection, told: Told, back: PutBack) -> None:
    mine = (slice_use.c.dev == told.address.object, slice_use.c.attempt == back.attempt)
    rows = connection.execute(select(slice_use).where(*mine)).all()
    if not rows or any(row.refund == back.refund for row in rows):
        return  # never taken out, as entries go; or counted before
    if back.amount_minor > sum(row.amount_minor for row in rows):
        _alarm(connection, told, f"refund {back.refund} puts back more than attempt {back.attempt} took out")
        return
    _use(connection, told, (back.attempt, back.refund, rows[0].serial), -back.amount_minor)


def _use(connection: Connection, told: Told, what: tuple[str, str, str], amount_minor: int) -> bool:
    """Write down (attempt, refund, serial); False if it was there."""
    attempt, refund, serial = what
    row = upsert(connection, slice_use).values(
        dev=told.address.object, attempt=attempt, refund=refund, serial=serial,
        amount_minor=amount_minor, entry=told.id,
    )  # fmt: skip
    fresh = row.on_conflict_do_nothing().returning(slice_use.c.attempt)
    return connection.execute(fresh).first() is not None


def _end(connection: Connection, told: Told, serial: str) -> None:
    dev = told.address.object
    row = connection.execute(select(slice_).where(slice_.c.serial == serial)).first()
    if row is None or (row.dev, row.epoch) != (dev, told.epoch):
        _alarm(connection, told, f"it gives back slice {serial[:16]}, which it was not lent")
        return
    end = upsert(connection, slice_end).values(serial=serial, dev=dev, entry=told.id)
    connection.execute(end.on_conflict_do_nothing())


def _alarm(connection: Connection, told: Told, sentence: str) -> None:
    name = told.address.object
    _log.error("%s, entry %d: %s", name, told.id, sentence)
    raise_once(connection, ALARM, f"{name}/{told.epoch}/{told.seq}", f"{name}: {sentence}", told.received_ms)
