"""A claim lets one object in, once and soon, after a person compared its code; everybody else is counted."""

from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest
from cryptography import x509 as pyca
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from sqlalchemy import select

from cloud_sync.contract.certificate import CERTIFICATE_TYPE, CertifiedKey
from cloud_sync.contract.enrolment import Claim, claim_text, confirmation_code, read_claim
from cloud_sync.contract.keyring import read_keyring
from cloud_sync.contract.signing import PublicKey, SoftwareKey, Verifier, unseal
from cloud_sync.contract.topics import Address
from cloud_sync.hub import objects
from cloud_sync.hub.folder import RootAwayError
from cloud_sync.hub.identity import x509
from cloud_sync.hub.identity.claims import ClaimError, State, waiting
from cloud_sync.hub.identity.enrolling import Turn, confirm
from cloud_sync.hub.identity.ring import RotationError
from cloud_sync.hub.store import schema
from tests.hub.identity.door import SITE, TENANT, Door, Newcomer, request_for


def trusted(keys: tuple[PublicKey, ...]) -> dict[str, Verifier]:
    return {key.kid: Verifier(key) for key in keys}


def test_a_claim_survives_being_copied_by_hand(door: Door) -> None:
    claim = door.claim()
    text = claim_text(claim)
    assert read_claim(f" {text[:30]}\n{text[30:]} ") == claim
    assert len(text) < 400  # a QR code that a camera of a phone still reads from a screen


def test_both_sides_show_the_same_code_until_a_person_confirms_and_the_answer_then_holds_all(
    door: Door,
) -> None:
    newcomer, claim = Newcomer(), door.claim()
    waits = door.ask(newcomer, claim)
    assert waits.turn is Turn.HEARD
    assert waits.said.state == "waiting"
    assert waits.said.code == confirmation_code(claim.id, newcomer.key.public, claim.fingerprint)
    assert door.ask(newcomer, claim) == waits
    assert door.state(claim) is State.WAITING

    door.confirm(claim)
    assert door.state(claim) is State.CONFIRMED
    said = door.ask(newcomer, claim).said
    assert said.state == "enrolled"
    enrolled = said.enrolled
    assert enrolled is not None
    assert door.state(claim) is State.ENROLLED
    assert (enrolled.object, enrolled.kind, enrolled.timezone) == ("mirror-4", "mirror", "Europe/Berlin")
    assert (enrolled.tenant, enrolled.site, enrolled.sells_from) == (TENANT, SITE, "floor")
    assert x509.fingerprint(enrolled.root.encode()) == claim.fingerprint
    assert enrolled.roots == door.folder.trust().roots
    certified = unseal(enrolled.certificate, CERTIFICATE_TYPE, trusted(enrolled.roots), CertifiedKey)
    assert (certified.dev, certified.key) == ("mirror-4", newcomer.key.public)
    ring = read_keyring(enrolled.keyring, trusted(enrolled.roots))
    assert (ring.tenant, ring.receipt) == (TENANT, door.folder.trust().receipt)
    with door.store.reading() as connection:
        known = objects.find(connection, "mirror-4")
    assert known == objects.KnownObject(Address(TENANT, SITE, "mirror-4"), newcomer.key.public)


def test_the_certificate_is_of_the_name_in_the_claim_whatever_the_request_says(door: Door) -> None:
    newcomer = Newcomer()
    chain = pyca.load_pem_x509_certificates(door.enrol(newcomer).chain.encode())
    leaf, issuer = chain
    subject = {each.oid: each.value for each in leaf.subject}
    assert subject == {
        NameOID.COMMON_NAME: "mirror-4",
        NameOID.ORGANIZATION_NAME: TENANT,
        NameOID.ORGANIZATIONAL_UNIT_NAME: "file",
    }
    names = leaf.extensions.get_extension_for_class(pyca.SubjectAlternativeName).value
    assert names.get_values_for_type(pyca.UniformResourceIdentifier) == ["urn:opos:demo:corner:mirror-4"]
    assert x509.key_bytes(leaf.public_key()) == x509.key_bytes(newcomer.line_key.public_key())
    leaf.verify_directly_issued_by(issuer)
    assert (leaf.not_valid_after_utc - leaf.not_valid_before_utc).days == x509.CLIENT_DAYS


def test_an_object_that_lost_the_answer_gets_the_same_one_again_also_after_the_claim_has_expired(
    door: Door,
) -> None:
    newcomer, claim = Newcomer(), door.claim()
    door.ask(newcomer, claim)
    door.confirm(claim)
    first = door.ask(newcomer, claim)
    door.pass_minutes()
    assert door.ask(newcomer, claim) == first
    with door.store.reading() as connection:
        assert len(connection.execute(select(schema.certificate)).all()) == 1


