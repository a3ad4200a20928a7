"""The signed documents that an object works by: checked, kept by version, and found again at a start."""

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from cloud_sync.contract.documents import (
    DELIVERIES,
    MANIFEST_TYPE,
    PRICE_CHANGES,
    PRICES,
    PROMOTIONS,
    Deliveries,
    Manifest,
)
from cloud_sync.contract.signing import PublicKey, Verifier, unseal
from edge.checkout.library import Binder, Edition, Library
from edge.checkout.pictures import Pictures
from edge.checkout.refused import DocumentRefusedError
from retail.identity.answer import Refused
from retail.identity.resolver import resolve
from retail.pricing.book import Assortment, Version
from retail.pricing.check_promotions import check_promotions
from retail.pricing.promotions import Promotions

__all__ = ["DocumentRefusedError", "Documents", "Effective"]

_T = TypeVar("_T")

Effective = Mapping[str, tuple[Version, str]]
"""The name of each document that is worked by -> its version, and the SHA-256 of its bytes."""

# 100,000 products in five languages are below 60 MB; more is not a price book for one site.
DOCUMENT_BYTES_MAX: Final = 64 * 1024 * 1024
# What is read whole: ten thousand deliveries, or two thousand promotions, are 2 MB.
READ_BYTES_MAX: Final = 8 * 1024 * 1024

_COPIED_BYTES: Final = 256 * 1024
_NAMES: Final = (PRICES, PRICE_CHANGES, PROMOTIONS, DELIVERIES)


class Documents:
    """The documents of one object, as files named after what they are: `prices-1-7.json`.

    Whatever reads or writes a file here may take seconds, and belongs into a thread.
    """

    def __init__(self, directory: Path, site: str, keys: Sequence[PublicKey], binder: Binder) -> None:
        self._directory = directory
        self._library = Library(directory, binder)
        self._site = site
        self.pictures = Pictures(directory / "pictures")
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
        if manifest.name not in _NAMES:
            raise DocumentRefusedError(f"no document is called {manifest.name!r} here: update OPOS")
        return manifest

    def keep(self, manifest: Manifest, staged: Path, in_force: Effective) -> None:
        """Take the staged bytes of a document over, if they are what the manifest says and mean something.

        What has changed in a price book must have changed in the one that is `in_force`.
        """
        path = self._path(manifest.name, manifest.version)
        part = path.with_suffix(".part")
        try:
            _copy(manifest, staged, part)
            self._check(manifest, part, in_force)
        except (DocumentRefusedError, OSError):
            part.unlink(missing_ok=True)
            raise
        part.replace(path)
        _sync(self._directory)

    def book(self, in_force: Effective) -> tuple[Assortment, Version]:
        """The price book of today: what was issued whole, and what has changed in it since."""
        version, sha256 = in_force[PRICES]
        whole = Edition(self._intact(PRICES, version, sha256), version, sha256)
        later = in_force.get(PRICE_CHANGES)
        if later is None or later[0] < version:
            return self._library.whole(whole), version
        changes = Edition(self._intact(PRICE_CHANGES, *later), *later)
        return self._library.changed(whole, changes), later[0]

    def promotions(self, version: Version, sha256: str) -> Promotions:
        """The promotions that were kept under `version`."""
        return _decoded(self._intact(PROMOTIONS, version, sha256), Promotions)

    def deliveries(self, version: Version, sha256: str) -> Deliveries:
        """The deliveries that were kept under `version`."""
        return _decoded(self._intact(DELIVERIES, version, sha256), Deliveries)

    def clear(self, in_force: Effective) -> None:
        """Drop what nobody works by any more, and what a power cut left half copied.

        Who still reads an old price book keeps its open file.
        """
        needed = {self._path(name, version).name for name, (version, _) in in_force.items()}
        for name in _NAMES:
            for path in self._directory.glob(f"{name}-[0-9]*-[0-9]*.*"):
                if path.name not in needed:
                    path.unlink(missing_ok=True)
        self._library.clear({in_force[name][0] for name in (PRICES, PRICE_CHANGES) if name in in_force})

    def _check(self, manifest: Manifest, part: Path, in_force: Effective) -> None:
        """Look into a document; a price book is bound on the way, since that goes through all of it."""
        edition = Edition(part, manifest.version, manifest.sha256)
        if manifest.name == PRICES:
            self._library.whole(edition)
        elif manifest.name == PRICE_CHANGES:
            if PRICES not in in_force:
                raise DocumentRefusedError(
                    "these are changes of a price book that is not here: it comes first"
                )
            version, sha256 = in_force[PRICES]
            self._library.changed(Edition(self._path(PRICES, version), version, sha256), edition)
        elif manifest.name == PROMOTIONS:
            _refuse(PROMOTIONS, lambda: self._wrong_promotions(_decoded(part, Promotions)))
        else:
            _refuse(DELIVERIES, lambda: _wrong_deliveries(_decoded(part, Deliveries)))

    def _wrong_promotions(self, promotions: Promotions) -> list[str]:
        if promotions.site != self._site:
            return [f"expected promotions of {self._site}, got some of {promotions.site}"]
        return check_promotions(promotions)

    def _intact(self, name: str, version: Version, sha256: str) -> Path:
        """The file of a document, if it still is what was kept."""
        path = self._path(name, version)
        if _hash(path) != sha256:
            raise DocumentRefusedError(f"{path} is not what was kept: the hub sends it again")
        return path

    def _path(self, name: str, version: Version) -> Path:
        return self._directory / f"{name}-{version.generation}-{version.n}.json"


def _refuse(name: str, wrongs: Callable[[], list[str]]) -> None:
    try:
        wrong = wrongs()
    except (ValueError, RecursionError) as error:
        raise DocumentRefusedError(f"{name} is no {name}: {error}") from error
    if wrong:
        raise DocumentRefusedError(f"{name}: {wrong[0]} ({len(wrong)} in all)")


def _decoded(path: Path, into: type[_T]) -> _T:
    if path.stat().st_size > READ_BYTES_MAX:
        raise DocumentRefusedError(f"expected a document of at most {READ_BYTES_MAX} bytes: {path}")
    return msgspec.json.decode(path.read_bytes(), type=into)


def _copy(manifest: Manifest, source: Path, target: Path) -> None:
    """Copy the bytes of a document, durably; refuse it if they are others than were signed."""
    if _copied(source, target) != manifest.sha256:
        raise DocumentRefusedError(f"the bytes of {manifest.name} are not those that the retailer signed")


def _copied(source: Path, target: Path) -> str:
    """Copy a file, durably, a little at a time; its SHA-256 (hex)."""
    whole = hashlib.sha256()
    try:
        if source.stat().st_size > DOCUMENT_BYTES_MAX:
            raise DocumentRefusedError(f"expected a document of at most {DOCUMENT_BYTES_MAX} bytes: {source}")
        with source.open("rb") as file, target.open("wb") as copy:
            while block := file.read(_COPIED_BYTES):
                whole.update(block)
                copy.write(block)
            copy.flush()
            os.fsync(copy.fileno())
    except OSError as error:
        raise DocumentRefusedError(f"{source} cannot be read: {error.strerror}") from error
    return whole.hexdigest()


def _hash(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DocumentRefusedError(f"{path} cannot be read: {error.strerror}") from error


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


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
