"""A hub's directory: its database, the keys that it signs with, and the lock of the one that runs."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from cloud_sync.contract.signing import PublicKey, SoftwareKey
from cloud_sync.hub.store.database import NoHubError


class RunningError(RuntimeError):
    """A hub runs in this directory already: two would answer for one another."""


class Trust(msgspec.Struct, frozen=True):
    """What an object is told to believe: the hub's public keys for receipts, for documents, and its roots.

    A root certifies the keys of objects, so that a stranger with a receipt needs to know nothing else.
    """

    receipt: tuple[PublicKey, ...]
    documents: tuple[PublicKey, ...]
    roots: tuple[PublicKey, ...]


class Folder:
    """Where a hub lives."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def database(self) -> Path:
        """The database's file."""
        return self.path / "hub.db"

    def make_keys(self) -> None:
        """Make the directory and its keys where there are none; only their owner can read them."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path in (self._receipt, self._documents, self._root):
            if not path.exists():
                _write_new(path, SoftwareKey.generate().to_pem())

    def receipt_key(self) -> SoftwareKey:
        """The key that signs receipts; raises NoHubError."""
        return self._read(self._receipt)

    def documents_key(self) -> SoftwareKey:
        """The key that signs documents; raises NoHubError."""
        return self._read(self._documents)

    def root_key(self) -> SoftwareKey:
        """The key that certifies the keys of objects; raises NoHubError."""
        return self._read(self._root)

    def trust(self) -> Trust:
        """The public halves, as `trust.json` of an object has them."""
        keys = self.receipt_key(), self.documents_key(), self.root_key()
        return Trust(*((key.public,) for key in keys))

    @contextmanager
    def running(self) -> Iterator[None]:
        """Be the one hub that runs here; raises RunningError if there is one."""
        with (self.path / "run.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise RunningError(f"{self.path}: a hub runs here already: end that one first") from error
            yield

    @property
    def _receipt(self) -> Path:
        return self.path / "receipt.key"

    @property
    def _documents(self) -> Path:
        return self.path / "documents.key"

    @property
    def _root(self) -> Path:
        return self.path / "root.key"

    def _read(self, path: Path) -> SoftwareKey:
        try:
            return SoftwareKey.from_pem(path.read_bytes())
        except FileNotFoundError as error:
            raise NoHubError(
                f"{self.path}: there is no hub here: run `opos hub init --dir {self.path}`"
            ) from error
        except ValueError as error:
            raise NoHubError(f"{path}: {error}") from error


def _write_new(path: Path, data: bytes) -> None:
    """Write `path` whole or not at all, and never over another one."""
    part = path.with_suffix(f".{os.getpid()}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        path.hardlink_to(part)
    finally:
        part.unlink()
