"""The tables of a journal at the hub: where it stands, what is kept of it, what is set aside."""

from typing import Final

import msgspec
from sqlalchemy import Connection, func, insert, select
from sqlalchemy.dialects.sqlite import insert as upsert

from cloud_sync.contract.batch import Batch, Header
from cloud_sync.contract.topics import Address
from cloud_sync.hub.ingest.verdict import Cursor
from cloud_sync.hub.store import schema
from cloud_sync.hub.store.attention import raise_alarm

# Evidence of one forked journal; more frames prove nothing more, and a clone must not fill the disk.
FORKED_FRAMES_MAX: Final = 64


def cursor_of(connection: Connection, header: Header) -> Cursor:
    """Where the journal of this batch stands."""
    table = schema.cursor.c
    query = select(table.seq, table.hash).where(table.dev == header.dev, table.epoch == header.epoch)
    row = connection.execute(query).first()
    return Cursor(row.seq, row.hash) if row else Cursor.before_first(header.epoch)


def kept_of(connection: Connection, header: Header) -> dict[int, bytes]:
    """The hash of each entry here that the batch names too."""
    table = schema.entry.c
    query = select(table.seq, table.hash).where(
        table.dev == header.dev,
        table.epoch == header.epoch,
        table.seq.between(header.first, header.first + header.n - 1),
    )
    return {row.seq: row.hash for row in connection.execute(query)}


class Arrival(msgspec.Struct, frozen=True):
    """A frame as it came in: from where, its bytes, the batch in them, and when (milliseconds since 1970)."""

    address: Address
    frame: bytes
    batch: Batch
    at_ms: int


def append(connection: Connection, came: Arrival, first_new: int) -> Cursor:
    """Keep the entries from `first_new` on, with the frame that brought them, and advance the cursor."""
    batch, header = came.batch, came.batch.header
    skip = first_new - header.first
    evidence = _keep_frame(connection, came)
    place = {"dev": header.dev, "epoch": header.epoch, "kid": header.kid, "frame": evidence}
    fresh = zip(batch.bodies[skip:], batch.hashes[skip:], strict=True)
    rows = [
        {**place, "seq": seq, "body": body, "hash": digest}
        for seq, (body, digest) in enumerate(fresh, first_new)
    ]
    connection.execute(insert(schema.entry), rows)
    cursor = Cursor(header.first + header.n - 1, header.head)
    _advance(connection, header, cursor, came.at_ms)
    return cursor


def set_aside(connection: Connection, came: Arrival, seq: int) -> None:
    """Keep a frame that forks at `seq` as evidence, once, and raise the alarm each time that it comes."""
    header = came.batch.header
    sentence = (
        f"{header.dev}: entry {seq} of epoch {header.epoch} came with another hash than the one that is here:"
        " two journals have one name"
    )
    raise_alarm(connection, "fork", header.dev, sentence, came.at_ms)
    case: dict[str, str | int | bytes] = {
        "dev": header.dev,
        "epoch": header.epoch,
        "seq": seq,
        "hash": came.batch.hashes[seq - header.first],
        "reason": "fork",
    }
    if _is_known(connection, case) or _forked_frames(connection, header) >= FORKED_FRAMES_MAX:
        return
    row = insert(schema.quarantine).values(**case, sentence=sentence, at_ms=came.at_ms)
    connection.execute(row.values(frame=_keep_frame(connection, came)))


def _keep_frame(connection: Connection, came: Arrival) -> int:
    row = insert(schema.frame).values(
        tenant=came.address.tenant,
        site=came.address.site,
        dev=came.address.object,
        epoch=came.batch.header.epoch,
        received_ms=came.at_ms,
        bytes=came.frame,
    )
    return int(connection.execute(row.returning(schema.frame.c.id)).scalars().one())


def _advance(connection: Connection, header: Header, cursor: Cursor, now_ms: int) -> None:
    where = {"seq": cursor.seq, "hash": cursor.hash, "heard_ms": now_ms}
    row = upsert(schema.cursor).values(dev=header.dev, epoch=header.epoch, **where)
    connection.execute(row.on_conflict_do_update(index_elements=["dev", "epoch"], set_=where))


def _is_known(connection: Connection, case: dict[str, str | int | bytes]) -> bool:
    table = schema.quarantine.c
    query = select(table.id).where(*(table[name] == value for name, value in case.items()))
    return connection.execute(query).first() is not None


def _forked_frames(connection: Connection, header: Header) -> int:
    table = schema.quarantine.c
    query = select(func.count()).where(
        table.dev == header.dev, table.epoch == header.epoch, table.reason == "fork"
    )
    return int(connection.execute(query).scalars().one())