def test_a_fleet_is_let_in_without_codes_by_whoever_brings_the_secret(door: Door) -> None:
    claim = door.claim("shelf-0001", "shelf", confirmed=True)
    said = door.ask(Newcomer(), claim).said
    assert said.state == "enrolled"
    assert said.enrolled is not None
    assert said.enrolled.sells_from == "shelf-0001"


def test_what_the_shop_says_of_an_object_goes_to_the_object(door: Door) -> None:
    row = {"tenant": TENANT, "site": SITE, "object": "mirror-4", "kind": "mirror"}
    with door.store.writing() as connection:
        connection.execute(
            schema.listing.insert().values(**row, name="Mirror by the door", sells_from="floor")
        )
    assert door.enrol(Newcomer()).name == "Mirror by the door"


REFUSED = [
    ({"secret": "A" * 22}, Turn.NOT_LET_IN),
    ({"claim": "AAAAAAAAAAAA"}, Turn.NOT_LET_IN),
    ({"dev": "mirror-5"}, Turn.TAKEN),
    ({"kind": "shelf"}, Turn.TAKEN),
    ({"csr": "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n"}, Turn.GARBLED),
    ({"csr": request_for(rsa.generate_private_key(65537, 2048))}, Turn.GARBLED),  # type: ignore[arg-type]
    ({"dev": "../../etc"}, Turn.GARBLED),
]


@pytest.mark.parametrize(("changes", "turn"), REFUSED)
def test_a_question_that_is_not_in_order_is_refused_and_raises_an_alarm(
    door: Door, changes: dict[str, str], turn: Turn
) -> None:
    claim = door.claim()
    heard = door.ask(Newcomer(), claim, **changes)
    assert (heard.turn, heard.said.state) == (turn, "refused")
    assert heard.said.sentence
    assert sum(times for (kind, _), times in door.alarms().items() if kind == "enrolment") == 1
    assert door.ask(Newcomer("mirror-4", "mirror"), claim).said.state == "waiting"


def test_noise_is_refused_and_counted_under_one_name(door: Door) -> None:
    noise = ["", "a.b.c", "...", "\x00", "[" * 16_000, "a" * 20_000]
    assert {door.counter.ask(jws).turn for jws in noise} == {Turn.GARBLED}
    assert door.alarms() == {("enrolment", "enrolment"): len(noise)}


def test_who_cannot_prove_the_key_that_he_names_is_refused(door: Door) -> None:
    newcomer, claim = Newcomer(), door.claim()
    assert door.ask(newcomer, claim, key=SoftwareKey.generate().public).turn is Turn.GARBLED


def test_a_secret_can_be_guessed_five_times_and_then_the_right_one_is_of_no_use(door: Door) -> None:
    newcomer, claim = Newcomer(), door.claim()
    for _ in range(5):
        assert door.ask(newcomer, claim, secret="B" * 22).turn is Turn.NOT_LET_IN
    assert door.ask(newcomer, claim).turn is Turn.NOT_LET_IN
    assert door.state(claim) is State.REFUSED


def test_a_claim_that_two_keys_bring_serves_the_first_and_the_person_sees_another_code(door: Door) -> None:
    thief, honest, claim = Newcomer(), Newcomer(), door.claim()
    stolen = door.ask(thief, claim).said.code
    heard = door.ask(honest, claim)
    assert heard.turn is Turn.TAKEN
    assert stolen != confirmation_code(claim.id, honest.key.public, claim.fingerprint)
    door.confirm(claim)
    assert door.ask(honest, claim).turn is Turn.TAKEN
    assert door.alarms() == {("enrolment", "mirror-4"): 2}


def test_of_many_keys_that_bring_one_claim_at_once_one_is_let_in(door: Door) -> None:
    claim = door.claim(confirmed=True)
    questions = [Newcomer().question(claim) for _ in range(6)]
    with ThreadPoolExecutor(len(questions)) as threads:
        turns = [heard.turn for heard in threads.map(door.counter.ask, questions)]
    assert sorted(turn.value for turn in turns) == ["heard", *["taken"] * 5]


def test_a_fleet_that_comes_at_once_is_let_in_whole(door: Door) -> None:
    """The first objects of a tenant: each of them would make its first keyring."""
    names = [f"mirror-{number}" for number in range(6)]
    questions = [Newcomer().question(door.claim(name, confirmed=True)) for name in names]
    with ThreadPoolExecutor(len(questions)) as threads:
        said = [heard.said for heard in threads.map(door.counter.ask, questions)]
    assert [each.enrolled.object for each in said if each.enrolled] == names
    assert len({each.enrolled.keyring for each in said if each.enrolled}) == 1


