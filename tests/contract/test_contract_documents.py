"""Documents: a manifest says exactly what its bytes are, and versions have one order."""

import hashlib

import pytest

from cloud_sync.contract.documents import (
    CHUNK_BYTES_MAX,
    MANIFEST_TYPE,
    Deliveries,
    Delivery,
    Manifest,
    manifest_of,
    split,
)
from cloud_sync.contract.encoding import encode
from cloud_sync.contract.signing import Verifier, seal, unseal
from cloud_sync.contract.state import Fault, ObjectState
from cloud_sync.contract.topics import PAYLOAD_BYTES_MAX
from retail.pricing.book import Version
from tests.contract.paper_chain import key

SIZES = [1, CHUNK_BYTES_MAX - 1, CHUNK_BYTES_MAX, CHUNK_BYTES_MAX + 1, 3 * CHUNK_BYTES_MAX]


@pytest.mark.parametrize("size", SIZES)
def test_the_chunks_of_a_document_are_the_document(size: int) -> None:
    data = bytes(number % 251 for number in range(size))
    chunks = split(data)
    assert b"".join(chunks) == data
    assert all(0 < len(chunk) <= CHUNK_BYTES_MAX for chunk in chunks)
    manifest = manifest_of("prices", "corner", Version(1, 1), data)
    assert manifest.chunks == tuple(hashlib.sha256(chunk).hexdigest() for chunk in chunks)
    assert (manifest.size, manifest.sha256) == (size, hashlib.sha256(data).hexdigest())


def test_a_sealed_manifest_opens_again() -> None:
    manifest = manifest_of("prices", "corner", Version(2, 9), b"{}")
    keys = {key().public.kid: Verifier(key().public)}
    assert unseal(seal(key(), MANIFEST_TYPE, manifest), MANIFEST_TYPE, keys, Manifest) == manifest


def test_the_manifest_of_64_mib_fits_a_payload() -> None:
    chunks = ("f" * 64,) * (64 * 1024 * 1024 // CHUNK_BYTES_MAX + 1)
    manifest = Manifest("prices", "corner", Version(1, 1), "f" * 64, 64 * 1024 * 1024, chunks)
    assert len(seal(key(), MANIFEST_TYPE, manifest)) < PAYLOAD_BYTES_MAX


def test_a_hub_that_came_back_from_a_backup_is_newer_than_before() -> None:
    assert Version(1, 9) < Version(1, 10) < Version(2, 1)


def test_what_is_told_is_json_that_names_its_fields() -> None:
    delivery = Deliveries((Delivery("t1", "floor", "09520001100307", 3),))
    assert encode(delivery) == (
        b'{"deliveries":[{"transfer":"t1","holder":"floor","gtin":"09520001100307","units":3,"epcs":[]}]}'
    )
    fault = Fault("scale.gone", "scale")
    assert encode(ObjectState(False, program="1.2", faults=(fault,))) == (
        b'{"online":false,"epoch":"","head":0,"acked":0,"at_ms":0,"program":"1.2",'
        b'"faults":[{"code":"scale.gone","source":"scale"}]}'
    )
