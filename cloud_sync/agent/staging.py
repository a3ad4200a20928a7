"""Where documents lie until the runtime has them: chunks by hash while they come in, then one whole file."""

import hashlib
import os
from pathlib import Path

from cloud_sync.contract.documents import Manifest


class WrongDocumentError(ValueError):
    """Chunks that each are what the manifest says, and together are not."""


class Staging:
    """A directory with `chunks/`, `staged/` (whole documents by hash) and `manifests/` (the newest of each).

    Every file appears whole or not at all; what is read back is checked by its hash, so that a torn file is
    only one more thing to fetch.
    """

    def __init__(self, directory: Path) -> None:
        self._chunks = directory / "chunks"
        self._staged = directory / "staged"
        self._manifests = directory / "manifests"
        for path in (self._chunks, self._staged, self._manifests):
            path.mkdir(parents=True, exist_ok=True)

    def has_chunk(self, sha256: str) -> bool:
        """Whether this chunk is here and whole."""
        try:
            data = (self._chunks / sha256).read_bytes()
        except FileNotFoundError:
            return False
        return hashlib.sha256(data).hexdigest() == sha256

    def keep_chunk(self, sha256: str, data: bytes) -> None:
        """Keep a chunk whose hash was checked. It is not synced: a torn one is seen by its hash."""
        _write(self._chunks / sha256, data, durable=False)

    def staged(self, manifest: Manifest) -> Path | None:
        """The whole document, if it is here."""
        path = self._staged / manifest.sha256
        return path if path.is_file() and path.stat().st_size == manifest.size else None

    def assemble(self, manifest: Manifest) -> Path:
        """Put the chunks together into one durable file. Raises WrongDocumentError, and forgets them then."""
        path = self._staged / manifest.sha256
        part = path.with_suffix(".part")
        whole = hashlib.sha256()
        with part.open("wb") as file:
            for chunk in manifest.chunks:
                data = (self._chunks / chunk).read_bytes()
                whole.update(data)
                file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if whole.hexdigest() != manifest.sha256:
            part.unlink()
            self.forget_chunks(manifest)
            raise WrongDocumentError(f"{manifest.name} {manifest.version}: its chunks are not its whole")
        part.replace(path)
        _sync_directory(self._staged)
        return path

    def forget_if_torn(self, manifest: Manifest) -> None:
        """Drop a whole file that is no longer what it was when it was put together."""
        path = self._staged / manifest.sha256
        with path.open("rb") as file:
            intact = hashlib.file_digest(file, "sha256").hexdigest() == manifest.sha256
        if not intact:
            path.unlink()

    def forget_chunks(self, manifest: Manifest) -> None:
        """Drop the chunks of a document."""
        for chunk in manifest.chunks:
            (self._chunks / chunk).unlink(missing_ok=True)

    def keep_manifest(self, name: str, jws: bytes) -> None:
        """Remember the newest signed manifest of a document: an older one is refused after a restart too."""
        _write(self._manifests / name, jws, durable=True)

    def manifests(self) -> dict[str, bytes]:
        """The newest signed manifest of each document, as they were kept."""
        return {path.name: path.read_bytes() for path in self._manifests.iterdir() if not path.suffix}

    def keep_only(self, manifests: list[Manifest]) -> None:
        """Drop every whole document and chunk that none of `manifests` needs."""
        _clear(self._staged, {manifest.sha256 for manifest in manifests})
        _clear(self._chunks, {chunk for manifest in manifests for chunk in manifest.chunks})


def _clear(directory: Path, needed: set[str]) -> None:
    for path in directory.iterdir():
        if path.name not in needed:
            path.unlink(missing_ok=True)


def _write(path: Path, data: bytes, *, durable: bool) -> None:
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        file.write(data)
        if durable:
            file.flush()
            os.fsync(file.fileno())
    part.replace(path)
    if durable:
        _sync_directory(path.parent)


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
