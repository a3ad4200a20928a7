"""The hub's signing keys are replaced while objects work: both are believed, then one; no way leads back."""

from pathlib import Path

import pytest

from cloud_sync.contract.documents import MANIFEST_TYPE, Manifest
from cloud_sync.contract.keyring import Keyring, read_keyring
from cloud_sync.contract.signing import BadSignatureError, PublicKey, SoftwareKey, Verifier, seal, unseal
from cloud_sync.hub.documents.edition import Press, Site
from cloud_sync.hub.documents.publisher import Publisher
from cloud_sync.hub.folder import Folder, Purpose, Trust
from cloud_sync.hub.identity import ring
from cloud_sync.hub.identity.ring import RotationError
from cloud_sync.hub.store import schema
from tests.hub.hub_world import Ear
from tests.hub.identity.door import SITE, TENANT, Door, Newcomer


def trusted(keys: tuple[PublicKey, ...]) -> dict[str, Verifier]:
    return {key.kid: Verifier(key) for key in keys}


def newest(door: Door, tenant: str = TENANT) -> Keyring:
    """The newest keyring, read as an object reads it."""
    with door.store.reading() as connection:
        jws = ring.newest(connection)[tenant]
    return read_keyring(jws, trusted(door.folder.trust().roots))


@pytest.mark.parametrize("purpose", ["receipt", "documents"])
def test_after_a_rotation_the_hub_signs_with_the_new_key_and_objects_believe_both(
    door: Door, purpose: Purpose
) -> None:
    door.enrol(Newcomer())
    before = newest(door)
    old = door.folder.trust()
    new = ring.rotate(door.store, door.folder, purpose, door.folder.root_key(), door.clock())
    after = newest(door)
    assert getattr(after, purpose) == (new, *getattr(old, purpose))
    assert (after.version.generation, after.version.n) == (before.version.generation, before.version.n + 1)
    assert SoftwareKey.from_pem(door.folder.key_file(purpose).read_bytes()).public == new
    assert door.folder.trust() == Trust(after.receipt, after.documents, after.roots)


def test_a_process_that_signs_follows_a_rotation_by_itself(door: Door) -> None:
    signer = door.folder.receipt_key()
    old = signer.public
    new = ring.rotate(door.store, door.folder, "receipt", door.folder.root_key(), door.clock())
    sealed = seal(signer, "opos-receipt", {"n": 1})
    assert unseal(sealed, "opos-receipt", trusted((new,)), dict) == {"n": 1}
    assert old != new


def test_a_key_that_was_seen_signs_even_if_its_file_is_replaced_in_between(door: Door) -> None:
    signer = door.folder.receipt_key()
    seen = signer.public
    ring.rotate(door.store, door.folder, "receipt", door.folder.root_key(), door.clock())
    Verifier(seen).check(b"text", signer.sign(b"text"))
    assert signer.public != seen, "whoever looks again sees the new one"


def test_after_retirement_the_old_key_is_in_no_keyring_and_the_documents_are_signed_anew(door: Door) -> None:
    door.enrol(Newcomer())
    with door.store.writing() as connection:
        press = Press(connection, door.folder.documents_key(), Site(TENANT, SITE), door.clock())
        press.issue("prices", b"{}")
    old = door.folder.documents_key().public
    new = ring.rotate(door.store, door.folder, "documents", door.folder.root_key(), door.clock())
    assert ring.retire(door.store, door.folder, door.folder.root_key(), door.clock()) == (old,)
    assert newest(door).documents == (new,)
    ear = Ear()
    Publisher(door.store).say(ear)
    manifests = [said.payload.decode() for said in ear.heard if said.topic.endswith("/prices")]
    (manifest,) = (unseal(jws, MANIFEST_TYPE, trusted((new,)), Manifest) for jws in manifests)
    assert manifest.version.n == 2


def test_nothing_is_retired_where_nothing_was_replaced(door: Door) -> None:
    door.enrol(Newcomer())
    before = newest(door)
    assert ring.retire(door.store, door.folder, door.folder.root_key(), door.clock()) == ()
    assert newest(door) == before


def test_a_rotation_that_was_cut_off_is_done_by_the_next_one_with_the_same_key(door: Door) -> None:
    door.enrol(Newcomer())
    following = door.folder.key_file("receipt").with_suffix(".key.next")
    following.write_bytes(SoftwareKey.generate().to_pem())
    meant = SoftwareKey.from_pem(following.read_bytes()).public
    assert ring.rotate(door.store, door.folder, "receipt", door.folder.root_key(), door.clock()) == meant
    assert not following.exists()


def test_only_a_root_of_this_hub_can_say_which_keys_are_believed(door: Door) -> None:
    before = door.folder.trust()
    with pytest.raises(RotationError, match="is no root of this hub"):
        ring.rotate(door.store, door.folder, "receipt", SoftwareKey.generate(), door.clock())
    assert door.folder.trust() == before


def test_the_second_root_serves_when_the_first_is_lost(door: Door) -> None:
    door.enrol(Newcomer())
    second = SoftwareKey.from_pem(door.folder.roots()[1].read_bytes())
    new = ring.rotate(door.store, door.folder, "documents", second, door.clock())
    assert newest(door).documents[0] == new


def test_there_is_an_end_to_keys_that_are_believed_at_once(door: Door) -> None:
    root = door.folder.root_key()
    for _ in range(7):
        ring.rotate(door.store, door.folder, "receipt", root, door.clock())
    with pytest.raises(RotationError, match="opos hub keys retire"):
        ring.rotate(door.store, door.folder, "receipt", root, door.clock())


def test_each_tenant_has_a_keyring_of_its_own(door: Door) -> None:
    door.enrol(Newcomer())
    with door.store.writing() as connection:
        ring.keyring_of(connection, "other", door.folder.trust(), door.folder.root_key(), door.clock())
    ring.rotate(door.store, door.folder, "receipt", door.folder.root_key(), door.clock())
    assert newest(door, "other").tenant == "other"
    assert newest(door).receipt == newest(door, "other").receipt


def test_a_keyring_after_a_backup_was_restored_is_newer_than_any_that_was_lost(door: Door) -> None:
    door.enrol(Newcomer())
    ring.rotate(door.store, door.folder, "receipt", door.folder.root_key(), door.clock())
    with door.store.writing() as connection:
        connection.execute(schema.hub.update().values(generation=1_800_000_000))
    ring.rotate(door.store, door.folder, "receipt", door.folder.root_key(), door.clock())
    assert (newest(door).version.generation, newest(door).version.n) == (1_800_000_000, 1)


def test_a_keyring_of_another_hub_is_no_keyring(door: Door) -> None:
    door.enrol(Newcomer())
    stranger = SoftwareKey.generate().public
    with door.store.reading() as connection, pytest.raises(BadSignatureError):
        read_keyring(ring.newest(connection)[TENANT], trusted((stranger,)))


def test_a_hub_of_an_earlier_version_gets_its_second_root_by_its_first_init(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "old")
    folder.path.mkdir()
    for name in ("receipt", "documents", "root"):
        (folder.path / f"{name}.key").write_bytes(SoftwareKey.generate().to_pem())
    before = folder.trust()
    folder.make_keys()
    assert folder.trust().receipt == before.receipt
    assert len(folder.trust().roots) == 2
    assert folder.trust().roots[0] == before.roots[0]
