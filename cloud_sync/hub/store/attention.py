"""What a person has to look at: alarms, which are counted, and the quarantine, which keeps the evidence."""

from sqlalchemy import Connection

from cloud_sync.hub.store import schema
from cloud_sync.hub.store.upsert import upsert


def raise_alarm(connection: Connection, kind: str, subject: str, sentence: str, at_ms: int) -> None:
    """Count one more of `kind` about `subject`; the last sentence of it stays."""
    sentence = sentence.replace(
        "\0", "\\0"
    )  # what came in may be quoted, and no text of PostgreSQL has a NUL
    row = upsert(connection, schema.alarm).values(
        kind=kind, subject=subject, sentence=sentence, times=1, first_ms=at_ms, last_ms=at_ms
    )
    more = {"times": schema.alarm.c.times + 1, "sentence": sentence, "last_ms": at_ms}
    connection.execute(row.on_conflict_do_update(index_elements=["kind", "subject"], set_=more))
