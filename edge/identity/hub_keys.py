"""The keyring that an object keeps: which of the hub's keys it believes, and that it never goes back."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from cloud_sync.contract.keyring import Keyring, read_keyring
from cloud_sync.contract.signing import Verifier
from edge.config import ObjectConfig, Trust, kept_keyring, trust_of
from edge.identity.files import keep_file


class KeyringRefusedError(ValueError):
    """A keyring that no pinned root has signed, or of another tenant, or older than the one that is kept."""


def apply_keyring(config: ObjectConfig, jws: str) -> Trust:
    """Keep the keyring in `jws`, and return what the object believes from now on.

    The one that is kept already is no error. Raises KeyringRefusedError, and OSError when it cannot be kept:
    then nothing has changed.
    """
    try:
        ring = read_keyring(jws, {key.kid: Verifier(key) for key in config.trust.roots})
    except ValueError as error:
        raise KeyringRefusedError(f"a keyring was refused: {error}") from error
    if ring.tenant != config.object.tenant:
        raise KeyringRefusedError(f"expected a keyring of {config.object.tenant}, got one of {ring.tenant}")
    with _alone(config.data_dir):
        kept = kept_keyring(config)
        if kept != ring:
            _refuse_older(ring, kept)
            keep_file(config.keyring, jws.encode("ascii"))
    return trust_of(ring, config.trust)


def _refuse_older(ring: Keyring, kept: Keyring | None) -> None:
    if kept is not None and ring.version <= kept.version:
        got, has = (f"{each.version.generation}.{each.version.n}" for each in (ring, kept))
        raise KeyringRefusedError(f"expected a keyring above version {has}, got {got}: somebody replays it")


@contextlib.contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """Be the only process of this object that replaces its keyring: agent and runtime both may."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
