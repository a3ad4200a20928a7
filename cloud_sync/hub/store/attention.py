"""What a person has to look at: alarms, which are counted, and the quarantine, which keeps the evidence."""

from sqlalchemy import Connection, update
from sqlalchemy.dialects import postgresql, sqlite

from cloud_sync.hub.store import schema
from cloud_sync.hub.store.upsert import upsert

Insert = sqlite.Insert | postgresql.Insert


def raise_alarm(connection: Connection, kind: str, subject: str, sentence: str, at_ms: int) -> None:
    """Count one more of `kind` about `subject`; the last sentence of it stays."""
    more = {"times": schema.alarm.c.times + 1, "sentence": _plain(sentence), "last_ms": at_ms}
    row = _row(connection, kind, subject, sentence, at_ms)
    connection.execute(row.on_conflict_do_update(index_elements=["kind", "subject"], set_=more))


def reword(connection: Connection, kind: str, subject: str, sentence: str, at_ms: int) -> None:
    """Say something else of an alarm that was raised; of none nothing is said."""
    table = schema.alarm
    mine = (table.c.kind == kind, table.c.subject == subject)
    connection.execute(update(table).where(*mine).values(sentence=_plain(sentence), last_ms=at_ms))


def raise_once(connection: Connection, kind: str, subject: str, sentence: str, at_ms: int) -> None:
    """Raise an alarm about something that happened once, however often it is found again."""
    connection.execute(_row(connection, kind, subject, sentence, at_ms).on_conflict_do_nothing())


def _row(connection: Connection, kind: str, subject: str, sentence: str, at_ms: int) -> Insert:
    return upsert(connection, schema.alarm).values(
        kind=kind, subject=subject, sentence=_plain(sentence), times=1, first_ms=at_ms, last_ms=at_ms
    )


def _plain(sentence: str) -> str:
    """What came in may be quoted, and no text of PostgreSQL has a NUL."""
    return sentence.replace("\0", "\\0")
