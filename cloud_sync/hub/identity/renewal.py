"""Certificates of objects' lines: issued, renewed while the old one holds, and revoked."""

import logging
from typing import Any, Final

from sqlalchemy import Connection, insert, select, update

from cloud_sync.contract.signing import Tier
from cloud_sync.hub import objects
from cloud_sync.hub.folder import Folder, RootAwayError
from cloud_sync.hub.identity import x509
from cloud_sync.hub.identity.authority import issuer_of
from cloud_sync.hub.identity.x509 import Issuer, Subject
from cloud_sync.hub.store import schema
from cloud_sync.hub.store.database import NoHubError, Store

_log = logging.getLogger(__name__)

_DAY_MS: Final = 24 * 60 * 60 * 1000
# An object renews every two months. One that asks for a new key every day is broken, or not itself.
_APART_MS: Final = _DAY_MS
# It renews when two thirds of its certificate's life are over: whoever asks much earlier, and for the same
# key, has lost the answer, or wants a root's word for its journal's key.
_EARLY_MS: Final = x509.CLIENT_DAYS * _DAY_MS // 2


class RenewalRefusedError(ValueError):
    """A certificate that is not renewed: why."""


def renew(store: Store, folder: Folder, dev: str, csr_pem: str, now_ms: int) -> str:
    """A new certificate for the line of the object `dev`, and what leads from it to the root, in PEM.

    A request with the key of the newest certificate, in the first half of its life, gets it again. The one
    before stays valid until its own end. Raises RenewalRefusedError, BadRequestError (both ValueError),
    NoAuthorityError.
    """
    key, issuer = x509.requested_key(csr_pem), issuer_of(folder)
    with store.writing() as connection:
        known = objects.find(connection, dev)
        if known is None or is_revoked(connection, dev):
            raise RenewalRefusedError(f"{dev}: it is not let in, or not any more")
        newest = _newest(connection, dev)
        if newest is not None:
            age_ms = now_ms - (newest.not_after_ms - x509.CLIENT_DAYS * _DAY_MS)
            if x509.key_of(newest.pem) == x509.key_bytes(key):
                if age_ms < _EARLY_MS:
                    return str(newest.pem) + issuer.pem
            elif age_ms < _APART_MS:
                raise RenewalRefusedError(f"{dev}: it has a new certificate already: one a day is enough")
        subject = Subject(known.address, _tier(connection, known), key)
        return issue(connection, issuer, subject, now_ms)


def certified(store: Store, folder: Folder, dev: str) -> str:
    """A root's word, as a compact JWS, for the key that `dev` signs with now; '' while no root is here."""
    try:
        root = folder.root_key()
    except RootAwayError:
        return ""
    except NoHubError as error:
        _log.warning("the key of %s cannot be certified: %s", dev, error)
        return ""
    with store.reading() as connection:
        known = objects.find(connection, dev)
        if known is None:
            return ""
        return objects.certify(connection, dev, root, _tier(connection, known))


def issue(connection: Connection, issuer: Issuer, subject: Subject, now_ms: int) -> str:
    """A certificate for an admitted object, written down, and its issuer's, in PEM."""
    issued = issuer.client(subject, now_ms)
    row = insert(schema.certificate).values(serial=issued.serial, dev=subject.who.object, pem=issued.pem)
    connection.execute(row.values(not_after_ms=issued.not_after_ms))
    return issued.pem + issuer.pem


def is_revoked(connection: Connection, dev: str) -> bool:
    """Whether `dev` was put out for good."""
    table = schema.revocation.c
    return connection.execute(select(table.dev).where(table.dev == dev)).first() is not None


def revoke_certificates(connection: Connection, dev: str, now_ms: int) -> None:
    """No certificate that `dev` has had is good any more; the broker hears of it from `refresh_broker`."""
    table = schema.certificate.c
    mine = update(schema.certificate).where(table.dev == dev, table.revoked_ms.is_(None))
    connection.execute(mine.values(revoked_ms=now_ms))


def _newest(connection: Connection, dev: str) -> Any:
    table = schema.certificate.c
    query = select(table.pem, table.not_after_ms).where(table.dev == dev, table.revoked_ms.is_(None))
    return connection.execute(query.order_by(table.not_after_ms.desc()).limit(1)).first()


def _tier(connection: Connection, known: objects.KnownObject) -> Tier:
    """What keeps the object's present key."""
    table = schema.object_key.c
    query = select(table.tier).where(table.dev == known.address.object, table.kid == known.key.kid)
    tier: Tier = connection.execute(query).scalar_one()
    return tier
