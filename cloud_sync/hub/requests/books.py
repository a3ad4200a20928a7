"""The hub's own books of payment attempts: written before a provider hears of one, and never back to less."""

from collections.abc import Mapping
from typing import Any, Final, Literal, cast

import msgspec
from sqlalchemy import Connection, Row, select, update

from cloud_sync.hub.requests.provider import Attempt
from cloud_sync.hub.store import schema
from cloud_sync.hub.store.upsert import upsert
from retail.tender import PaymentOutcome

Outcome = PaymentOutcome | Literal["refused"]
"""What stands in the books; `refused` was not started and never will be."""

_ANY: Final[frozenset[Outcome]] = frozenset(
    {"captured", "authorised", "declined", "cancelled", "in-progress", "not-found", "refunded", "unknown"}
)

# What is not in it cannot happen. A provider that finds money after it has said no is believed.
# One that forgets money which it has confirmed is not.
MAY_BECOME: Final[Mapping[Outcome, frozenset[Outcome]]] = {
    "unknown": _ANY,
    "in-progress": _ANY - {"unknown"},
    "not-found": _ANY - {"unknown"},
    "authorised": frozenset({"captured", "cancelled", "declined", "refunded"}),
    "declined": frozenset({"captured", "authorised", "refunded"}),
    "cancelled": frozenset({"captured", "authorised", "refunded"}),
    "captured": frozenset({"refunded"}),
    "refunded": frozenset(),
    "refused": frozenset(),
}


UNFINISHED: Final[frozenset[Outcome]] = frozenset({"unknown", "in-progress", "not-found", "authorised"})
"""Of these more is to be heard."""

# So many attempts are looked at in one round: more wait for the next.
_ROUND_MAX: Final = 256


class Line(msgspec.Struct, frozen=True):
    """An attempt in the books, and what was last heard of it."""

    attempt: Attempt
    outcome: Outcome
    reference: str = ""
    reason: str = ""
    """Why not, as it was said just now: the books do not keep it."""
    card: str = ""
    """The card, as it was said just now."""


def find(connection: Connection, attempt_id: str, *, to_change: bool = False) -> Line | None:
    """The line of an attempt; `to_change` keeps others from it until the commit."""
    table = schema.payment
    query = select(table).where(table.c.attempt == attempt_id)
    row = connection.execute(query.with_for_update() if to_change else query).first()
    return None if row is None else _line(row)


def of_reference(connection: Connection, provider: str, reference: str) -> Line | None:
    """The line of the attempt that a provider knows under this number."""
    if not reference:
        return None
    table = schema.payment
    query = select(table).where(table.c.provider == provider, table.c.reference == reference)
    row = connection.execute(query.order_by(table.c.attempt).limit(1)).first()
    return None if row is None else _line(row)


def _line(row: Row[Any]) -> Line:
    meant = (row.attempt, row.dev, row.provider, row.amount_minor, row.currency)
    reference = row.reference or ""
    return Line(Attempt(*meant, reference, row.asked_ms), cast("Outcome", row.outcome), reference)


def unfinished(connection: Connection, asked_after_ms: int) -> list[Line]:
    """The attempts of which nobody knows an end, the oldest first."""
    table = schema.payment
    query = select(table).where(table.c.outcome.in_(UNFINISHED), table.c.asked_ms > asked_after_ms)
    return [_line(row) for row in connection.execute(query.order_by(table.c.asked_ms).limit(_ROUND_MAX))]


def enter(connection: Connection, attempt: Attempt, outcome: Outcome, now_ms: int) -> bool:
    """Write a new line; False if there is one already, which stays."""
    row = upsert(connection, schema.payment).values(
        attempt=attempt.id,
        dev=attempt.dev,
        provider=attempt.provider,
        amount_minor=attempt.amount_minor,
        currency=attempt.currency,
        outcome=outcome,
        asked_ms=now_ms,
    )
    fresh = row.on_conflict_do_nothing().returning(schema.payment.c.attempt)
    return connection.execute(fresh).first() is not None


def settle(connection: Connection, heard: Line, now_ms: int) -> tuple[Outcome, Line]:
    """Write down what was heard of an attempt, unless it is less; the outcome before, and the line now."""
    before = find(connection, heard.attempt.id, to_change=True)
    assert before is not None, "a provider is asked only about what is in the books"
    if heard.outcome not in MAY_BECOME[before.outcome]:
        return before.outcome, before
    now = msgspec.structs.replace(heard, reference=heard.reference or before.reference)
    row = update(schema.payment).where(schema.payment.c.attempt == heard.attempt.id)
    connection.execute(row.values(outcome=now.outcome, reference=now.reference, said_ms=now_ms))
    return before.outcome, now


class Intent(msgspec.Struct, frozen=True):
    """An attempt as the object's own journal means it; `is_newest` if its sale has gone on to no other."""

    attempt: Attempt
    is_newest: bool


def intended(connection: Connection, dev: str, attempt_id: str) -> Intent | None:
    """What the journal means by an attempt; None while the hub does not hold that entry."""
    table = schema.intent
    query = select(table).where(table.c.dev == dev, table.c.attempt == attempt_id)
    row = connection.execute(query).first()
    if row is None:
        return None
    later = select(table.c.entry).where(
        table.c.dev == dev, table.c.sale == row.sale, table.c.entry > row.entry
    )
    attempt = Attempt(row.attempt, row.dev, row.provider, row.amount_minor, row.currency)
    return Intent(attempt, connection.execute(later.limit(1)).first() is None)
