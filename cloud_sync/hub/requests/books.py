"""The hub's own books of payment attempts: written before a provider hears of one, and never back to less."""

from collections.abc import Mapping
from typing import Final, Literal, cast

import msgspec
from sqlalchemy import Connection, select, update

from cloud_sync.hub.requests.provider import Attempt
from cloud_sync.hub.store import schema
from cloud_sync.hub.store.upsert import upsert
from retail.tender import PaymentOutcome

Outcome = PaymentOutcome | Literal["refused", "refunding"]
"""What stands in the books; `refused` was not started and never will be, `refunding` is not confirmed."""

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
    "captured": frozenset({"refunding", "refunded"}),
    "refunding": frozenset({"captured", "refunded"}),
    "refunded": frozenset(),
    "refused": frozenset(),
}


class Line(msgspec.Struct, frozen=True):
    """An attempt in the books, and what was last heard of it."""

    attempt: Attempt
    outcome: Outcome
    reference: str = ""


def find(connection: Connection, attempt_id: str) -> Line | None:
    """The line of an attempt."""
    table = schema.payment
    row = connection.execute(select(table).where(table.c.attempt == attempt_id)).first()
    if row is None:
        return None
    attempt = Attempt(row.attempt, row.dev, row.provider, row.amount_minor, row.currency)
    return Line(attempt, cast("Outcome", row.outcome), row.reference or "")


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
    before = find(connection, heard.attempt.id)
    assert before is not None, "a provider is asked only about what is in the books"
    if heard.outcome not in MAY_BECOME[before.outcome]:
        return before.outcome, before
    now = Line(heard.attempt, heard.outcome, heard.reference or before.reference)
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
