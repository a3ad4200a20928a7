"""Escrow: money of wallets and gift cards is lent to objects, which may spend it while they are offline.

It leaves the balance before its slice is signed, and comes back only when the object's own journal says that
it takes nothing out any more; so whatever is lost, doubled or late, nothing can be spent twice.
"""

from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Row, insert, select, update

from cloud_sync.contract.escrow import SLICE_TYPE, Slice, SliceAsked, SliceGiven, SliceRefused, WhyNoSlice
from cloud_sync.contract.signing import Signer, seal
from cloud_sync.hub.members.wallets import Lent, fresh_name, lock, look, slices
from cloud_sync.hub.store import schema
from cloud_sync.hub.store.wallets import slice_, wallet

_HOUR_MS: Final = 3_600_000

# Four objects that a shopper visits one after another leave a third of a wallet for the fifth.
_SPARED: Final = 4


class Terms(msgspec.Struct, frozen=True):
    """What the shop lends: never more out with one slice than this, and for so long."""

    out_minor_max: int = 20_000
    spare_minor_max: int = 2_500
    """So much beyond what is asked for, to be spent while there is no line; another object may need it more,
    so it is never more than a quarter of what would stay on the wallet."""
    valid_ms: int = 7 * 24 * _HOUR_MS
    grace_ms: int = 24 * _HOUR_MS
    """So long after its end, by both clocks, a slice comes back that nobody has given back."""


DEFAULT: Final = Terms()


class Escrow:
    """Lends, in its caller's transactions; `signer` is the hub's key for receipts."""

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
        serial = lent.serial if lent else fresh_name()
        given = Slice(
            *(serial, row.wallet, ask.shown, dev, ask.epoch),
            *(amount_minor, ask.currency, now_ms, now_ms + self._terms.valid_ms),
        )
        _write(connection, given, is_new=lent is None)
        return SliceGiven(seal(self._signer, SLICE_TYPE, given))

    def _amount_minor(self, ask: SliceAsked, lent: Lent | None, has_minor: int) -> int:
        """How much the slice is to be in all; one that is lent never shrinks."""
        if ask.need_minor == 0:
            return lent.amount_minor if lent else 0
        has_lent_minor, spent_minor = (lent.amount_minor, lent.spent_minor) if lent else (0, 0)
        wants_minor = ask.need_minor + (ask.out_minor if lent and ask.serial == lent.serial else 0)
        # The same question finds the same sum here, and so the same spare.
        all_minor = has_lent_minor + has_minor
        stays_minor = max(all_minor - wants_minor, 0)
        wants_minor += min(self._terms.spare_minor_max, stays_minor // _SPARED)
        most_minor = min(all_minor, spent_minor + self._terms.out_minor_max)
        return max(has_lent_minor, min(wants_minor, most_minor))


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
    return "wallet.epoch" if is_past(connection, dev, ask.epoch) else None


def is_past(connection: Connection, dev: str, epoch: str) -> bool:
    """Whether an object writes another journal by now: what was lent to this one is void."""
    cursor = schema.cursor.c
    epochs = select(cursor.epoch).where(cursor.dev == dev).order_by(cursor.id)
    return epoch in connection.execute(epochs).scalars().all()[:-1]
