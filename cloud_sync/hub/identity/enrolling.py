"""Enrolment, the hub's side: who brings a claim is heard, a person compares, and the object is let in.

Everything that an object is told is made in one transaction with its admission, and kept: it may ask for it
again, and a root that was put back for the moment of confirmation can go away.
"""

import hmac
import logging
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

import msgspec
from sqlalchemy import Connection, select, update

from cloud_sync.contract.enrolment import (
    Enrolled,
    EnrolmentAsked,
    EnrolmentSaid,
    confirmation_code,
    read_enrolment,
)
from cloud_sync.contract.signing import PublicKey, Signer
from cloud_sync.contract.topics import Address
from cloud_sync.hub import objects
from cloud_sync.hub.folder import Folder
from cloud_sync.hub.identity import claims, ring, x509
from cloud_sync.hub.identity.authority import issuer_of, root_pem, where_of
from cloud_sync.hub.identity.broker_files import refresh_broker
from cloud_sync.hub.identity.claims import ClaimError, State
from cloud_sync.hub.identity.renewal import issue, revoke_certificates
from cloud_sync.hub.store import schema
from cloud_sync.hub.store.attention import raise_alarm
from cloud_sync.hub.store.database import Store

_log = logging.getLogger(__name__)

UNNAMED = "unnamed"
"""What an object calls itself that is to be named by its claim."""
ANY = "any"
"""What an object says that it is when its claim is to say it."""


class Turn(Enum):
    """How an enrolment went on."""

    HEARD = "heard"  # it waits, or is let in: see what is said
    GARBLED = "garbled"  # nothing that can be read
    NOT_LET_IN = "not let in"  # no such claim, another secret, refused by a person, revoked
    TAKEN = "taken"  # another key has come under this claim before, or another object is meant
    EXPIRED = "expired"


class Heard(msgspec.Struct, frozen=True):
    """What became of a question, and what to answer."""

    turn: Turn
    said: EnrolmentSaid


class Counter:
    """Where objects knock. Threads may share it."""

    def __init__(self, store: Store, folder: Folder, clock_ms: Callable[[], int]) -> None:
        self._store, self._folder, self._clock_ms = store, folder, clock_ms

    def ask(self, jws: str) -> Heard:
        """Hear one question. Raises NoAuthorityError, RootAwayError if this hub cannot issue now."""
        now_ms = self._clock_ms()
        try:
            asked = read_enrolment(jws)
            x509.requested_key(asked.csr)
        except (ValueError, RecursionError) as error:
            return self._count("enrolment", _no(Turn.GARBLED, f"expected an enrolment: {error}"), now_ms)
        with self._store.writing() as connection:
            row = _locked(connection, asked.claim)
            wrong = _wrong(row, asked, now_ms)
            if wrong is None:
                heard, new = _Hall(connection, self._folder, now_ms).go_on(row, asked)
            elif row is not None and not _knows(row, asked):
                more = update(schema.claim).where(schema.claim.c.id == row.id)
                connection.execute(more.values(wrong=schema.claim.c.wrong + 1))
        if wrong:
            # Only names that the hub gave itself: a flood of others counts up one alarm.
            return self._count(row.object if row else "enrolment", wrong, now_ms)
        if new:
            refresh_broker(self._folder, self._store, now_ms)
        return heard

    def _count(self, subject: str, heard: Heard, now_ms: int) -> Heard:
        sentence = f"somebody asked to be let in: {heard.said.sentence}"
        with self._store.writing() as connection:
            raise_alarm(connection, "enrolment", subject, sentence[:400], now_ms)
        return heard


def confirm(store: Store, folder: Folder, claim_id: str, root: Signer, now_ms: int) -> Enrolled:
    """Let the object in that waits under a claim, since a person saw the same code on both sides.

    Raises ClaimError, AdmissionError, NoAuthorityError, RotationError.
    """
    ring.check_root(folder.trust(), root)
    with store.writing() as connection:
        row = _locked(connection, claim_id)
        if row is None or claims.state_of(row, now_ms) is not State.WAITING:
            raise ClaimError(f"claim {claim_id}: nobody waits under it any more")
        enrolled = _Hall(connection, folder, now_ms).let_in(row, root)
    refresh_broker(folder, store, now_ms)
    return enrolled


def _locked(connection: Connection, claim_id: str) -> Any:
    """The row of a claim, which nobody else changes until this transaction ends."""
    query = select(schema.claim).where(schema.claim.c.id == claim_id)
    return connection.execute(query.with_for_update()).first()


def _wrong(row: Any, asked: EnrolmentAsked, now_ms: int) -> Heard | None:
    """Why this question is refused, if it is."""
    if row is None or not _knows(row, asked):
        return _no(Turn.NOT_LET_IN, "no such claim is open: ask for another one")
    state = claims.state_of(row, now_ms)
    if state is State.REFUSED:
        return _no(Turn.NOT_LET_IN, f"the claim for {row.object} is void: ask for another one")
    if state is State.EXPIRED:
        return _no(Turn.EXPIRED, f"the claim for {row.object} has expired: ask for another one")
    another = _another(row, asked)
    return _no(Turn.TAKEN, f"{another}: ask for another claim") if another else None


