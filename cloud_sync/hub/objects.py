"""The objects that may speak to this hub: each is admitted by a person, with its public key."""

import re
from enum import Enum
from functools import lru_cache
from typing import Final

import msgspec
from sqlalchemy import Connection, insert, select, update

from cloud_sync.contract.certificate import CERTIFICATE_TYPE, CertifiedKey
from cloud_sync.contract.signing import PublicKey, Signer, Tier, Verifier, seal
from cloud_sync.contract.topics import Address
from cloud_sync.hub.store import schema
from cloud_sync.hub.store.database import Store
from retail.custody import EDGES

# A name is a part of an MQTT topic (no / + #), of a file's name and of a web address.
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
NAME_EXPECTED: Final = "letters, digits, dot, dash and underscore, at most 63"

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
    """An admitted object: where it stands, and the key that it signs with."""

    address: Address
    key: PublicKey


def is_name(text: str) -> bool:
    """Whether `text` can be the name of a tenant, a site, an object or a holder."""
    return _NAME.fullmatch(text) is not None


def admit(store: Store, known: KnownObject, now_ms: int, *, replace: bool = False) -> Admitted:
    """Let an object speak. Raises AdmissionError if it may not, or is known with another key or place."""
    _check(known)
    with store.writing() as connection:
        before = find(connection, known.address.object)
        if before == known:
            return Admitted.ALREADY
        if before is None:
            connection.execute(insert(schema.object_).values(_row(known, now_ms)))
            return Admitted.NOW
        if not replace:
            raise AdmissionError(_conflict(before))
        row = update(schema.object_).where(schema.object_.c.id == known.address.object)
        connection.execute(row.values(_row(known, now_ms)))
        return Admitted.REPLACED


def find(connection: Connection, object_id: str) -> KnownObject | None:
    """The admitted object of this name."""
    columns = schema.object_.c
    query = select(columns.tenant, columns.site, columns.x, columns.y).where(columns.id == object_id)
    row = connection.execute(query).first()
    if row is None:
        return None
    return KnownObject(Address(row.tenant, row.site, object_id), PublicKey(row.x, row.y))


def certify(connection: Connection, object_id: str, root: Signer, tier: Tier) -> str:
    """The root's word, as a compact JWS, that an object's key is its own. Raises AdmissionError.

    `tier` is what keeps the object's private key, as far as the object says.
    """
    known = find(connection, object_id)
    if known is None:
        raise AdmissionError(f"object {object_id!r} was never admitted: run `opos hub admit` first")
    query = select(schema.object_.c.admitted_ms).where(schema.object_.c.id == object_id)
    since_ms = connection.execute(query).scalar_one()
    certified = CertifiedKey(object_id, known.address.tenant, known.key, tier, since_ms)
    return seal(root, CERTIFICATE_TYPE, certified)


@lru_cache(maxsize=_VERIFIERS_MAX)
def verifier(key: PublicKey) -> Verifier:
    """What checks the signatures of `key`; raises ValueError if it is no point of P-256."""
    return Verifier(key)


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
