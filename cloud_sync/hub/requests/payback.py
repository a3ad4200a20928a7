"""The books of what is paid back: each refund under its own key, never more than an attempt brought in."""

from typing import Literal, cast

import msgspec
from sqlalchemy import Connection, func, select, update

from cloud_sync.hub.requests import books
from cloud_sync.hub.requests.provider import Attempt
from cloud_sync.hub.store import schema
from cloud_sync.hub.store.upsert import upsert

Going = Literal["unknown", "refunded", "declined"]
"""How far a refund is: the last two are ends."""


class Back(msgspec.Struct, frozen=True):
    """A refund in the books."""

    attempt: Attempt
    key: str
    amount_minor: int
    outcome: Going = "unknown"
    reference: str = ""


class TooMuchError(ValueError):
    """More would go back than came in: why not."""


def begin(connection: Connection, back: Back, now_ms: int) -> Back:
    """Write a refund down before its provider hears of it; how far it is, if it was written before.

    Raises TooMuchError.
    """
    table = schema.payback
    # Whoever asks for another refund of the same attempt waits here.
    line = books.find(connection, back.attempt.id, to_change=True)
    assert line is not None, "only what is in the books is paid back"
    there = find(connection, back)
    if there is not None:
        if there.amount_minor != back.amount_minor:
            raise TooMuchError(
                f"refund {back.key} is of {there.amount_minor}, and {back.amount_minor} is asked for"
            )
        return there
    if line.outcome == "refunded" and not _sum(connection, back.attempt.id, {"unknown", "refunded"}):
        return msgspec.structs.replace(back, outcome="refunded")  # by a person, in the provider's own console
    if not 0 < back.amount_minor <= (left := left_minor(connection, back.attempt)):
        raise TooMuchError(
            f"attempt {back.attempt.id} brought {back.attempt.amount_minor}, of which {left} can still"
            f" go back: {back.amount_minor} cannot"
        )
    row = upsert(connection, table).values(
        attempt=back.attempt.id,
        refund=back.key,
        amount_minor=back.amount_minor,
        outcome=back.outcome,
        asked_ms=now_ms,
    )
    connection.execute(row)
    return back


def find(connection: Connection, back: Back) -> Back | None:
    """The refund as it stands; None if it was never asked for."""
    table = schema.payback
    query = select(table).where(table.c.attempt == back.attempt.id, table.c.refund == back.key)
    row = connection.execute(query).first()
    if row is None:
        return None
    outcome = cast("Going", row.outcome)
    return Back(back.attempt, row.refund, row.amount_minor, outcome, row.reference or "")


def left_minor(connection: Connection, attempt: Attempt) -> int:
    """What of a captured attempt has not gone back, and is not on its way."""
    return attempt.amount_minor - _sum(connection, attempt.id, {"unknown", "refunded"})


def settle(connection: Connection, back: Back, now_ms: int) -> None:
    """Write down how far a refund is; an attempt of which all went back is `refunded`."""
    table = schema.payback
    row = update(table).where(table.c.attempt == back.attempt.id, table.c.refund == back.key)
    # What went back does not come again.
    row = row.where(table.c.outcome != "refunded")
    connection.execute(row.values(outcome=back.outcome, reference=back.reference, said_ms=now_ms))
    if _sum(connection, back.attempt.id, {"refunded"}) == back.attempt.amount_minor:
        books.settle(connection, books.Line(back.attempt, "refunded"), now_ms)


def _sum(connection: Connection, attempt_id: str, outcomes: set[Going]) -> int:
    table = schema.payback
    query = select(func.sum(table.c.amount_minor)).where(
        table.c.attempt == attempt_id, table.c.outcome.in_(outcomes)
    )
    return int(connection.execute(query).scalar_one() or 0)
