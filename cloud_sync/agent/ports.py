"""What the object's end asks of its neighbours: a journal to read, a runtime to hand things to, a clock."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from cloud_sync.contract.entry import SignedEntry
from cloud_sync.contract.signing import Signer
from cloud_sync.contract.telemetry import TelemetryPiece


class Identity(Protocol):
    """Whose journal it is."""

    @property
    def dev(self) -> str:
        """The object."""
        ...

    @property
    def epoch(self) -> str:
        """The epoch of its ledger's file."""
        ...


class Acked(Protocol):
    """What the hub has confirmed before, as the journal remembers it."""

    @property
    def seq(self) -> int:
        """The last confirmed entry."""
        ...

    @property
    def generation(self) -> int:
        """The generation of the hub that confirmed it; 0 before the first."""
        ...


class UnreadableError(Exception):
    """The journal is there and cannot be read now: why, and what to do. Whoever opened it opens it again."""


class Waiting(Protocol):
    """All that the object's end asks of a journal; each answer may be an UnreadableError."""

    def identity(self) -> Identity | None:
        """Whose journal it is; None before its first entry."""
        ...

    def head(self) -> int:
        """The last seq."""
        ...

    def receipt(self) -> Acked:
        """What the hub has confirmed before."""
        ...

    def after(self, seq: int, limit: int) -> Sequence[SignedEntry]:
        """Up to `limit` entries that follow `seq`, in order."""
        ...

    def hash_of(self, seq: int) -> bytes | None:
        """The hash of one entry; None when it is not (or no longer) there."""
        ...


class RuntimeAwayError(ConnectionError):
    """There is no runtime to hand anything to: it comes back, and is handed what it needs then."""


class Handed(msgspec.Struct, frozen=True):
    """The runtime's word on what it was handed; `error` is why it did not take it."""

    error: str | None = None


class Runtime(Protocol):
    """The process that owns the ledger; handing it anything raises RuntimeAwayError while it is away."""

    async def receipt(self, jws: str) -> Handed:
        """Hand on a receipt: the runtime alone writes what is confirmed."""
        ...

    async def document(self, manifest: str, path: Path) -> Handed:
        """Hand on a signed manifest and the file with the document's bytes."""
        ...

    async def order(self, jws: str) -> Handed:
        """Hand on an order of the hub's: the runtime checks it and obeys, or says why not."""
        ...

    async def keyring(self, jws: str) -> Handed:
        """Hand on a keyring: the runtime checks it and believes the new keys from here on."""
        ...

    async def reply(self, jws: str) -> Handed:
        """Hand on the hub's reply to a question of the runtime's: it checks it, and tells whoever asked."""
        ...

    def telemetry_sent(self, lane: str, seq: int) -> None:
        """Say that the items of `lane` up to `seq` are on their way, if there is a runtime to hear it."""
        ...

    def link(self, *, up: bool) -> None:
        """Say whether the hub answers; said again to a runtime that comes later."""
        ...


class Keys(Protocol):
    """The object's own keys. After a rotation two sign for a while: what waits is sealed by the older one."""

    @property
    def current(self) -> Signer:
        """The key that signs now."""
        ...

    def of(self, kid: str) -> Signer | None:
        """The key that signed an entry; None if the object no longer has it."""
        ...


class Lane(Protocol):
    """The telemetry lane as the agent reads it."""

    def after(self, seq: int, limit: int) -> TelemetryPiece | None:
        """Up to `limit` items that follow `seq`; None while there is nothing to read from."""
        ...


class Papers(Protocol):
    """The object's certificates, for line and journal; a file that is wrong is a ValueError."""

    def due(self, now_ms: int) -> bool:
        """Whether two thirds of the life of the line's are over, or the journal's key has none."""
        ...

    def new_csr(self) -> str:
        """A request for the next certificate, as PEM."""
        ...

    def keep_chain(self, pem: str) -> None:
        """Keep one for the line and what leads to the root. Raises ValueError on one that is not ours."""
        ...

    def keep_certificate(self, jws: str) -> None:
        """Keep a root's word for the key that signs now. Raises ValueError on one that is not ours."""
        ...


class Clock(Protocol):
    """What the object's end asks of time."""

    def now_ns(self) -> int:
        """Monotonic time."""
        ...

    def wall_ms(self) -> int:
        """Milliseconds since 1970, as well as this machine knows."""
        ...
