"""Wallets and gift cards: what was put on them, what of it is lent to objects, what was spent.

Every minor unit that was put on a wallet is in one of three places: on it, out with a slice, or spent.
"""

import secrets
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, exists, func, select, update

from cloud_sync.contract.escrow import shown_by
from cloud_sync.hub.store.upsert import upsert
from cloud_sync.hub.store.wallets import slice_, slice_end, slice_use, wallet, wallet_credit


class Wallet(msgspec.Struct, frozen=True):
    """What is known of a wallet: `balance_minor` can be spent, `out_minor` is lent, the rest is gone."""

    wallet: str
    currency: str
    put_minor: int
    balance_minor: int
    out_minor: int
    spent_minor: int
    is_blocked: bool = False


class NoWalletError(ValueError):
    """No wallet is called that, or shown by that."""


class NoMoneyError(ValueError):
    """More is to be taken off a wallet than is on it."""


def fresh_name() -> str:
    """A random name for a wallet or a slice, which no command takes for an option."""
    while (name := secrets.token_urlsafe(12)).startswith("-"):
        pass
    return name


def open_wallet(connection: Connection, tenant: str, code: str, currency: str, now_ms: int) -> str:
    """The pseudonym of the wallet that `code` shows: a new one, or the one that is there."""
    shown = shown_by(code)
    fresh = {"wallet": fresh_name(), "tenant": tenant, "shown": shown, "currency": currency}
    row = upsert(connection, wallet).values(**fresh, made_ms=now_ms)
    connection.execute(row.on_conflict_do_nothing())
    query = select(wallet.c.wallet).where(wallet.c.tenant == tenant, wallet.c.shown == shown)
    return str(connection.execute(query).scalar_one())


def put(connection: Connection, name: str, idem: str, amount_minor: int, now_ms: int) -> bool:
    """Put money on a wallet, or take it off (below zero); False if `idem` was counted before.

    Raises NoMoneyError.
    """
    lock(connection, wallet.c.wallet == name)
    if amount_minor < 0 and look(connection, name).balance_minor + amount_minor < 0:
        raise NoMoneyError(f"wallet {name}: expected to have {-amount_minor} to take off, it has less")
    row = upsert(connection, wallet_credit).values(
        wallet=name, idem=idem, amount_minor=amount_minor, at_ms=now_ms
    )
    fresh = row.on_conflict_do_nothing().returning(wallet_credit.c.wallet)
    return connection.execute(fresh).first() is not None


def shown(connection: Connection, code: str) -> str:
    """The pseudonym of the wallet that a code shows. Raises NoWalletError, which does not quote it."""
    names = (
        connection.execute(select(wallet.c.wallet).where(wallet.c.shown == shown_by(code))).scalars().all()
    )
    if len(names) != 1:
        raise NoWalletError(
            "no wallet has this code" if not names else "two tenants have a wallet of this code"
        )
    return str(names[0])


def known(connection: Connection, name: str) -> str:
    """The pseudonym itself. Raises NoWalletError."""
    if connection.execute(select(wallet.c.wallet).where(wallet.c.wallet == name)).first() is None:
        raise NoWalletError(f"no wallet is called {name[:32]!r}: `opos hub wallet list` names them")
    return name


def newest(connection: Connection, limit: int) -> list[Wallet]:
    """The wallets that were opened last."""
    query = select(wallet.c.wallet).order_by(wallet.c.made_ms.desc(), wallet.c.wallet).limit(limit)
    return [look(connection, name) for name in connection.execute(query).scalars()]


def block(connection: Connection, name: str, now_ms: int | None) -> None:
    """Lend nothing of a wallet from now on, or lend again. What is lent already can still be spent."""
    lock(connection, wallet.c.wallet == name)
    connection.execute(update(wallet).where(wallet.c.wallet == name).values(blocked_ms=now_ms))


def look(connection: Connection, name: str) -> Wallet:
    """What is on a wallet, out of it, and spent: they sum up to what was put on it."""
    kept = connection.execute(select(wallet).where(wallet.c.wallet == name)).one()
    total = select(func.coalesce(func.sum(wallet_credit.c.amount_minor), 0))
    put_minor = int(connection.execute(total.where(wallet_credit.c.wallet == name)).scalar_one())
    out_minor = spent_minor = 0
    for lent in slices(connection, name):
        spent_minor += lent.spent_minor
        if not lent.is_over:
            out_minor += lent.amount_minor - lent.spent_minor
    balance_minor = put_minor - out_minor - spent_minor
    money = (put_minor, balance_minor, out_minor, spent_minor)
    return Wallet(name, kept.currency, *money, is_blocked=kept.blocked_ms is not None)


class Lent(msgspec.Struct, frozen=True):
    """A slice, and what became of it as far as the hub has heard."""

    serial: str
    dev: str
    epoch: str
    amount_minor: int
    spent_minor: int
    is_over: bool

    def is_for(self, dev: str, epoch: str) -> bool:
        """Whether it is the one that this journal spends from now."""
        return not self.is_over and (self.dev, self.epoch) == (dev, epoch)


def slices(connection: Connection, name: str) -> list[Lent]:
    """All slices of a wallet, the newest first; of one that was overspent, its amount was the wallet's."""
    spent = select(func.coalesce(func.sum(slice_use.c.amount_minor), 0))
    columns = (
        *(slice_.c.serial, slice_.c.dev, slice_.c.epoch, slice_.c.amount_minor, slice_.c.reclaimed_ms),
        spent.where(slice_use.c.serial == slice_.c.serial).scalar_subquery().label("spent_minor"),
        exists().where(slice_end.c.serial == slice_.c.serial).label("is_ended"),
    )
    query = select(*columns).where(slice_.c.wallet == name)
    return [
        Lent(
            *(row.serial, row.dev, row.epoch, row.amount_minor),
            spent_minor=min(int(row.spent_minor), row.amount_minor),
            is_over=bool(row.is_ended) or row.reclaimed_ms is not None,
        )
        for row in connection.execute(query.order_by(slice_.c.made_ms.desc(), slice_.c.serial))
    ]


def is_given_back(connection: Connection, serial: str) -> bool:
    """Whether its object has said that it takes nothing out any more."""
    return connection.execute(select(slice_end).where(slice_end.c.serial == serial)).first() is not None


def lock(connection: Connection, *which: ColumnElement[bool]) -> Row[Any] | None:
    """The wallet, which nobody else changes before the commit."""
    return connection.execute(select(wallet).where(*which).with_for_update()).first()
