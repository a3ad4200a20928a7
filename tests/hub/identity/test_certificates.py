"""Certificates: a root that can lie in a safe, an issuer below it, lines that renew themselves."""

from pathlib import Path

import pytest
from cryptography import x509 as pyca
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from cloud_sync.contract.certificate import CERTIFICATE_TYPE, CertifiedKey
from cloud_sync.contract.signing import SoftwareKey, Verifier, unseal
from cloud_sync.hub import objects
from cloud_sync.hub.folder import Folder, RootAwayError
from cloud_sync.hub.identity import x509
from cloud_sync.hub.identity.authority import (
    NoAuthorityError,
    Where,
    export_root,
    issuer_of,
    keep_servers,
    make_authority,
    renew_issuer,
    where_of,
)
from cloud_sync.hub.identity.renewal import RenewalRefusedError, certified, renew
from cloud_sync.hub.identity.revoking import Revocation, revoke
from tests.hub.identity.door import Door, Newcomer, request_for

DAY_MS = 24 * 60 * 60_000
HERE = Where(("localhost", "127.0.0.1"), 8883, 8443)


def certificates(path: Path) -> list[pyca.Certificate]:
    return pyca.load_pem_x509_certificates(path.read_bytes())


def test_a_stranger_with_a_standard_library_verifies_the_hub_by_its_root_alone(folder: Folder) -> None:
    leaf, issuer, root = certificates(folder.tls / "hub.crt")
    verifier = PolicyBuilder().store(Store([root])).time(leaf.not_valid_before_utc)
    chain = verifier.build_server_verifier(pyca.DNSName("localhost")).verify(leaf, [issuer])
    assert chain == [leaf, issuer, root]
    with pytest.raises(VerificationError):
        verifier.build_server_verifier(pyca.DNSName("hub.example")).verify(leaf, [issuer])


def test_an_object_is_verified_as_a_client_and_never_taken_for_a_hub(door: Door) -> None:
    leaf, issuer = pyca.load_pem_x509_certificates(door.enrol(Newcomer()).chain.encode())
    (root,) = certificates(door.folder.tls / "root.crt")
    policy = PolicyBuilder().store(Store([root])).time(leaf.not_valid_before_utc)
    assert policy.build_client_verifier().verify(leaf, [issuer]).chain == [leaf, issuer, root]
    with pytest.raises(VerificationError):
        policy.build_server_verifier(pyca.DNSName("localhost")).verify(leaf, [issuer])


def test_the_issuer_cannot_make_another_issuer(folder: Folder) -> None:
    _, issuer, root = certificates(folder.tls / "hub.crt")
    lengths = [
        each.extensions.get_extension_for_class(pyca.BasicConstraints).value.path_length
        for each in (root, issuer)
    ]
    assert lengths == [1, 0]


def test_the_root_can_go_to_a_safe_and_every_day_goes_on_without_it(door: Door, tmp_path: Path) -> None:
    safe = tmp_path / "safe"
    there = export_root(door.folder, safe)
    assert there == safe / "root2.key"
    assert not door.folder.roots()[1].exists()
    door.enrol(Newcomer())
    assert keep_servers(door.folder, door.clock() + 390 * DAY_MS)
    with pytest.raises(RootAwayError):
        export_root(door.folder, safe)
    with pytest.raises(RootAwayError, match="put it back"):
        renew_issuer(door.folder, door.clock())
    door.folder.make_keys()
    assert not door.folder.roots()[1].exists()


def test_an_export_never_overwrites_another_roots_key(door: Door, tmp_path: Path) -> None:
    safe = tmp_path / "safe"
    safe.mkdir()
    (safe / "root2.key").write_text("another hub's")
    with pytest.raises(FileExistsError):
        export_root(door.folder, safe)
    assert door.folder.roots()[1].exists()


def test_what_the_issuer_signed_before_its_renewal_is_good_after_it(door: Door) -> None:
    chain = door.enrol(Newcomer()).chain
    leaf, _ = pyca.load_pem_x509_certificates(chain.encode())
    renew_issuer(door.folder, door.clock() + 9 * 365 * DAY_MS)
    _, issuer, root = certificates(door.folder.tls / "hub.crt")
    leaf.verify_directly_issued_by(issuer)
    issuer.verify_directly_issued_by(root)
    assert issuer.not_valid_after_utc > pyca.load_pem_x509_certificates(chain.encode())[1].not_valid_after_utc


def test_another_name_makes_new_certificates_and_no_new_root(folder: Folder) -> None:
    root, before = (folder.tls / "root.crt").read_bytes(), (folder.tls / "hub.crt").read_bytes()
    make_authority(folder, HERE, 1_750_000_000_000)
    assert (folder.tls / "root.crt").read_bytes() == root
    assert (folder.tls / "hub.crt").read_bytes() != before
    assert where_of(folder) == HERE
    again = (folder.tls / "hub.crt").read_bytes()
    make_authority(folder, HERE, 1_750_000_000_000)
    assert (folder.tls / "hub.crt").read_bytes() == again


