"""Claims: a retailer's word that one object may be let in, once and soon; people confirm who comes."""

import hashlib
import secrets
from collections.abc import Sequence
from enum import Enum
from typing import Final

import msgspec
from sqlalchemy import Connection, Row, insert, select, update

from cloud_sync.contract.encoding import b64
from cloud_sync.contract.enrolment import Claim, bare_code
from cloud_sync.contract.topics import Address
from cloud_sync.hub import objects
from cloud_sync.hub.folder import Folder
from cloud_sync.hub.identity import x509
from cloud_sync.hub.identity.authority import root_pem, where_of
from cloud_sync.hub.identity.renewal import is_revoked
from cloud_sync.hub.store import schema
from cloud_sync.hub.store.database import Store
from retail.custody import EDGES

MINUTES: Final = 15
"""A claim's life unless somebody says otherwise: the way from a desk to the shop floor and back."""
MINUTES_MAX: Final = 30 * 24 * 60
"""A pallet of objects that is enrolled at a bench next month; a claim is a secret, and gets lost."""
CLAIMS_MAX: Final = 10_000
"""The most claims of one order."""
WRONG_MAX: Final = 5
"""After so many wrong secrets a claim is void: whoever mistypes asks for another one."""

_ID_BYTES: Final = 9  # 12 characters
_SECRET_BYTES: Final = 16


class ClaimError(ValueError):
    """A claim that cannot be made, confirmed or refused as asked: why, and what to do."""


class State(Enum):
    """What has become of a claim."""

    OPEN = "open"  # nobody has come
    WAITING = "waiting"  # an object shows a code, and nobody has confirmed it
    CONFIRMED = "confirmed"  # whoever brings the secret is let in, or was and has not fetched the answer yet
    ENROLLED = "enrolled"
    REFUSED = "refused"
    EXPIRED = "expired"


class Offer(msgspec.Struct, frozen=True):
    """Which object is to come, and what it is."""

    who: Address
    kind: str
    timezone: str = "UTC"


class MadeClaim(msgspec.Struct, frozen=True):
    """A new claim: its secret is here and nowhere else."""

    object: str
    claim: Claim
    expires_ms: int


class Standing(msgspec.Struct, frozen=True):
    """A claim as people see it."""

    id: str
    tenant: str
    site: str
    object: str
    kind: str
    state: State
    code: str
    expires_ms: int


def make_claims(  # noqa: PLR0913 - each is an option of the command
    store: Store,
    folder: Folder,
    offers: Sequence[Offer],
    now_ms: int,
    *,
    minutes: int = MINUTES,
    confirmed: bool = False,
    replace: bool = False,
) -> list[MadeClaim]:
    """A claim for each offer, all or none; earlier open ones for the same objects are void.

    With `confirmed` nobody compares codes: whoever brings the secret is let in. With `replace` an object that
    is known may come again, with a new board or without its certificate. Raises ClaimError, NoAuthorityError.
    """
    hub, pin = where_of(folder).hub, x509.fingerprint(root_pem(folder).encode("ascii"))
    expires_ms = now_ms + minutes * 60_000
    made = []
    with store.writing() as connection:
        for offer in offers:
            _check(connection, offer, replace=replace)
            _void(connection, offer.who.object, now_ms)
            claim = Claim(
                hub, pin, b64(secrets.token_bytes(_ID_BYTES)), b64(secrets.token_bytes(_SECRET_BYTES))
            )
            row = _row(offer, claim, now_ms, expires_ms) | {"confirmed_ms": now_ms if confirmed else None}
            connection.execute(insert(schema.claim).values(**row))
            made.append(MadeClaim(offer.who.object, claim, expires_ms))
    return made


def standings(connection: Connection, now_ms: int) -> list[Standing]:
    """All claims, the newest first."""
    query = select(schema.claim).order_by(schema.claim.c.made_ms.desc(), schema.claim.c.object)
    return [_standing(row, now_ms) for row in connection.execute(query.limit(CLAIMS_MAX))]


