"""The objects that may speak to this hub: each is admitted by a person, with its public key."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from enum import Enum
from functools import lru_cache
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Row, bindparam, insert, select, update

from cloud_sync.contract.certificate import CERTIFICATE_TYPE, CertifiedKey
from cloud_sync.contract.signing import PublicKey, Signer, Tier, Verifier, seal
from cloud_sync.contract.topics import Address
from cloud_sync.contract.training import SUFFIX, is_in_training
from cloud_sync.hub.store import schema
from cloud_sync.hub.store.database import Store
from cloud_sync.hub.store.upsert import upsert
from retail.custody import EDGES

# A name is a part of an MQTT topic (no / + #), of a file's name and of a web address.
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
NAME_EXPECTED: Final = f"letters, digits, dot, dash and underscore, at most 63, not ending in {SUFFIX}"

# One hub worker meets at most so many keys before it forgets the oldest; making one again takes 0.1 ms.
_VERIFIERS_MAX: Final = 4_096


class AdmissionError(ValueError):
    """An object that cannot be admitted as asked: what stands against it, and what to do."""


class Admitted(Enum):
    """What became of an admission."""

    NOW = "now"
    ALREADY = "already"  # the same object with the same key: a retry, not an error
    REPLACED = "replaced"  # the same object has a new key, because a person said so


class KnownObject(msgspec.Struct, frozen=True):
    """An admitted object: where it stands, and the key that it signs with now."""

    address: Address
    key: PublicKey


class KeyOf(msgspec.Struct, frozen=True):
    """A key that an object has had: it signs `epoch` from `from_seq` on, or everything if `epoch` is ''."""

    kid: str
    key: PublicKey
    epoch: str
    from_seq: int
    since_ms: int


class Ring(msgspec.Struct, frozen=True):
    """All keys that an object has had, the oldest first, and the name of the one that it signs with now."""

    address: Address
    keys: tuple[KeyOf, ...]
    current: str


def is_name(text: str) -> bool:
    """Whether `text` can be the name of a tenant, a site, an object or a holder.

    What an object in training is called is none: nothing that was only rehearsed comes in here.
    """
    return _NAME.fullmatch(text) is not None and not is_in_training(text)


def admit(
    store: Store, known: KnownObject, now_ms: int, *, replace: bool = False, tier: Tier = "file"
) -> Admitted:
    """Let an object speak. Raises AdmissionError if it may not, or is known with another key or place."""
    _check(known)
    with store.writing() as connection:
        return admit_in(connection, known, now_ms, replace=replace, tier=tier)


def admit_in(
    connection: Connection, known: KnownObject, now_ms: int, *, replace: bool = False, tier: Tier = "file"
) -> Admitted:
    """Let an object speak, in a transaction of the caller's; raises AdmissionError."""
    _check(known)
    before = find(connection, known.address.object)
    if before == known:
        return Admitted.ALREADY
    if before is None:
        connection.execute(insert(schema.object_).values(_row(known, now_ms)))
        _give_key(connection, known, tier, now_ms)
        return Admitted.NOW
    if not replace:
        raise AdmissionError(_conflict(before))
    row = update(schema.object_).where(schema.object_.c.id == known.address.object)
    connection.execute(row.values(_row(known, now_ms)))
    if before.key != known.key:
        _give_key(connection, known, tier, now_ms)
    return Admitted.REPLACED


_KNOWN: Final = select(schema.object_).where(schema.object_.c.id == bindparam("name"))
# Asked for every group of frames: a question that is put together once costs a third.
_RINGS: Final = (
    select(
        schema.object_key, schema.object_.c.tenant, schema.object_.c.site, schema.object_.c.kid.label("now")
    )
    .join(schema.object_, schema.object_.c.id == schema.object_key.c.dev)
    .where(schema.object_key.c.dev.in_(bindparam("names", expanding=True)))
    .order_by(schema.object_key.c.since_ms)
)


def find(connection: Connection, object_id: str) -> KnownObject | None:
    """The admitted object of this name."""
    if not is_name(object_id):
        return None
    row = connection.execute(_KNOWN, {"name": object_id}).first()
    return KnownObject(Address(row.tenant, row.site, row.id), PublicKey(row.x, row.y)) if row else None


