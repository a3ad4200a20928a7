"""An object is not believed any more after one of its entries: what was counted of it later goes aside."""

import msgspec
from sqlalchemy import Connection, insert, select

from cloud_sync.contract.topics import partition
from cloud_sync.hub.projections.projector import hold, rebuild
from cloud_sync.hub.store import schema
from cloud_sync.hub.store.kept import IS_KEPT


class LastBelieved(msgspec.Struct, frozen=True):
    """The last entry of an object that is believed."""

    dev: str
    epoch: str
    seq: int


def believe_up_to(connection: Connection, last: LastBelieved, why: str, at_ms: int) -> bool:
    """Believe an object up to there, and the epochs that were heard before that one.

    An epoch that the hub does not have, such as '', means that nothing of it is believed. Whether projections
    had to be made again.
    """
    hold(connection)
    table = schema.projection.c
    # Whoever projects this partition now ends first, or begins after this is known.
    query = select(table.upto).where(table.part == partition(last.dev)).with_for_update()
    upto = connection.execute(query).scalar_one()
    row = insert(schema.revocation).values(**msgspec.structs.asdict(last), why=why, at_ms=at_ms)
    connection.execute(row)
    if not _is_counted(connection, _after(connection, last), upto):
        return False
    rebuild(connection)
    return True


def _after(connection: Connection, last: LastBelieved) -> list[tuple[str, str, int]]:
    """The first entry that is not believed of each epoch that has one: object, epoch, seq."""
    table = schema.cursor.c
    query = select(table.epoch, table.seq).where(table.dev == last.dev).order_by(table.id)
    heard = [(row.epoch, row.seq) for row in connection.execute(query)]
    names = [name for name, _ in heard]
    at = names.index(last.epoch) if last.epoch in names else -1
    later = [(last.dev, name, 1) for name in names[at + 1 :]]
    if at >= 0 and heard[at][1] > last.seq:
        return [(last.dev, last.epoch, last.seq + 1), *later]
    return later


def _is_counted(connection: Connection, places: list[tuple[str, str, int]], upto: int) -> bool:
    """Whether the projections hold one of these entries: the frame that brought it."""
    table = schema.frame.c
    for dev, epoch, seq in places:
        query = select(table.id).where(
            table.dev == dev, table.epoch == epoch, IS_KEPT, table.first_new <= seq, table.last >= seq
        )
        if connection.execute(query).scalar_one() <= upto:
            return True
    return False
