"""What a hub sends an object that it has let in: checked whole, then kept, the configuration last."""

from cloud_sync.contract.enrolment import Enrolled
from cloud_sync.contract.keyring import Keyring, read_keyring
from cloud_sync.contract.signing import PublicKey, Verifier
from edge.config import ConfigError, Trust, kept_keyring, load, without_trust
from edge.identity import (
    CertifiedFor,
    ChainRefusedError,
    check_certificate,
    check_chain,
    fingerprint_of,
    keep_beside_older,
    keep_file,
)
from edge.provision.hub_door import EnrolmentRefusedError
from edge.provision.object_file import Setup, object_text, trust_text, with_line
from edge.provision.place import Place
from edge.provision.rewriting import give_name, keep_alike


def keep(enrolled: Enrolled, fingerprint: str, key: PublicKey, place: Place, setup: Setup) -> None:
    """Keep `enrolled` at `place`, for the journal's `key`, under the root of `fingerprint`.

    Nothing is written until all of it was checked. Raises EnrolmentRefusedError, ConfigError,
    IdentityUnusableError, OSError.
    """
    _check_place(enrolled, place, setup)
    ring = _checked_ring(enrolled, fingerprint, key, place)
    _refuse_older(ring, enrolled, place)
    text = _text(enrolled, place, setup)
    keep_alike(place.draft, text.encode(), place.file)
    _check_draft(enrolled, place)
    keep_file(place.tls.root, enrolled.root.encode())
    keep_file(place.tls.chain, enrolled.chain.encode())
    keep_beside_older(place.certificate, enrolled.certificate)
    keep_file(place.trust, trust_text(Trust(ring.receipt, ring.documents, enrolled.roots)))
    keep_file(place.keyring, enrolled.keyring.encode())
    load(place.draft, place.below)  # all of it together, as the next start will
    give_name(place.draft, place.file)


def _check_place(enrolled: Enrolled, place: Place, setup: Setup) -> None:
    """It must be an object as the installer expects one; one that lives here already is not replaced."""
    if setup.kind not in {None, enrolled.kind}:
        raise EnrolmentRefusedError(
            f"the claim is for a {enrolled.kind}, and a {setup.kind} is being set up: say --kind"
            f" {enrolled.kind}, or ask for another claim"
        )
    if place.before is None:
        return
    mine = place.before.object
    told = (enrolled.tenant, enrolled.site, enrolled.object, enrolled.kind)
    if told != (mine.tenant, mine.site, mine.id, mine.kind):
        raise EnrolmentRefusedError(
            f"the claim is for the {enrolled.kind} {enrolled.object} at {enrolled.tenant}/{enrolled.site},"
            f" and the {mine.kind} {mine.id} of {mine.tenant}/{mine.site} lives here: choose another --dir,"
            " or reset it first (`opos object reset`)"
        )


def _checked_ring(enrolled: Enrolled, fingerprint: str, key: PublicKey, place: Place) -> Keyring:
    """The keyring of an answer that is for this object's keys, and whose parts fit each other."""
    roots = {root.kid: Verifier(root) for root in enrolled.roots}
    try:
        if fingerprint_of(enrolled.root) != fingerprint:
            raise ChainRefusedError("its root certificate is not the one of the claim")
        check_chain(enrolled.chain, enrolled.root, place.tls)
        mine = CertifiedFor(enrolled.object, enrolled.tenant, key)
        check_certificate(enrolled.certificate, enrolled.roots, mine)
        ring = read_keyring(enrolled.keyring, roots)
        if ring.tenant != enrolled.tenant:
            raise ChainRefusedError(f"its keyring is one of {ring.tenant}")
    except ValueError as error:
        raise EnrolmentRefusedError(f"what the hub sent cannot be worked by: {error}") from error
    return ring


def _refuse_older(ring: Keyring, enrolled: Enrolled, place: Place) -> None:
    """Under the same roots a keyring never goes back, not even for an installer."""
    if place.before is None:
        return
    try:
        config = load(place.file, place.below)
        kept = kept_keyring(config)
    except ConfigError:  # what it believed is damaged or gone: this is how that is mended
        return
    if kept is not None and config.trust.roots == enrolled.roots and ring.version < kept.version:
        got, has = (f"{each.version.generation}.{each.version.n}" for each in (ring, kept))
        raise EnrolmentRefusedError(f"the hub sent the keyring {got}, and this object has {has} already")


def _text(enrolled: Enrolled, place: Place, setup: Setup) -> str:
    if place.before is None:
        return object_text(enrolled, setup)
    # As bytes: an editor's line ends are its own.
    return with_line(place.file.read_bytes().decode(), enrolled.broker, enrolled.hub)


def _check_draft(enrolled: Enrolled, place: Place) -> None:
    """The new configuration must be one that an object can start with, and lead to this hub."""
    sync = without_trust(place.draft, place.below).sync
    assert (sync.broker, sync.hub) == (enrolled.broker, enrolled.hub)
