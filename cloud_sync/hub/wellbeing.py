"""How the hub itself is: what is in a backup, who works, and what waits for an answer."""

from typing import Final

import msgspec
from sqlalchemy import Connection, Select, func, select

from cloud_sync.hub.store import schema

# What a provider has not decided for good, or not confirmed.
_OPEN_PAYMENTS: Final = ("unknown", "in-progress", "authorised")


class LastBackup(msgspec.Struct, frozen=True):
    """The newest backup that was proven, and how many entries it holds."""

    at_ms: int
    generation: int
    entries: int


class Worker(msgspec.Struct, frozen=True):
    """Who takes journals in: of how many partitions, and until when it has said that it is there."""

    name: str
    partitions: int
    until_ms: int


class PricedAgain(msgspec.Struct, frozen=True):
    """Sales that the hub has priced again: how many come out the same, do not, could not be looked at."""

    equal: int
    differ: int
    waiting: int
    """They name a document that this hub does not have."""
    unchecked: int
    """They do not say from what they were priced: recorded before objects did."""


class Wellbeing(msgspec.Struct, frozen=True):
    """All of one moment."""

    backup: LastBackup | None
    unsaved: int
    """Entries that no backup holds: their objects keep them."""
    workers: list[Worker]
    """Those that have a lease that has not ended."""
    claims: int
    """Objects that have asked to be let in, and wait for a person."""
    orders: int
    """Orders that are neither obeyed nor void."""
    payments: int
    """Attempts that are neither paid nor over."""
    certificate_ends_ms: int | None
    """When the first of the objects' certificates ends that was not renewed."""
    prices: PricedAgain


def wellbeing_of(connection: Connection, now_ms: int) -> Wellbeing:
    """How the hub is in this transaction."""
    return Wellbeing(
        backup=_last_backup(connection),
        unsaved=_number(connection, select(func.sum(schema.cursor.c.seq - schema.cursor.c.safe))),
        workers=_workers(connection, now_ms),
        claims=_number(connection, _claims(now_ms)),
        orders=_number(connection, _orders(now_ms)),
        payments=_number(connection, _payments()),
        certificate_ends_ms=_first_end(connection),
        prices=_prices(connection),
    )


def _prices(connection: Connection) -> PricedAgain:
    cursor, case = schema.price_cursor.c, schema.price_case.c
    of_verdict = select(func.count()).select_from(schema.price_case)
    return PricedAgain(
        equal=_number(connection, select(func.sum(cursor.equal))),
        differ=_number(connection, of_verdict.where(case.verdict == "differs")),
        waiting=_number(connection, of_verdict.where(case.verdict == "waits")),
        unchecked=_number(connection, select(func.sum(cursor.unchecked))),
    )


def _last_backup(connection: Connection) -> LastBackup | None:
    table = schema.backup
    row = connection.execute(select(table).order_by(table.c.id.desc()).limit(1)).first()
    return LastBackup(row.at_ms, row.generation, row.entries) if row else None


def _workers(connection: Connection, now_ms: int) -> list[Worker]:
    table = schema.lease.c
    held = select(table.worker, func.count().label("parts"), func.max(table.until_ms).label("until_ms"))
    held = held.where(table.worker != "", table.until_ms > now_ms).group_by(table.worker)
    return [
        Worker(row.worker, row.parts, row.until_ms) for row in connection.execute(held.order_by(table.worker))
    ]


def _claims(now_ms: int) -> Select[int]:
    table = schema.claim.c
    return select(func.count()).where(
        table.asked_ms.is_not(None),
        table.confirmed_ms.is_(None),
        table.refused_ms.is_(None),
        table.expires_ms > now_ms,
    )


def _orders(now_ms: int) -> Select[int]:
    table = schema.command.c
    return select(func.count()).where(table.done_ms.is_(None), table.expires_ms > now_ms)


def _payments() -> Select[int]:
    """Attempts of which nobody knows an end, and refunds that nobody has confirmed."""
    asked = select(func.count()).where(schema.payment.c.outcome.in_(_OPEN_PAYMENTS)).scalar_subquery()
    back = select(func.count()).where(schema.payback.c.outcome == "unknown").scalar_subquery()
    return select(asked + back)


def _first_end(connection: Connection) -> int | None:
    table = schema.certificate.c
    newest = select(func.max(table.not_after_ms).label("ends_ms"))
    newest = newest.where(table.revoked_ms.is_(None)).group_by(table.dev)
    first: int | None = connection.execute(select(func.min(newest.subquery().c.ends_ms))).scalar_one()
    return first


def _number(connection: Connection, query: Select[int]) -> int:
    return int(connection.execute(query).scalar_one() or 0)
