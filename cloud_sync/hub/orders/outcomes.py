"""What became of an order, as its object says."""

from sqlalchemy import Connection, update

from cloud_sync.contract.requests import CommandDone
from cloud_sync.hub.store import schema


def note(connection: Connection, dev: str, done: CommandDone, now_ms: int) -> None:
    """Write down what an object made of an order of its own; what it said first stays.

    An order that is not here was given before the hub came back from a backup: there is nothing to note.
    """
    table = schema.command
    mine = (table.c.id == done.command, table.c.dev == dev, table.c.done_ms.is_(None))
    row = update(table).where(*mine)
    connection.execute(row.values(done_ms=now_ms, ok=int(done.ok), sentence=done.sentence))
