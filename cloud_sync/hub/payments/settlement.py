"""Settlement: what a provider's own books say that it took, held against the hub's; what differs is found.

A file of ours is CSV with the columns `line,attempt,reference,amount_minor,currency`: one row for each
charge (above zero) and each refund (below). `line` is the provider's number of the row, and counts once
however often a file is read; `attempt` is ours where the provider knows it, and else `reference` is its own.
"""

import csv
from collections.abc import Callable, Iterable, Iterator
from typing import Final, Protocol

import msgspec
from sqlalchemy import Connection, func, select

from cloud_sync.hub.payments.pushes import Hint
from cloud_sync.hub.requests import books
from cloud_sync.hub.requests.books import Line
from cloud_sync.hub.store import schema
from cloud_sync.hub.store.attention import raise_once
from cloud_sync.hub.store.database import Store
from cloud_sync.hub.store.upsert import upsert
from retail.units import INTEGER_MAX

KIND: Final = "settlement"
"""The kind of alarm that calls a person to what differs."""

_COLUMNS: Final = ["line", "attempt", "reference", "amount_minor", "currency"]
# A chain of shops has so many payments in a day; more comes in several files.
ROWS_MAX: Final = 200_000
# Money is in a settlement two days after it was taken, at most providers.
_DUE_MS: Final = 3 * 24 * 3600 * 1000


class WrongSettlementError(ValueError):
    """A file that is no settlement: which row, and why. Nothing of it was taken."""


class Settled(msgspec.Struct, frozen=True):
    """One row of a provider's books."""

    line: str
    attempt: str
    reference: str
    amount_minor: int
    currency: str


class Outcome(msgspec.Struct, frozen=True):
    """What came of a file: rows, those that were new, and a sentence for each that differs."""

    rows: int
    new: int
    differences: tuple[str, ...]


class Looking(Protocol):
    """All that settlement asks of the gateway."""

    def look(self, provider: str, hint: Hint) -> Line | None:
        """Ask how an attempt stands, and write it down."""
        ...


def read(text: Iterable[str]) -> Iterator[Settled]:
    """The rows of a file; raises WrongSettlementError."""
    rows = csv.reader(text, strict=True)
    try:
        if (names := next(rows, [])) != _COLUMNS:
            raise WrongSettlementError(
                f"row 1: expected the columns {','.join(_COLUMNS)}, got {','.join(names)[:80]}"
            )
        for number, row in enumerate(rows, 2):
            if number > ROWS_MAX:
                raise WrongSettlementError(f"expected at most {ROWS_MAX} rows: split the file")
            yield _row(number, row)
    except csv.Error as error:
        raise WrongSettlementError(f"row {rows.line_num}: {error}") from error


def _row(number: int, row: list[str]) -> Settled:
    if len(row) != len(_COLUMNS) or not row[0] or not (row[1] or row[2]):
        raise WrongSettlementError(f"row {number}: expected a line, and an attempt or a reference, got {row}")
    line, attempt, reference, amount, currency = row
    try:
        amount_minor = int(amount)
    except ValueError:
        raise WrongSettlementError(f"row {number}: expected whole minor units, got {amount[:40]!r}") from None
    if abs(amount_minor) > INTEGER_MAX:
        raise WrongSettlementError(f"row {number}: {amount[:40]} is no amount that a shop has")
    return Settled(line, attempt, reference, amount_minor, currency)


def take(
    store: Store, gateway: Looking, provider: str, rows: Iterable[Settled], clock_ms: Callable[[], int]
) -> Outcome:
    """Keep the rows, repair what the hub had not heard of, and call a person to what still differs.

    Raises WrongSettlementError before anything is kept.
    """
    all_rows = list(rows)
    with store.writing() as connection:
        new = sum(_keep(connection, provider, row, clock_ms()) for row in all_rows)
    # All rows, also those of before: whoever read them last may have had no power to look into them.
    found = [(f"{provider}/{row.line}", _repaired(store, gateway, provider, row)) for row in all_rows]
    differences = [(subject, sentence) for subject, sentence in found if sentence is not None]
    with store.writing() as connection:
        differences += _missing(connection, provider, clock_ms())
        for subject, sentence in differences:
            raise_once(connection, KIND, subject, sentence, clock_ms())
    return Outcome(len(all_rows), new, tuple(sentence for _, sentence in differences))


