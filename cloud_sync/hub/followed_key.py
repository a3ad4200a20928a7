"""A signing key that a rotation may replace while processes work with it."""

import threading
from pathlib import Path
from typing import Final

from cloud_sync.contract.signing import PublicKey, SoftwareKey, Tier


class FollowedKey:
    """The key in a file, read again when another file has taken its name.

    Whoever seals asks for `public` first and for `sign` then. A rotation between the two must not part them,
    so `public` looks at the file, and `sign` uses what this thread has seen.
    """

    tier: Final[Tier] = "file"

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen = threading.local()
        self._look()

    @property
    def public(self) -> PublicKey:
        """The public half of the key that is in the file now."""
        return self._look().public

    def sign(self, data: bytes) -> bytes:
        """The 64 bytes r || s of an ES256 signature over `data`."""
        key: SoftwareKey = getattr(self._seen, "key", None) or self._look()
        return key.sign(data)

    def _look(self) -> SoftwareKey:
        """The present key; raises FileNotFoundError, and ValueError if it is no key of P-256."""
        status = self._path.stat()
        stamp = (status.st_ino, status.st_mtime_ns)
        if getattr(self._seen, "stamp", None) != stamp:
            self._seen.key, self._seen.stamp = SoftwareKey.from_pem(self._path.read_bytes()), stamp
        key: SoftwareKey = self._seen.key
        return key
