"""Manifests at the object's door: signed by the hub, for this site, and possible."""

import re
from collections.abc import Mapping
from typing import Final

import msgspec

from cloud_sync.contract.documents import CHUNK_BYTES_MAX, MANIFEST_TYPE, Manifest
from cloud_sync.contract.signing import BadSignatureError, Verifier, unseal
from cloud_sync.contract.topics import Address, document

DOCUMENT_BYTES_MAX: Final = 64 * 1024 * 1024
"""The longest document: 100,000 products are half of it, and its manifest still fits a payload."""

# A name is a file's name here, and the last level of a topic.
_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,31}")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


class BadManifestError(ValueError):
    """What came on a document's topic cannot be worked by: what was expected, and what it is."""


class SignedManifest(msgspec.Struct, frozen=True):
    """A manifest that was checked, and the hub's signed words for it."""

    manifest: Manifest
    jws: str


class ManifestDoor:
    """Lets manifests of one site in."""

    def __init__(self, address: Address, keys: Mapping[str, Verifier]) -> None:
        self._address = address
        self._keys = keys

    def topic(self, name: str) -> str:
        """Where the manifest of a document is told."""
        return document(self._address.tenant, self._address.site, name)

    def admit(self, topic: str, payload: bytes) -> SignedManifest:
        """The manifest in `payload`. Raises BadManifestError."""
        try:
            jws = payload.decode("ascii")
            manifest = unseal(jws, MANIFEST_TYPE, self._keys, Manifest)
        except (UnicodeDecodeError, BadSignatureError, msgspec.DecodeError) as error:
            raise BadManifestError(str(error)) from error
        if not _NAME.fullmatch(manifest.name):
            raise BadManifestError(f"expected a document's name, got {manifest.name[:40]!r}")
        if (topic, manifest.site) != (self.topic(manifest.name), self._address.site):
            raise BadManifestError(f"expected a document of {topic}, got {manifest.name} of {manifest.site}")
        _check_sizes(manifest)
        return SignedManifest(manifest, jws)


def _check_sizes(manifest: Manifest) -> None:
    if not 0 < manifest.size <= DOCUMENT_BYTES_MAX:
        raise BadManifestError(f"expected 1 to {DOCUMENT_BYTES_MAX} bytes, got {manifest.size}")
    chunks = -(-manifest.size // CHUNK_BYTES_MAX)
    if len(manifest.chunks) != chunks:
        raise BadManifestError(
            f"expected {chunks} chunks of {manifest.size} bytes, got {len(manifest.chunks)}"
        )
    if not all(_SHA256.fullmatch(sha256) for sha256 in (manifest.sha256, *manifest.chunks)):
        raise BadManifestError("expected SHA-256 in lower-case hexadecimal")