def _keep(connection: Connection, provider: str, row: Settled, now_ms: int) -> bool:
    """Write a row down; False if it is here already."""
    values = {**msgspec.structs.asdict(row), "provider": provider, "imported_ms": now_ms}
    fresh = upsert(connection, schema.settlement).values(**values).on_conflict_do_nothing()
    return connection.execute(fresh.returning(schema.settlement.c.line)).first() is not None


def _repaired(store: Store, gateway: Looking, provider: str, row: Settled) -> str | None:
    """What differs between a row and the books, after the provider was asked again; None if nothing does."""
    what = f"{provider} has {row.amount_minor} {row.currency} (row {row.line})"
    stands = "for attempt {0.id}, which is {1} here"
    line = _line(store, provider, row)
    if line is None:
        return f"{what} of no attempt that this hub knows"
    attempt = line.attempt
    if row.amount_minor > 0 and line.outcome not in {"captured", "refunded"}:
        try:
            line = gateway.look(provider, Hint(attempt.id)) or line
        except OSError:
            return f"{what} {stands.format(attempt, line.outcome)}, and {provider} does not answer"
        if line.outcome not in {"captured", "refunded"}:
            return f"{what} {stands.format(attempt, line.outcome)}"
    if row.currency != attempt.currency or (
        row.amount_minor > 0 and row.amount_minor != attempt.amount_minor
    ):
        return f"{what} for attempt {attempt.id} of {attempt.amount_minor} {attempt.currency}"
    return _too_much_back(store, provider, line, what)


def _line(store: Store, provider: str, row: Settled) -> Line | None:
    with store.reading() as connection:
        line = books.find(connection, row.attempt) if row.attempt else None
        line = line or books.of_reference(connection, provider, row.reference)
    return line if line is not None and line.attempt.provider == provider else None


def _too_much_back(store: Store, provider: str, line: Line, what: str) -> str | None:
    """Whether more went back at the provider than the hub asked for."""
    settled, back = schema.settlement.c, schema.payback.c
    ours = (settled.attempt == line.attempt.id) | (settled.reference == (line.reference or line.attempt.id))
    gone = select(func.sum(-settled.amount_minor)).where(
        settled.provider == provider, settled.amount_minor < 0, ours
    )
    asked = select(func.sum(back.amount_minor)).where(back.attempt == line.attempt.id)
    with store.reading() as connection:
        gone_minor = int(connection.execute(gone).scalar_one() or 0)
        asked_minor = int(connection.execute(asked).scalar_one() or 0)
    if gone_minor > asked_minor:
        ours_too = f"{asked_minor} was asked for here"
        return f"{what}: {gone_minor} went back of attempt {line.attempt.id}, and {ours_too}"
    return None


def _missing(connection: Connection, provider: str, now_ms: int) -> list[tuple[str, str]]:
    """What was captured here days ago, and no settlement has had: each with the subject of its alarm."""
    payment, settled = schema.payment.c, schema.settlement.c
    has_row = select(settled.line).where(
        settled.provider == provider,
        (settled.attempt == payment.attempt)
        | ((settled.reference != "") & (settled.reference == payment.reference)),
    )
    query = select(payment.attempt, payment.amount_minor, payment.currency).where(
        payment.provider == provider,
        payment.outcome.in_(["captured", "refunded"]),
        payment.asked_ms < now_ms - _DUE_MS,
        ~has_row.exists(),
    )
    return [
        (f"{provider}/{name}", f"{minor} {currency} of attempt {name} is in no settlement of {provider}")
        for name, minor, currency in connection.execute(query)
    ]