def _another(row: Any, asked: EnrolmentAsked) -> str:
    """In what this is another object than the one that the claim is for, or has met; '' if in nothing."""
    if asked.dev not in {row.object, UNNAMED} or asked.kind not in {row.kind, ANY}:
        return f"the claim is for {row.kind} {row.object}, and {asked.kind} {asked.dev} has come"
    if row.key_x is not None and PublicKey(row.key_x, row.key_y) != asked.key:
        return f"another key, {asked.key.kid}, has come under the claim for {row.object}"
    if row.answer is not None and _line_key(row.csr) != _line_key(asked.csr):
        return f"{row.object} was let in with another key for its line"
    return ""


def _line_key(csr: str) -> bytes:
    return x509.key_bytes(x509.requested_key(csr))


def _knows(row: Any, asked: EnrolmentAsked) -> bool:
    given = claims.secret_hash(asked.secret)
    return row.wrong < claims.WRONG_MAX and hmac.compare_digest(given, row.secret_sha256)


@dataclass(frozen=True)
class _Hall:
    """Where an object that is in order is answered, within one transaction."""

    connection: Connection
    folder: Folder
    now_ms: int

    def go_on(self, row: Any, asked: EnrolmentAsked) -> tuple[Heard, bool]:
        """The answer to a question, and whether it let somebody in."""
        if row.answer is not None:
            return self._fetched(row), False
        pin = x509.fingerprint(root_pem(self.folder).encode("ascii"))
        code = confirmation_code(row.id, asked.key, pin)
        met = {"key_x": asked.key.x, "key_y": asked.key.y, "tier": asked.tier, "csr": asked.csr, "code": code}
        self._note(row.id, **met, asked_ms=row.asked_ms or self.now_ms)
        if row.confirmed_ms is None:
            return Heard(Turn.HEARD, EnrolmentSaid("waiting", code=code)), False
        self.let_in(_locked(self.connection, row.id), self.folder.root_key())
        return self._fetched(_locked(self.connection, row.id)), True

    def let_in(self, row: Any, root: Signer) -> Enrolled:
        """Admit the object that a claim has met, certify its keys, and keep what it is told."""
        known = objects.KnownObject(_place(row), PublicKey(row.key_x, row.key_y))
        self._check_still_meant(row, known)
        admitted = objects.admit_in(self.connection, known, self.now_ms, replace=True, tier=row.tier)
        if admitted is not objects.Admitted.NOW:
            revoke_certificates(self.connection, row.object, self.now_ms)
        enrolled = self._enrolled(row, root)
        answer = msgspec.json.encode(enrolled).decode()
        self._note(row.id, confirmed_ms=row.confirmed_ms or self.now_ms, answer=answer)
        _log.info("%s is let in at %s/%s with key %s", row.object, row.tenant, row.site, known.key.kid)
        return enrolled

    def _fetched(self, row: Any) -> Heard:
        """What an object was told, or is told now for the first time."""
        if row.enrolled_ms is None:
            self._note(row.id, enrolled_ms=self.now_ms)
        enrolled = msgspec.json.decode(row.answer, type=Enrolled)
        return Heard(Turn.HEARD, EnrolmentSaid("enrolled", code=row.code, enrolled=enrolled))

    def _check_still_meant(self, row: Any, known: objects.KnownObject) -> None:
        """A claim is for the object as it was when it was made; raises ClaimError."""
        table = schema.object_.c
        query = select(table.admitted_ms).where(table.id == row.object)
        admitted_ms = self.connection.execute(query).scalar()
        is_other = objects.find(self.connection, row.object) != known
        if is_other and admitted_ms is not None and admitted_ms > row.made_ms:
            raise ClaimError(f"object {row.object} was admitted after this claim was made: make another one")

    def _enrolled(self, row: Any, root: Signer) -> Enrolled:
        connection, trust = self.connection, self.folder.trust()
        who, where, issuer = _place(row), where_of(self.folder), issuer_of(self.folder)
        subject = x509.Subject(who, row.tier, x509.requested_key(row.csr))
        named = _listed(connection, who)
        return Enrolled(
            tenant=who.tenant,
            site=who.site,
            object=who.object,
            kind=row.kind,
            name=named.name if named else who.object,
            # Goods that walk are sold from the floor, those that lie on a shelf from the shelf.
            sells_from=named.sells_from if named else (who.object if row.kind == "shelf" else "floor"),
            timezone=row.timezone,
            broker=where.broker,
            hub=where.hub,
            chain=issue(connection, issuer, subject, self.now_ms),
            root=issuer.root_pem,
            certificate=objects.certify(connection, who.object, root, row.tier),
            keyring=ring.keyring_of(connection, who.tenant, trust, root, self.now_ms),
            roots=trust.roots,
        )

    def _note(self, claim_id: str, **told: object) -> None:
        row = update(schema.claim).where(schema.claim.c.id == claim_id)
        self.connection.execute(row.values(**told))


def _place(row: Any) -> Address:
    return Address(row.tenant, row.site, row.object)


def _listed(connection: Connection, who: Address) -> Any:
    """What the shop's own file says of the object."""
    table = schema.listing.c
    query = select(table.name, table.sells_from)
    place = (table.tenant == who.tenant, table.site == who.site, table.object == who.object)
    return connection.execute(query.where(*place)).first()


def _no(turn: Turn, sentence: str) -> Heard:
    return Heard(turn, EnrolmentSaid("refused", sentence=sentence))
