"""Frames become entries: what the journals of a partition say next, opened and understood one by one."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import msgspec
from sqlalchemy import Connection, bindparam, exists, select

from cloud_sync.contract.batch import ENTRIES_MAX, reopen
from cloud_sync.contract.entry import Body
from cloud_sync.contract.topics import Address
from cloud_sync.hub.projections.meaning import Doubt, Told, understand
from cloud_sync.hub.store import schema
from cloud_sync.hub.store.kept import IS_KEPT
from cloud_sync.hub.store.rows import Row

_projection, _frame = schema.projection.c, schema.frame.c
# Asked for every stretch: a question that is put together once costs a third.
_PENDING: Final = (
    select(_projection.part, _projection.upto)
    .where(exists().where(_frame.part == _projection.part, IS_KEPT, _frame.id > _projection.upto))
    .order_by(_projection.part)
)
_NEXT: Final = (
    select(_frame.id, (_frame.last - _frame.first_new + 1).label("entries"))
    .where(_frame.part == bindparam("of"), IS_KEPT, _frame.id > bindparam("after"))
    .order_by(_frame.id)
    .limit(bindparam("most"))
)
_FRAMES: Final = (
    select(_frame.id, _frame.tenant, _frame.site, _frame.first_new, _frame.received_ms, _frame.bytes)
    .where(_frame.part == bindparam("of"), IS_KEPT)
    .where(_frame.id > bindparam("after"), _frame.id <= bindparam("upto"))
    .order_by(_frame.id)
)


class Stretch(msgspec.Struct, frozen=True):
    """What one partition says after the frame `after`, up to the frame `upto`: rows of `entry`, and more."""

    part: int
    after: int
    upto: int
    rows: list[Row]
    understood: list[tuple[Told, Body | Doubt]]


def pending(connection: Connection) -> dict[int, int]:
    """The partitions that have frames which the projections do not hold: the last that they hold of each."""
    return {row.part: row.upto for row in connection.execute(_PENDING)}


def unroll(connection: Connection, behind: Sequence[tuple[int, int]], most: int) -> list[Stretch]:
    """The next entries of partitions, as `pending` said, in this order: frames of about `most` entries."""
    stretches: list[Stretch] = []
    for part, after in behind:
        if (stretch := _unrolled(connection, part, after, most)) is not None:
            stretches.append(stretch)
            most -= len(stretch.rows)
        if most <= 0:
            break
    return stretches


def _unrolled(connection: Connection, part: int, after: int, most: int) -> Stretch | None:
    upto = after
    for number, entries in connection.execute(_NEXT, {"of": part, "after": after, "most": most}).all():
        upto, most = number, most - entries
        if most <= 0:
            break
    if upto == after:
        return None
    stretch = Stretch(part, after, upto, [], [])
    for number, tenant, site, first_new, received_ms, data in connection.execute(
        _FRAMES, {"of": part, "after": after, "upto": upto}
    ):
        _open(stretch, number, _Came(tenant, site, first_new, received_ms), data)
    return stretch


class _Came(msgspec.Struct, frozen=True, gc=False):
    """From where and when a frame came, and the first of its entries that was new."""

    tenant: str
    site: str
    first_new: int
    received_ms: int


def _open(stretch: Stretch, number: int, came: _Came, data: bytes) -> None:
    """Add the entries that were new in the frame of this number."""
    batch = reopen(data)
    header, skip = batch.header, came.first_new - batch.header.first
    address = _address(came.tenant, came.site, header.dev)
    dev, epoch, kid, part = header.dev, header.epoch, header.kid, stretch.part
    # Numbered by its frame: who unrolls it again, anywhere, gives it the same number.
    entry, seq = number * ENTRIES_MAX, came.first_new
    for body, digest in zip(batch.bodies[skip:], batch.hashes[skip:], strict=True):
        told = Told(entry, address, epoch, seq, digest, body, came.received_ms)
        stretch.rows.append((entry, dev, epoch, seq, kid, digest, body, number, part))
        stretch.understood.append((told, understand(told)))
        entry, seq = entry + 1, seq + 1


# The same few objects speak all day.
_address: Final = lru_cache(maxsize=4_096)(Address)
