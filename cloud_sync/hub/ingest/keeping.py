"""The tables of the journals at the hub: where each stands, what is kept of it, what is set aside."""

from collections.abc import Collection, Mapping
from functools import cache
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Insert, bindparam, func, insert, select, tuple_

from cloud_sync.contract.batch import Header
from cloud_sync.contract.topics import partition
from cloud_sync.hub.ingest.opening import Opened
from cloud_sync.hub.ingest.verdict import Cursor
from cloud_sync.hub.store import schema
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


_HERE: Final = (
    (schema.entry.c.dev == schema.cursor.c.dev)
    & (schema.entry.c.epoch == schema.cursor.c.epoch)
    & (schema.entry.c.seq == schema.cursor.c.seq)
)
# Asked for every group of frames: a question that is put together once costs a third.
_CURSORS: Final = (
    select(*schema.cursor.c, schema.entry.c.kid)
    .join(schema.entry, _HERE)
    .where(tuple_(schema.cursor.c.dev, schema.cursor.c.epoch).in_(bindparam("journals", expanding=True)))
    .order_by(schema.cursor.c.dev, schema.cursor.c.epoch)
    .with_for_update(of=schema.cursor)
)
_FRAMES: Final = insert(schema.frame).returning(schema.frame.c.id, sort_by_parameter_order=True)


def cursors_of(connection: Connection, journals: Collection[Journal]) -> dict[Journal, Cursor]:
    """Where these journals stand, those that are here; nobody else moves them until the transaction ends."""
    return {
        (row.dev, row.epoch): Cursor(row.seq, row.hash, row.kid, row.safe)
        for row in connection.execute(_CURSORS, {"journals": sorted(journals)})
    }


def kept_of(connection: Connection, header: Header) -> dict[int, bytes]:
    """The hash of each entry here that the batch names too."""
    table = schema.entry.c
    query = select(table.seq, table.hash).where(
        table.dev == header.dev,
        table.epoch == header.epoch,
        table.seq.between(header.first, header.first + header.n - 1),
    )
    return {row.seq: row.hash for row in connection.execute(query)}


def keep(connection: Connection, additions: Collection[Addition], now_ms: int) -> None:
    """Keep the new entries of frames, and the frames that brought them."""
    evidence = _keep_frames(connection, [each.came for each in additions], now_ms)
    rows: list[Row] = []
    for addition, frame in zip(additions, evidence, strict=True):
        header, batch = addition.came.batch.header, addition.came.batch
        skip, part = addition.first_new - header.first, partition(header.dev)
        fresh = zip(batch.bodies[skip:], batch.hashes[skip:], strict=True)
        rows += [
            (header.dev, header.epoch, seq, header.kid, digest, body, frame, part)
            for seq, (body, digest) in enumerate(fresh, addition.first_new)
        ]
    insert_rows(connection, schema.entry, rows)


def advance(connection: Connection, cursors: Mapping[Journal, Cursor], now_ms: int) -> None:
    """Move the cursors of journals."""
    rows = [
        {"dev": dev, "epoch": epoch, "seq": at.seq, "hash": at.hash, "heard_ms": now_ms, "safe": at.safe}
        for (dev, epoch), at in sorted(cursors.items())
    ]
    connection.execute(_advancing(connection.dialect.name), rows)


@cache
def _advancing(dialect: str) -> Insert:
    row = insert_of(dialect, schema.cursor)
    moved = {name: row.excluded[name] for name in ("seq", "hash", "heard_ms")}
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
    (frame,) = _keep_frames(connection, [came], now_ms)
    row = insert(schema.quarantine).values(**case, sentence=sentence, at_ms=now_ms)
    connection.execute(row.values(frame=frame))


def _keep_frames(connection: Connection, frames: Collection[Opened], now_ms: int) -> list[int]:
    """The number of each frame, in their order."""
    return list(connection.execute(_FRAMES, [_frame_row(each, now_ms) for each in frames]).scalars())


def _frame_row(came: Opened, now_ms: int) -> dict[str, Any]:
    return {
        "tenant": came.address.tenant,
        "site": came.address.site,
        "dev": came.address.object,
        "epoch": came.batch.header.epoch,
        "received_ms": now_ms,
        "bytes": came.frame,
        "part": partition(came.address.object),
    }


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