@pytest.mark.parametrize(
    ("host", "told"), [("hub.example", "hub.example"), ("::1", "[::1]"), ("10.0.0.2", "10.0.0.2")]
)
def test_objects_are_told_the_first_name(host: str, told: str) -> None:
    where = Where((host, "other"), 8883, 8443)
    assert (where.broker, where.hub) == (f"mqtts://{told}:8883", f"https://{told}:8443")


def test_a_hub_without_certificates_says_which_command_makes_them(tmp_path: Path) -> None:
    bare = Folder(tmp_path / "bare")
    bare.make_keys()
    for ask in (issuer_of, where_of):
        with pytest.raises(NoAuthorityError, match="opos hub broker"):
            ask(bare)


def test_private_keys_are_for_their_owner_alone(folder: Folder) -> None:
    keys = [path for path in folder.path.rglob("*.key") if path.is_file()]
    assert {path.stat().st_mode & 0o777 for path in keys} == {0o600}
    assert len(keys) == 7  # receipt, documents, two roots, the issuer's, the hub's, the broker's


def test_an_object_renews_its_certificate_and_gets_the_same_one_when_it_asks_again(door: Door) -> None:
    newcomer = Newcomer()
    first = door.enrol(newcomer).chain
    csr = request_for(newcomer.line_key)
    later = door.clock() + 60 * DAY_MS
    chain = renew(door.store, door.folder, "mirror-4", csr, later)
    assert chain != first
    assert renew(door.store, door.folder, "mirror-4", csr, later + 60_000) == chain
    leaf, _ = pyca.load_pem_x509_certificates(chain.encode())
    old, _ = pyca.load_pem_x509_certificates(first.encode())
    assert leaf.subject == old.subject
    assert (leaf.not_valid_after_utc - old.not_valid_after_utc).days == 60


def test_an_object_that_asks_early_gets_the_certificate_that_it_has(door: Door) -> None:
    newcomer = Newcomer()
    first = door.enrol(newcomer).chain
    csr = request_for(newcomer.line_key)
    assert renew(door.store, door.folder, "mirror-4", csr, door.clock() + 40 * DAY_MS) == first
    assert renew(door.store, door.folder, "mirror-4", csr, door.clock() + 50 * DAY_MS) != first


def test_the_key_that_an_object_signs_with_now_is_certified_while_a_root_is_here(door: Door) -> None:
    newcomer, new = Newcomer(), SoftwareKey.generate().public
    enrolled = door.enrol(newcomer)
    with door.store.writing() as connection:
        objects.hand_over(connection, "mirror-4", objects.KeyOf(new.kid, new, "e1", 8, 17), "tpm")
    jws = certified(door.store, door.folder, "mirror-4")
    said = unseal(jws, CERTIFICATE_TYPE, {key.kid: Verifier(key) for key in enrolled.roots}, CertifiedKey)
    assert said == CertifiedKey("mirror-4", "demo", new, "tpm", 17)
    assert certified(door.store, door.folder, "nobody") == ""
    root = door.folder.roots()[0]
    root.write_text("rust")
    assert certified(door.store, door.folder, "mirror-4") == ""
    root.unlink()
    assert certified(door.store, door.folder, "mirror-4") == ""


def test_an_object_may_bring_a_new_key_for_its_line_but_not_every_minute(door: Door) -> None:
    door.enrol(Newcomer())
    other = request_for(ec.generate_private_key(ec.SECP256R1()))
    with pytest.raises(RenewalRefusedError, match="one a day"):
        renew(door.store, door.folder, "mirror-4", other, door.clock())
    assert renew(door.store, door.folder, "mirror-4", other, door.clock() + 2 * DAY_MS)


def test_who_was_never_let_in_or_was_put_out_renews_nothing(door: Door) -> None:
    newcomer = Newcomer()
    csr = request_for(newcomer.line_key)
    with pytest.raises(RenewalRefusedError):
        renew(door.store, door.folder, "mirror-4", csr, door.clock())
    door.enrol(newcomer)
    revoke(door.store, door.folder, Revocation("mirror-4", "lost"), door.clock())
    with pytest.raises(RenewalRefusedError):
        renew(door.store, door.folder, "mirror-4", csr, door.clock() + 60 * DAY_MS)


def test_a_request_that_is_none_is_refused_with_a_sentence(door: Door) -> None:
    door.enrol(Newcomer())
    for csr in ("", "-----BEGIN NONSENSE-----", "x" * 7_000, "\x00"):
        with pytest.raises(ValueError, match="csr: expected"):
            renew(door.store, door.folder, "mirror-4", csr, door.clock())


def test_a_list_of_the_revoked_is_newer_than_the_one_before_even_within_a_second(folder: Folder) -> None:
    """OpenSSL keeps the list that it has if a new one does not begin after it."""
    issuer = issuer_of(folder)
    lists = [issuer.revocations([], None, 1_750_000_000_000)]
    for serial in ("a1", "b2", "c3"):
        lists.append(issuer.revocations([serial], lists[-1], 1_750_000_000_000))
    begins = [pyca.load_pem_x509_crl(each).last_update_utc for each in lists]
    assert sorted(set(begins)) == begins
    assert x509.revoked_in(lists[-1]) == {"c3"}
