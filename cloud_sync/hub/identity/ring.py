"""The hub's signing keys: which are valid now, told to objects as keyrings that a root signs; their rotation.

A new key signs as soon as it is made, and the one before stays valid until it is retired: whoever was away
for weeks believes both, once the keyring has reached him. Versions only grow, so that nobody brings back a
keyring in which a lost key was still good.
"""

from collections.abc import Callable

import msgspec
from sqlalchemy import Connection, insert, select

from cloud_sync.contract.encoding import unb64
from cloud_sync.contract.keyring import KEYRING_TYPE, KEYS_MAX, Keyring
from cloud_sync.contract.signing import PublicKey, Signer, SoftwareKey, seal
from cloud_sync.hub.documents.resigning import resign
from cloud_sync.hub.files import write_new
from cloud_sync.hub.folder import Folder, Purpose, Trust
from cloud_sync.hub.store import schema
from cloud_sync.hub.store.database import Store, generation
from retail.pricing.book import Version


class RotationError(ValueError):
    """A key that cannot be replaced or retired as asked: why, and what to do."""


class Rings(msgspec.Struct, frozen=True):
    """The keys that are valid now, and the newest keyring's version by tenant."""

    trust: Trust
    versions: dict[str, Version]


def newest(connection: Connection) -> dict[str, str]:
    """The newest keyring of each tenant."""
    table = schema.keyring.c
    query = select(table.tenant, table.jws).order_by(table.generation, table.n)
    return {row.tenant: row.jws for row in connection.execute(query)}


def keyring_of(connection: Connection, tenant: str, trust: Trust, root: Signer, now_ms: int) -> str:
    """The keyring of `tenant` for `trust`: the newest, or a new one if that says something else."""
    # One at a time: two who make the same next version at once would both fail.
    connection.execute(select(schema.hub.c.id).with_for_update())
    found = newest(connection).get(tenant)
    last = said(found) if found else None
    if found and last and Trust(last.receipt, last.documents, last.roots) == trust:
        return found
    ring = Keyring(tenant, _next(connection, last), trust.receipt, trust.documents, trust.roots)
    jws = seal(root, KEYRING_TYPE, ring)
    version = {"generation": ring.version.generation, "n": ring.version.n}
    connection.execute(insert(schema.keyring).values(tenant=tenant, jws=jws, made_ms=now_ms, **version))
    return jws


def rings(store: Store, folder: Folder) -> Rings:
    """How the keys stand."""
    with store.reading() as connection:
        found = newest(connection)
    return Rings(folder.trust(), {tenant: said(jws).version for tenant, jws in found.items()})


def rotate(  # noqa: PLR0913 - a place, what to do there, and when
    store: Store,
    folder: Folder,
    purpose: Purpose,
    root: Signer,
    now_ms: int,
    *,
    once_told: Callable[[], object] = lambda: None,
) -> PublicKey:
    """Put a new key in the place of the one for `purpose`; that one stays valid until it is retired.

    Objects are told first, then the hub signs with the new key, when `once_told` has returned. Cut off at any
    point it is done by the next try, with the same new key. Raises RotationError.
    """
    with folder.changing():
        path = folder.key_file(purpose)
        following = path.with_suffix(".key.next")
        if not following.exists():
            write_new(following, SoftwareKey.generate().to_pem())
        new = SoftwareKey.from_pem(following.read_bytes()).public
        valid = tuple(key for key in getattr(folder.trust(), purpose) if key != new)
        if len(valid) >= KEYS_MAX:
            raise RotationError(f"{len(valid)} keys for {purpose} are valid: `opos hub keys retire` first")
        trust = msgspec.structs.replace(folder.trust(), **{purpose: (new, *valid)})
        _believe(store, folder, trust, root, now_ms)
        once_told()
        following.replace(path)
    return new


def retire(store: Store, folder: Folder, root: Signer, now_ms: int) -> tuple[PublicKey, ...]:
    """Let no key be valid any more but those that sign now; which ones were.

    Documents that an old key signed are signed again before, as new versions. An object that has not heard of
    the new keys by then hears of them from the keyring, which a root signs, when it comes back.
    """
    with folder.changing():
        before = folder.trust()
        present = Trust((folder.receipt_key().public,), (folder.documents_key().public,), before.roots)
        with store.writing() as connection:
            resign(connection, folder.documents_key(), now_ms)
        _believe(store, folder, present, root, now_ms)
    valid = {*present.receipt, *present.documents}
    return tuple(key for key in (*before.receipt, *before.documents) if key not in valid)


def check_root(trust: Trust, root: Signer) -> None:
    """Return if objects believe `root`; raise RotationError if not."""
    if root.public not in trust.roots:
        known = " and ".join(key.kid for key in trust.roots)
        raise RotationError(f"key {root.public.kid} is no root of this hub: objects believe {known}")


def said(jws: str) -> Keyring:
    """What a keyring of our own database says."""
    return msgspec.json.decode(unb64(jws.split(".")[1]), type=Keyring)


def _believe(store: Store, folder: Folder, trust: Trust, root: Signer, now_ms: int) -> None:
    """Make `trust` what objects are told: every tenant's keyring, then the file for new ones."""
    check_root(trust, root)
    with store.writing() as connection:
        tenants = {*connection.execute(select(schema.object_.c.tenant)).scalars(), *newest(connection)}
        for tenant in sorted(tenants):
            keyring_of(connection, tenant, trust, root, now_ms)
    folder.keep_trust(trust)


def _next(connection: Connection, last: Keyring | None) -> Version:
    """The version after the last; a hub that is back from a backup counts from one in a new generation."""
    now = generation(connection)
    if last is None or last.version.generation < now:
        return Version(now, 1)
    return Version(last.version.generation, last.version.n + 1)
