"""A hub's door under test, and objects that knock at it, built from the contract alone."""

from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import select

from cloud_sync.contract.enrolment import ENROLMENT_TYPE, Claim, Enrolled, EnrolmentAsked
from cloud_sync.contract.signing import SoftwareKey, seal
from cloud_sync.contract.topics import Address
from cloud_sync.hub.folder import Folder
from cloud_sync.hub.identity import claims
from cloud_sync.hub.identity.claims import MINUTES, Offer, State
from cloud_sync.hub.identity.enrolling import Counter, Heard, confirm
from cloud_sync.hub.store import schema
from cloud_sync.hub.store.database import Store
from tests.hub.hub_world import HandClock

TENANT, SITE = "demo", "corner"


def request_for(key: ec.EllipticCurvePrivateKey) -> str:
    """A certificate request of any name: what it says of itself does not count."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(
        x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "@hub")])
    )
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


class Newcomer:
    """An object that has a claim and its two keys, and nothing else."""

    def __init__(self, name: str = "unnamed", kind: str = "any") -> None:
        self.name, self.kind = name, kind
        self.key = SoftwareKey.generate()
        self.line_key = ec.generate_private_key(ec.SECP256R1())

    def question(self, claim: Claim, /, **changes: Any) -> str:
        """What it asks under `claim`, or something with `changes`."""
        honest: dict[str, Any] = {
            "claim": claim.id,
            "secret": claim.secret,
            "dev": self.name,
            "kind": self.kind,
            "key": self.key.public,
            "tier": "file",
            "csr": request_for(self.line_key),
        }
        return seal(self.key, ENROLMENT_TYPE, EnrolmentAsked(**{**honest, **changes}))


class Door:
    """Claims are made, objects knock, a person confirms; time is set by hand."""

    def __init__(self, store: Store, folder: Folder) -> None:
        self.store, self.folder, self.clock = store, folder, HandClock()
        self.counter = Counter(store, folder, self.clock)

    def claim(self, name: str = "mirror-4", kind: str = "mirror", **options: Any) -> Claim:
        offer = Offer(Address(TENANT, SITE, name), kind, "Europe/Berlin")
        made = claims.make_claims(self.store, self.folder, [offer], self.clock(), **options)
        return made[0].claim

    def ask(self, newcomer: Newcomer, claim: Claim, /, **changes: Any) -> Heard:
        return self.counter.ask(newcomer.question(claim, **changes))

    def confirm(self, claim: Claim) -> Enrolled:
        return confirm(self.store, self.folder, claim.id, self.folder.root_key(), self.clock())

    def enrol(self, newcomer: Newcomer, name: str = "mirror-4", **options: Any) -> Enrolled:
        """All of it: claim, question, confirmation, answer."""
        claim = self.claim(name, **options)
        self.ask(newcomer, claim)
        self.confirm(claim)
        enrolled = self.ask(newcomer, claim).said.enrolled
        assert enrolled is not None
        return enrolled

    def state(self, claim: Claim) -> State:
        with self.store.reading() as connection:
            found = claims.standing(connection, claim.id, self.clock())
        assert found is not None
        return found.state

    def pass_minutes(self, minutes: int = MINUTES + 1) -> None:
        self.clock.now_ms += minutes * 60_000

    def alarms(self) -> dict[tuple[str, str], int]:
        """(kind, subject) -> how often."""
        table = schema.alarm.c
        with self.store.reading() as connection:
            rows = connection.execute(select(table.kind, table.subject, table.times))
            return {(row.kind, row.subject): row.times for row in rows}
