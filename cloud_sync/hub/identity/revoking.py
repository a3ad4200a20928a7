"""An object is put out: nothing after its last good entry counts, and its line is cut."""

import msgspec
from sqlalchemy import Connection, select, update

from cloud_sync.hub import objects
from cloud_sync.hub.folder import Folder
from cloud_sync.hub.identity.broker_files import Refreshed, refresh_broker
from cloud_sync.hub.identity.renewal import revoke_certificates
from cloud_sync.hub.projections.revoking import LastBelieved, believe_up_to
from cloud_sync.hub.store import schema
from cloud_sync.hub.store.attention import raise_alarm
from cloud_sync.hub.store.database import Store


class RevocationError(ValueError):
    """An object that cannot be revoked as asked: why, and what to do."""


class LastGood(msgspec.Struct, frozen=True):
    """The last entry of an object that is believed; `seq` 0 if none of `epoch` is."""

    epoch: str
    seq: int


class Revocation(msgspec.Struct, frozen=True):
    """Whom to put out, and why; without `last` all that the hub has of it now is believed."""

    dev: str
    why: str
    last: LastGood | None = None


class Revoked(msgspec.Struct, frozen=True):
    """What came of it: up to where the object is believed, and whether the broker knows."""

    object: str
    last: LastGood
    broker: Refreshed


def revoke(store: Store, folder: Folder, order: Revocation, now_ms: int) -> Revoked:
    """Put an object out for good.

    Said again with the same last entry it changes nothing. What has been counted and is not believed any more
    leaves the figures at once. Raises RevocationError.
    """
    dev = order.dev
    with store.writing() as connection:
        if objects.find(connection, dev) is None:
            raise RevocationError(f"object {dev!r} was never admitted: `opos hub status` lists who was")
        last = order.last or _present(connection, dev)
        _write_down(connection, dev, last, order.why, now_ms)
        revoke_certificates(connection, dev, now_ms)
        claims = schema.claim.c
        open_ = update(schema.claim).where(claims.object == dev, claims.refused_ms.is_(None))
        connection.execute(open_.values(refused_ms=now_ms))
        sentence = f"{dev} is revoked after entry {last.seq} of {last.epoch or 'nothing'}: {order.why}"
        raise_alarm(connection, "revoked", dev, sentence, now_ms)
    return Revoked(dev, last, refresh_broker(folder, store, now_ms))


def _write_down(connection: Connection, dev: str, last: LastGood, why: str, now_ms: int) -> None:
    table = schema.revocation
    before = connection.execute(select(table.c.epoch, table.c.seq).where(table.c.dev == dev)).first()
    if before is None:
        believe_up_to(connection, LastBelieved(dev, last.epoch, last.seq), why, now_ms)
    elif LastGood(before.epoch, before.seq) != last:
        raise RevocationError(
            f"object {dev} is revoked after entry {before.seq} of {before.epoch} already: that stays as it is"
        )


def _present(connection: Connection, dev: str) -> LastGood:
    """The newest place that the hub has of this object."""
    table = schema.cursor.c
    query = select(table.epoch, table.seq).where(table.dev == dev).order_by(table.id.desc()).limit(1)
    row = connection.execute(query).first()
    return LastGood(row.epoch, row.seq) if row else LastGood("", 0)
