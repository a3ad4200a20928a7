"""The signed documents that an object works by: checked, kept by version, and found again at a start."""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from cloud_sync.contract.documents import DELIVERIES, MANIFEST_TYPE, PRICES, Deliveries, Manifest
from cloud_sync.contract.signing import PublicKey, Verifier, unseal
from retail.identity.answer import Refused
from retail.identity.resolver import resolve
from retail.pricing.book import PriceBook, Version
from retail.pricing.check import check

_T = TypeVar("_T")

# 100,000 products are below 40 MB; more is not a price book for one site.
DOCUMENT_BYTES_MAX: Final = 64 * 1024 * 1024


class DocumentRefusedError(ValueError):
    """A document that nobody may work by: not signed by the retailer, older, damaged, or wrong in itself."""


class Documents:
    """The documents of one object, as files named after what they are: `prices-1-7.json`."""

    def __init__(self, directory: Path, site: str, keys: Sequence[PublicKey]) -> None:
        self._directory = directory
        self._site = site
        self.believe(keys)

    def believe(self, keys: Sequence[PublicKey]) -> None:
        """Take documents that one of `keys` has signed, and no others, from now on."""
        self._keys = {key.kid: Verifier(key) for key in keys}

    def opened(self, manifest_jws: str) -> Manifest:
        """The manifest, if the retailer signed it for this site; DocumentRefusedError if not."""
        try:
            manifest = unseal(manifest_jws, MANIFEST_TYPE, self._keys, Manifest)
        except ValueError as error:
            raise DocumentRefusedError(f"a manifest was refused: {error}") from error
        if manifest.site != self._site:
            raise DocumentRefusedError(
                f"expected a document for site {self._site}, got one for {manifest.site}"
            )
        if manifest.name not in {PRICES, DELIVERIES}:
            raise DocumentRefusedError(f"no document is called {manifest.name!r} here: update OPOS")
        return manifest

    def keep(self, manifest: Manifest, staged: Path) -> None:
        """Take the staged bytes of a document over, if they are what the manifest says and mean something."""
        data = _bytes_of(staged)
        if hashlib.sha256(data).hexdigest() != manifest.sha256:
            raise DocumentRefusedError(f"the bytes of {manifest.name} are not those that the retailer signed")
        _check(manifest.name, data)
        path = self._path(manifest.name, manifest.version)
        part = path.with_suffix(".part")
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)

    def prices(self, version: Version, sha256: str) -> PriceBook:
        """The price book that was kept under `version`."""
        return self._load(PRICES, version, sha256, PriceBook)

    def deliveries(self, version: Version, sha256: str) -> Deliveries:
        """The deliveries that were kept under `version`."""
        return self._load(DELIVERIES, version, sha256, Deliveries)

    def _load(self, name: str, version: Version, sha256: str, into: type[_T]) -> _T:
        data = _bytes_of(self._path(name, version))
        if hashlib.sha256(data).hexdigest() != sha256:
            raise DocumentRefusedError(
                f"{self._path(name, version)} is not what was kept: the hub sends it again"
            )
        return msgspec.json.decode(data, type=into)

    def _path(self, name: str, version: Version) -> Path:
        return self._directory / f"{name}-{version.generation}-{version.n}.json"


def _bytes_of(path: Path) -> bytes:
    try:
        if path.stat().st_size > DOCUMENT_BYTES_MAX:
            raise DocumentRefusedError(f"expected a document of at most {DOCUMENT_BYTES_MAX} bytes: {path}")
        return path.read_bytes()
    except OSError as error:
        raise DocumentRefusedError(f"{path} cannot be read: {error.strerror}") from error


def _check(name: str, data: bytes) -> None:
    try:
        if name == PRICES:
            wrong = check(msgspec.json.decode(data, type=PriceBook))
        else:
            wrong = _wrong_deliveries(msgspec.json.decode(data, type=Deliveries))
    except (ValueError, RecursionError) as error:
        raise DocumentRefusedError(f"{name} is no {name}: {error}") from error
    if wrong:
        raise DocumentRefusedError(f"{name}: {wrong[0]} ({len(wrong)} in all)")


def _wrong_deliveries(deliveries: Deliveries) -> list[str]:
    wrong = []
    for delivery in deliveries.deliveries:
        if delivery.units <= 0 or (delivery.epcs and len(delivery.epcs) != delivery.units):
            wrong.append(f"{delivery.transfer}: expected as many items as units, more than none")
        for epc in delivery.epcs:
            answer = resolve(epc, "epc")
            if isinstance(answer, Refused):
                wrong.append(f"{delivery.transfer}: {answer.reason}")
            elif answer.gtin14 != delivery.gtin:
                wrong.append(f"{delivery.transfer}: {epc} is a {answer.gtin14}, expected {delivery.gtin}")
    return wrong