def standing(connection: Connection, claim_id: str, now_ms: int) -> Standing | None:
    """One claim."""
    row = find(connection, claim_id)
    return _standing(row, now_ms) if row else None


def waiting(connection: Connection, now_ms: int, *, code: str = "", object_id: str = "") -> Standing:
    """The one claim that waits for a person under this code or for this object; raises ClaimError."""
    found = [
        each
        for each in standings(connection, now_ms)
        if each.state is State.WAITING
        and (not code or bare_code(each.code) == bare_code(code))
        and (not object_id or each.object == object_id)
    ]
    whom = f"shows the code {code}" if code else f"is called {object_id}"
    if not found:
        raise ClaimError(f"no object that waits {whom}: `opos hub claims` lists those that do")
    if len(found) > 1:
        names = ", ".join(each.object for each in found)
        raise ClaimError(f"{names} wait under the code {code}: name one with --object")
    return found[0]


def refuse(connection: Connection, claim_id: str, now_ms: int) -> None:
    """Let nobody in under this claim."""
    row = update(schema.claim).where(schema.claim.c.id == claim_id).values(refused_ms=now_ms)
    connection.execute(row)


def find(connection: Connection, claim_id: str) -> Row[tuple[object, ...]] | None:
    """The row of a claim."""
    return connection.execute(select(schema.claim).where(schema.claim.c.id == claim_id)).first()


def secret_hash(secret: str) -> str:
    """What is kept of a secret; it is random and long, so a plain hash is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()


def state_of(row: Row[tuple[object, ...]], now_ms: int) -> State:
    """What has become of a claim."""
    if row.refused_ms is not None or row.wrong >= WRONG_MAX:
        return State.REFUSED
    if row.enrolled_ms is not None:
        return State.ENROLLED
    if row.answer is not None:
        return State.CONFIRMED
    if row.expires_ms < now_ms:
        return State.EXPIRED
    if row.confirmed_ms is not None:
        return State.CONFIRMED
    return State.OPEN if row.asked_ms is None else State.WAITING


def _standing(row: Row[tuple[object, ...]], now_ms: int) -> Standing:
    state = state_of(row, now_ms)
    return Standing(row.id, row.tenant, row.site, row.object, row.kind, state, row.code or "", row.expires_ms)


def _check(connection: Connection, offer: Offer, *, replace: bool) -> None:
    who = offer.who
    names = {"object": who.object, "tenant": who.tenant, "site": who.site, "kind": offer.kind}
    for what, name in names.items():
        if not objects.is_name(name):
            raise ClaimError(f"{what}: expected {objects.NAME_EXPECTED}, got {name!r}")
    if who.object in EDGES:
        raise ClaimError(f"object: {who.object!r} is an edge of the shop's world: choose another name")
    if is_revoked(connection, who.object):
        raise ClaimError(f"object {who.object} is revoked, for good: choose another name")
    if not replace and objects.find(connection, who.object):
        raise ClaimError(
            f"object {who.object} is known: say --replace if it has a new board, or has lost its certificate;"
            " what its old key has not sent yet will then be refused"
        )


def _void(connection: Connection, object_id: str, now_ms: int) -> None:
    """The last claim for an object is the one that counts."""
    table = schema.claim.c
    older = update(schema.claim).where(
        table.object == object_id, table.answer.is_(None), table.refused_ms.is_(None)
    )
    connection.execute(older.values(refused_ms=now_ms))


def _row(offer: Offer, claim: Claim, now_ms: int, expires_ms: int) -> dict[str, object]:
    return {
        "id": claim.id,
        "tenant": offer.who.tenant,
        "site": offer.who.site,
        "object": offer.who.object,
        "kind": offer.kind,
        "timezone": offer.timezone,
        "secret_sha256": secret_hash(claim.secret),
        "made_ms": now_ms,
        "expires_ms": expires_ms,
    }
