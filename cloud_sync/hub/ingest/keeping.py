"""The tables of the journals at the hub: where each stands, what is kept of it, what is set aside."""

from collections.abc import Collection, Iterator, Mapping
from functools import cache
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Insert, Select, bindparam, func, insert, select, tuple_

from cloud_sync.contract.batch import ENTRIES_MAX, Batch, Header, reopen
from cloud_sync.contract.topics import partition
from cloud_sync.hub.ingest.opening import Opened
from cloud_sync.hub.ingest.verdict import Cursor
from cloud_sync.hub.store import schema
from cloud_sync.hub.store.kept import IS_KEPT
from cloud_sync.hub.store.rows import Row, insert_rows
from cloud_sync.hub.store.upsert import insert_of

# Evidence of one forked journal; more frames prove nothing more, and a clone must not fill the disk.
FORKED_FRAMES_MAX: Final = 64

Journal = tuple[str, str]
"""An object's name and an epoch."""


class Addition(msgspec.Struct, frozen=True):
    """A frame, and the first of its entries that is new."""

    came: Opened
    first_new: int


# Asked for every group of frames: a question that is put together once costs a third.
_CURSORS: Final = (
    select(schema.cursor)
    .where(tuple_(schema.cursor.c.dev, schema.cursor.c.epoch).in_(bindparam("journals", expanding=True)))
    .order_by(schema.cursor.c.dev, schema.cursor.c.epoch)
    .with_for_update()
)


def cursors_of(connection: Connection, journals: Collection[Journal]) -> dict[Journal, Cursor]:
    """Where these journals stand, those that are here; nobody else moves them until the transaction ends."""
    return {
        (row.dev, row.epoch): Cursor(row.seq, row.hash, row.kid, row.safe)
        for row in connection.execute(_CURSORS, {"journals": sorted(journals)})
    }


def kept_of(connection: Connection, batch: Batch) -> dict[int, bytes]:
    """Hashes of entries that are here and that the batch has too, as `judge` wants them.

    Where frames end their rows say it; one frame at most is opened for what lies between.
    """
    header, kept = batch.header, {}
    for row in connection.execute(_ends_of(header)):
        if row.last <= header.last:
            kept[row.last] = row.head
            if row.head == batch.hashes[row.last - header.first]:
                continue
        data = select(schema.frame.c.bytes).where(schema.frame.c.id == row.id)
        kept.update(shared(reopen(connection.execute(data).scalar_one()), header))
        break
    return kept


def shared(there: Batch, header: Header) -> Iterator[tuple[int, bytes]]:
    """Seq and hash of the entries of `there` that a batch with this header has too."""
    seqs = range(max(there.header.first, header.first), min(there.header.last, header.last) + 1)
    return ((seq, there.hashes[seq - there.header.first]) for seq in seqs)


def _ends_of(header: Header) -> Select[Any]:
    """Where the frames end that brought entries of the batch, in their order."""
    table = schema.frame.c
    return (
        select(table.id, table.last, table.head)
        .where(
            table.dev == header.dev,
            table.epoch == header.epoch,
            IS_KEPT,
            table.last >= header.first,
            # A frame has 256 entries at most: none that ends later has brought one of these.
            table.last < header.last + ENTRIES_MAX,
            table.first_new <= header.last,
        )
        .order_by(table.last)
    )


def keep(connection: Connection, additions: Collection[Addition], now_ms: int) -> None:
    """Keep the frames that brought something new."""
    insert_rows(
        connection,
        schema.frame,
        [_frame_row(each.came, each.first_new, 1, now_ms) for each in additions],
    )


def advance(connection: Connection, cursors: Mapping[Journal, Cursor], now_ms: int) -> None:
    """Move the cursors of journals."""
    rows = [
        {"dev": dev, "epoch": epoch, "seq": at.seq, "hash": at.hash, "kid": at.kid, "heard_ms": now_ms}
        for (dev, epoch), at in sorted(cursors.items())
    ]
    connection.execute(_advancing(connection.dialect.name), rows)


@cache
def _advancing(dialect: str) -> Insert:
    row = insert_of(dialect, schema.cursor)
    moved = {name: row.excluded[name] for name in ("seq", "hash", "kid", "heard_ms")}
    return row.on_conflict_do_update(index_elements=["dev", "epoch"], set_=moved)


def set_aside(connection: Connection, came: Opened, seq: int, sentence: str, now_ms: int) -> None:
    """Keep a frame that forks at `seq` as evidence, once."""
    header = came.batch.header
    case: dict[str, str | int | bytes] = {
        "dev": header.dev,
        "epoch": header.epoch,
        "seq": seq,
        "hash": came.batch.hashes[seq - header.first],
        "reason": "fork",
    }
    if _is_known(connection, case) or _forked_frames(connection, header) >= FORKED_FRAMES_MAX:
        return
    names = schema.frame.columns.keys()[1:]  # the database gives the number
    evidence = dict(zip(names, _frame_row(came, seq, 0, now_ms), strict=True))
    frame = connection.execute(insert(schema.frame).returning(schema.frame.c.id), evidence).scalar_one()
    row = insert(schema.quarantine).values(**case, sentence=sentence, at_ms=now_ms)
    connection.execute(row.values(frame=frame))


def _frame_row(came: Opened, first_new: int, kept: int, now_ms: int) -> Row:
    address, header = came.address, came.batch.header
    return (
        address.tenant,
        address.site,
        header.dev,
        header.epoch,
        partition(header.dev),
        kept,
        header.kid,
        header.first,
        first_new,
        header.last,
        header.prev,
        header.head,
        now_ms,
        came.frame,
    )


def _is_known(connection: Connection, case: Mapping[str, str | int | bytes]) -> bool:
    table = schema.quarantine.c
    query = select(table.id).where(*(table[name] == value for name, value in case.items()))
    return connection.execute(query).first() is not None


def _forked_frames(connection: Connection, header: Header) -> int:
    table = schema.quarantine.c
    query = select(func.count()).where(
        table.dev == header.dev, table.epoch == header.epoch, table.reason == "fork"
    )
    return int(connection.execute(query).scalars().one())
