"""A hub's directory: its database, the keys that it signs with, and the lock of the one that runs."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import msgspec

from cloud_sync.contract.signing import PublicKey, SoftwareKey
from cloud_sync.hub.files import PUBLIC, replace, write_new
from cloud_sync.hub.followed_key import FollowedKey
from cloud_sync.hub.store.database import NoHubError, Place

Purpose = Literal["receipt", "documents"]
"""What the hub signs: receipts and replies, or documents and orders."""


class RunningError(RuntimeError):
    """A hub runs in this directory already: two would answer for one another."""


class RootAwayError(FileNotFoundError):
    """What is asked needs a root's private key, and that is not in this directory."""


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
    def database(self) -> Place:
        """The database: a file here, unless `keep_database` has named a server."""
        if self._database_url.exists():
            return self._database_url.read_text("utf-8").strip()
        return self.path / "hub.db"

    def keep_database(self, url: str) -> None:
        """Have the database on a server; its address, as SQLAlchemy has it, is for us alone."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace(self._database_url, f"{url}\n".encode())

    @property
    def tls(self) -> Path:
        """The certificates of the hub's own lines: `root.crt`, `hub.crt`, `hub.key`."""
        return self.path / "tls"

    @property
    def metrics_token(self) -> Path:
        """What whoever reads the hub's numbers from elsewhere has to bring; without the file nobody can."""
        return self.path / "metrics.token"

    @property
    def broker(self) -> Path:
        """What Mosquitto is run by."""
        return self.path / "broker"

    def make_keys(self) -> None:
        """Make the directory and its keys where there are none; only their owner can read them.

        Once it is written down who is believed, no key is made here any more: one that nobody believes would
        be of no use, and a root that is missing lies in a safe.
        """
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._trust.exists():
            return
        for path in (self.key_file("receipt"), self.key_file("documents"), *self.roots()):
            if not path.exists():
                write_new(path, SoftwareKey.generate().to_pem())
        self.keep_trust(self.trust())

    def key_file(self, purpose: Purpose) -> Path:
        """Where the key for `purpose` is."""
        return self.path / f"{purpose}.key"

    def roots(self) -> tuple[Path, Path]:
        """Where the roots' keys are while they are here: the one at hand, and the one for the safe."""
        return self.path / "root.key", self.path / "root2.key"

    def receipt_key(self) -> FollowedKey:
        """The key that signs receipts, also after a rotation; raises NoHubError."""
        return self._followed("receipt")

    def documents_key(self) -> FollowedKey:
        """The key that signs documents, also after a rotation; raises NoHubError."""
        return self._followed("documents")

    def root_key(self) -> SoftwareKey:
        """The key that certifies the keys of objects; raises NoHubError, RootAwayError."""
        path = self.roots()[0]
        if self._trust.exists() and not path.exists():
            raise RootAwayError(f"{path}: this root is away: put it back, or name its file with --root-key")
        return self._read(path)

    def trust(self) -> Trust:
        """Whom an object is to believe, as its `trust.json` has it: all keys that are valid now."""
        if self._trust.exists():
            return msgspec.json.decode(self._trust.read_bytes(), type=Trust)
        receipt, documents = self.receipt_key(), self.documents_key()
        roots = tuple(self._read(path).public for path in self.roots() if path.exists())
        return Trust((receipt.public,), (documents.public,), roots or (self.root_key().public,))

    def keep_trust(self, trust: Trust) -> None:
        """Write down whom objects are to believe from now on."""
        replace(self._trust, msgspec.json.format(msgspec.json.encode(trust)) + b"\n", PUBLIC)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Be the one hub that runs here; raises RunningError if there is one."""
        with (self.path / "run.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise RunningError(f"{self.path}: a hub runs here already: end that one first") from error
            yield

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Be the only one that changes keys or certificates here; another one waits for milliseconds.

        Raises NoHubError where there is no directory.
        """
        if not self.path.is_dir():
            raise self._none()
        with (self.path / "keys.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    @property
    def _database_url(self) -> Path:
        return self.path / "database.url"

    @property
    def _trust(self) -> Path:
        return self.path / "trust.json"

    def _followed(self, purpose: Purpose) -> FollowedKey:
        self._read(self.key_file(purpose))
        return FollowedKey(self.key_file(purpose))

    def _none(self) -> NoHubError:
        return NoHubError(f"{self.path}: there is no hub here: run `opos hub init --dir {self.path}`")

    def _read(self, path: Path) -> SoftwareKey:
        try:
            return SoftwareKey.from_pem(path.read_bytes())
        except FileNotFoundError as error:
            raise self._none() from error
        except ValueError as error:
            raise NoHubError(f"{path}: {error}") from error