def rings_of(connection: Connection, names: Iterable[str]) -> dict[str, Ring]:
    """The key ring of each of `names` that is admitted."""
    real = sorted({name for name in names if is_name(name)})
    rows: defaultdict[str, list[Row[Any]]] = defaultdict(list)
    for row in connection.execute(_RINGS, {"names": real}):
        rows[row.dev].append(row)
    return {name: _ring(name, found) for name, found in rows.items()}


def _ring(name: str, rows: Sequence[Row[Any]]) -> Ring:
    keys = tuple(
        KeyOf(row.kid, PublicKey(row.x, row.y), row.epoch, row.from_seq, row.since_ms) for row in rows
    )
    return Ring(Address(rows[0].tenant, rows[0].site, name), keys, rows[0].now)


def hand_over(connection: Connection, dev: str, new: KeyOf, tier: Tier) -> None:
    """From its place on `dev` signs with `new`, a key that it never had: its old one has said so."""
    row = {"dev": dev, "kid": new.kid, "x": new.key.x, "y": new.key.y, "tier": tier}
    place = {"epoch": new.epoch, "from_seq": new.from_seq, "since_ms": new.since_ms}
    connection.execute(insert(schema.object_key).values(**row, **place))
    current = update(schema.object_).where(schema.object_.c.id == dev)
    connection.execute(current.values(kid=new.kid, x=new.key.x, y=new.key.y))


def certify(connection: Connection, object_id: str, root: Signer, tier: Tier) -> str:
    """The root's word, as a compact JWS, that an object's key is its own. Raises AdmissionError.

    `tier` is what keeps the object's private key, as far as the object says.
    """
    known = find(connection, object_id)
    if known is None:
        raise AdmissionError(f"object {object_id!r} was never admitted: run `opos hub admit` first")
    table = schema.object_key.c
    query = select(table.since_ms).where(table.dev == object_id, table.kid == known.key.kid)
    since_ms = connection.execute(query).scalar_one()
    certified = CertifiedKey(object_id, known.address.tenant, known.key, tier, since_ms)
    return seal(root, CERTIFICATE_TYPE, certified)


@lru_cache(maxsize=_VERIFIERS_MAX)
def verifier(key: PublicKey) -> Verifier:
    """What checks the signatures of `key`; raises ValueError if it is no point of P-256."""
    return Verifier(key)


def _give_key(connection: Connection, known: KnownObject, tier: Tier, now_ms: int) -> None:
    """The key of a new board; one that the object had before is its key again."""
    key = known.key
    row = upsert(connection, schema.object_key).values(
        dev=known.address.object,
        kid=key.kid,
        x=key.x,
        y=key.y,
        tier=tier,
        epoch="",
        from_seq=1,
        since_ms=now_ms,
    )
    again = {"x": key.x, "y": key.y, "tier": tier, "epoch": "", "from_seq": 1, "since_ms": now_ms}
    connection.execute(row.on_conflict_do_update(index_elements=["dev", "kid"], set_=again))


def _check(known: KnownObject) -> None:
    address = known.address
    for what, name in (("object", address.object), ("tenant", address.tenant), ("site", address.site)):
        if not is_name(name):
            raise AdmissionError(f"{what}: expected {NAME_EXPECTED}, got {name!r}")
    if address.object in EDGES:
        raise AdmissionError(
            f"object: {address.object!r} is an edge of the shop's world: choose another name"
        )
    try:
        verifier(known.key)
    except ValueError as error:
        raise AdmissionError(
            f"key: expected a P-256 public key as `opos object key` prints it: {error}"
        ) from error


def _conflict(before: KnownObject) -> str:
    address = before.address
    return (
        f"object {address.object} is admitted already, with key {before.key.kid} at"
        f" {address.tenant}/{address.site}: say --replace if its board or its place has changed;"
        " what its old key has not sent yet will then be refused"
    )


def _row(known: KnownObject, now_ms: int) -> dict[str, str | int]:
    address, key = known.address, known.key
    return {
        "id": address.object,
        "tenant": address.tenant,
        "site": address.site,
        "kid": key.kid,
        "x": key.x,
        "y": key.y,
        "admitted_ms": now_ms,
    }
