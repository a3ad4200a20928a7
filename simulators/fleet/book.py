"""The book of one simulated object: its journal in memory, chained as the contract says."""

import os
from typing import Any, Final

from simulators.fleet.contract import (
    BATCH_BYTES_MAX,
    BATCH_ENTRIES_MAX,
    Key,
    b64,
    encode,
    entry_hash,
    first_hash,
    frame,
)


class Book:
    """Entries from 1 on. Their own signatures would stay with the object, so nobody makes them here."""

    def __init__(self, dev: str) -> None:
        self.dev: Final = dev
        self.key: Final = Key()
        self.epoch: Final = b64(os.urandom(16))
        self._boot = b64(os.urandom(6))
        self._bodies: list[bytes] = []
        self._hashes = [first_hash(self.epoch)]  # at `seq` the hash of that entry
        self._wall_ms = 0

    @property
    def head(self) -> int:
        """The last seq."""
        return len(self._bodies)

    def hash_of(self, seq: int) -> str:
        """The hash of an entry; of the epoch for seq 0."""
        return b64(self._hashes[seq])

    def write(self, fact: dict[str, Any], idem: str, mono_ns: int, wall_ms: int) -> int:
        """Add an entry; its seq."""
        self._wall_ms = max(self._wall_ms, wall_ms)
        body = encode(
            {
                "dev": self.dev,
                "epoch": self.epoch,
                "seq": self.head + 1,
                "idem": idem,
                "boot": self._boot,
                "mono_us": mono_ns // 1_000,
                "wall_ms": self._wall_ms,
                "clock": "trusted",
                "fact": fact,
            }
        )
        self._bodies.append(body)
        self._hashes.append(entry_hash(self.key.kid, self._hashes[-1], body))
        return self.head

    def begin(self, mono_ns: int, wall_ms: int) -> None:
        """Write what every journal begins with."""
        genesis = {"kind": "genesis", "key": self.key.public, "tier": "file"}
        self.write(genesis, "genesis", mono_ns, wall_ms)
        self.write({"kind": "boot", "version": "fleet"}, f"boot/{self._boot}", mono_ns, wall_ms)

    def batch(self, first: int) -> tuple[bytes, int]:
        """The frame of as many entries from `first` on as one may hold, and the last of them."""
        bodies: list[bytes] = []
        size = 0
        for body in self._bodies[first - 1 : first - 1 + BATCH_ENTRIES_MAX]:
            size += len(body)
            if bodies and size > BATCH_BYTES_MAX:
                break
            bodies.append(body)
        last = first + len(bodies) - 1
        place = (1, self.dev, self.epoch, self.key.kid, first, len(bodies))
        return frame(self.key, (*place, self._hashes[first - 1], self._hashes[last]), bodies), last