def test_an_expired_claim_lets_nobody_in_and_cannot_be_confirmed(door: Door) -> None:
    newcomer, claim = Newcomer(), door.claim()
    door.ask(newcomer, claim)
    door.pass_minutes()
    assert door.ask(newcomer, claim).turn is Turn.EXPIRED
    with pytest.raises(ClaimError, match="nobody waits"):
        door.confirm(claim)


def test_a_claim_is_spent_once_and_the_next_one_for_the_same_object_makes_the_open_one_void(
    door: Door,
) -> None:
    first = door.claim()
    second = door.claim()
    assert door.ask(Newcomer(), first).turn is Turn.NOT_LET_IN
    assert door.ask(Newcomer(), second).turn is Turn.HEARD


def test_the_secret_is_nowhere_at_the_hub(door: Door) -> None:
    claim = door.claim()
    door.ask(Newcomer(), claim)
    with door.store.reading() as connection:
        rows = [tuple(row) for row in connection.execute(select(schema.claim))]
    assert claim.secret not in repr(rows)


def test_a_person_finds_who_waits_by_the_code_and_not_by_another(door: Door) -> None:
    claim = door.claim()
    code = door.ask(Newcomer(), claim).said.code
    with door.store.reading() as connection:
        for told in (code, code.replace("-", ""), code.replace("-", " "), f" {code.lower()} "):
            assert waiting(connection, door.clock(), code=told).id == claim.id
        other = code.replace(code[0], "B" if code[0] != "B" else "C")
        with pytest.raises(ClaimError, match="no object that waits"):
            waiting(connection, door.clock(), code=other)


def test_a_known_object_comes_again_only_by_a_claim_that_says_so(door: Door) -> None:
    old = Newcomer()
    door.enrol(old)
    with pytest.raises(ClaimError, match="is known: say --replace"):
        door.claim()
    new = Newcomer()
    door.clock.now_ms += 60_000
    door.enrol(new, replace=True)
    with door.store.reading() as connection:
        known = objects.find(connection, "mirror-4")
        revoked = select(schema.certificate.c.serial).where(schema.certificate.c.revoked_ms.is_not(None))
        assert len(connection.execute(revoked).all()) == 1
    assert known is not None
    assert known.key == new.key.public


def test_a_claim_is_for_the_object_as_it_was_when_it_was_made(door: Door) -> None:
    newcomer, claim = Newcomer(), door.claim()
    door.ask(newcomer, claim)
    door.clock.now_ms += 1_000
    other = objects.KnownObject(Address(TENANT, SITE, "mirror-4"), SoftwareKey.generate().public)
    objects.admit(door.store, other, door.clock())
    with pytest.raises(ClaimError, match="admitted after this claim"):
        door.confirm(claim)


def test_a_root_that_is_put_back_for_the_confirmation_can_go_away_before_the_object_asks_again(
    door: Door,
) -> None:
    newcomer, claim, root = Newcomer(), door.claim(), door.folder.root_key()
    door.ask(newcomer, claim)
    door.folder.roots()[0].unlink()
    with pytest.raises(RootAwayError):
        door.confirm(claim)
    with pytest.raises(RotationError, match="is no root of this hub"):
        confirm(door.store, door.folder, claim.id, SoftwareKey.generate(), door.clock())
    confirm(door.store, door.folder, claim.id, root, door.clock())
    assert door.ask(newcomer, claim).said.state == "enrolled"


def test_a_name_that_cannot_be_a_topic_gets_no_claim(door: Door) -> None:
    for name in ("", "a/b", "+", "#", "@hub", "x" * 64, "supplier"):
        with pytest.raises(ClaimError):
            door.claim(name)


def test_the_longest_name_fits_into_a_certificate(door: Door) -> None:
    assert door.enrol(Newcomer(), "m" * 63).object == "m" * 63


def test_an_answer_can_be_read_by_who_knows_only_the_contract(door: Door) -> None:
    enrolled = door.enrol(Newcomer())
    assert msgspec.json.decode(msgspec.json.encode(enrolled), type=type(enrolled)) == enrolled


def test_a_claim_names_the_hub_and_its_root(door: Door) -> None:
    claim: Claim = door.claim()
    assert claim.hub.startswith("https://localhost:")
    root = (door.folder.tls / "root.crt").read_bytes()
    assert claim.fingerprint == x509.fingerprint(root)
