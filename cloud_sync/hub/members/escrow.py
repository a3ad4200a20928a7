"""Escrow: money of wallets and gift cards is lent to objects, which may spend it while they are offline.

It leaves the balance before its slice is signed, and comes back only when the object's own journal says that
it takes nothing out any more; so whatever is lost, doubled or late, nothing can be spent twice.
"""

import secrets
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Row, insert, select, update

from cloud_sync.contract.entry import decode_body
from cloud_sync.contract.escrow import SLICE_TYPE, Slice, SliceAsked, SliceGiven, SliceRefused, WhyNoSlice
from cloud_sync.contract.signing import Signer, seal
from cloud_sync.hub.members.wallets import Lent, is_given_back, lock, look, slices
from cloud_sync.hub.store import schema
from cloud_sync.hub.store.wallets import slice_, wallet

_HOUR_MS: Final = 3_600_000


class Terms(msgspec.Struct, frozen=True):
    """What the shop lends: never more out with one slice than this, and for so long."""

    out_minor_max: int = 20_000
    valid_ms: int = 7 * 24 * _HOUR_MS
    grace_ms: int = 24 * _HOUR_MS
    """So long after its end, by both clocks, a slice comes back that nobody has given back."""


DEFAULT: Final = Terms()


class Escrow:
    """Lends, and takes back, in its caller's transactions; `signer` is the hub's key for receipts."""

    def __init__(self, signer: Signer, terms: Terms = DEFAULT) -> None:
        self._signer, self._terms = signer, terms

    def lend(
        self, connection: Connection, dev: str, ask: SliceAsked, now_ms: int
    ) -> SliceGiven | SliceRefused:
        """The answer to an object that asks for a slice: commit before it leaves."""
        known = schema.object_.c
        tenant = select(known.tenant).where(known.id == dev).scalar_subquery()
        row = lock(connection, wallet.c.tenant == tenant, wallet.c.shown == ask.shown)
        if row is None:
            return SliceRefused("wallet.unknown")
        if (reason := _why_not(connection, row, dev, ask)) is not None:
            return SliceRefused(reason)
        lent = next((each for each in slices(connection, row.wallet) if each.is_for(dev, ask.epoch)), None)
        amount_minor = self._amount_minor(ask, lent, look(connection, row.wallet).balance_minor)
        if amount_minor <= 0:
            return SliceRefused("wallet.empty")
        serial = lent.serial if lent else secrets.token_urlsafe(12)
        given = Slice(
            *(serial, row.wallet, ask.shown, dev, ask.epoch),
            *(amount_minor, ask.currency, now_ms, now_ms + self._terms.valid_ms),
        )
        _write(connection, given, is_new=lent is None)
        return SliceGiven(seal(self._signer, SLICE_TYPE, given))

    def _amount_minor(self, ask: SliceAsked, lent: Lent | None, has_minor: int) -> int:
        """How much the slice is to be in all; one that is lent never shrinks."""
        if lent is None:
            return min(ask.need_minor, has_minor, self._terms.out_minor_max)
        wants_minor = ask.need_minor + (ask.out_minor if ask.serial == lent.serial else 0)
        most_minor = min(lent.amount_minor + has_minor, lent.spent_minor + self._terms.out_minor_max)
        return max(lent.amount_minor, min(wants_minor, most_minor))

    def reclaim(self, connection: Connection, now_ms: int) -> list[str]:
        """Take back what nobody gave back: slices of which both clocks say that they ended long ago.

        An object spends nothing after the end, and an entry of its own that is later than that proves that
        it has come so far. One that is never heard of again keeps its slice: see `reclaim_by_hand`.
        """
        grace_ms = self._terms.grace_ms
        old = slice_.c.expires_ms < now_ms - grace_ms
        over = [
            row.serial
            for row in connection.execute(select(slice_).where(old, slice_.c.reclaimed_ms.is_(None))).all()
            if not is_given_back(connection, row.serial)
            and _reached_ms(connection, row.dev, row.epoch) > row.expires_ms + grace_ms
        ]
        for serial in over:
            reclaim_by_hand(connection, serial, now_ms)
        return over


def reclaim_by_hand(connection: Connection, serial: str, now_ms: int) -> None:
    """Take a slice back whose object is lost; what it turns out to have spent is counted, with an alarm."""
    changes = update(slice_).where(slice_.c.serial == serial, slice_.c.reclaimed_ms.is_(None))
    connection.execute(changes.values(reclaimed_ms=now_ms))


def _write(connection: Connection, given: Slice, *, is_new: bool) -> None:
    row = {"amount_minor": given.amount_minor, "expires_ms": given.expires_ms}
    if is_new:
        place = {"serial": given.serial, "wallet": given.wallet, "dev": given.dev, "epoch": given.epoch}
        connection.execute(insert(slice_).values(**place, **row, made_ms=given.at_ms))
    else:
        connection.execute(update(slice_).where(slice_.c.serial == given.serial).values(**row))


def _why_not(connection: Connection, row: Row[Any], dev: str, ask: SliceAsked) -> WhyNoSlice | None:
    if row.blocked_ms is not None:
        return "wallet.blocked"
    if row.currency != ask.currency:
        return "wallet.currency"
    cursor = schema.cursor.c
    epochs = select(cursor.epoch).where(cursor.dev == dev).order_by(cursor.id)
    heard = connection.execute(epochs).scalars().all()
    return "wallet.epoch" if ask.epoch in heard[:-1] else None


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
