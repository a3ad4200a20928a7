"""A batch: consecutive entries of one journal on their way to the hub, signed once as a whole.

A frame is a msgpack array of three byte strings: the header (msgpack array, in the order of `Header`), the
payload (zstd of a msgpack array of bodies) and the ES256 signature over header + payload; a msgpack value
ends by itself, so the two cannot be shifted against each other. The wire carries neither the hashes nor the
entries' own signatures: the receiver recomputes the chain from `prev` and must arrive at `head`.
"""

from collections.abc import Sequence
from typing import Final, TypeVar

import msgspec
import zstandard

from cloud_sync.contract.encoding import Whole
from cloud_sync.contract.entry import BODY_BYTES_MAX, SignedEntry, entry_hashes
from cloud_sync.contract.signing import Signer, Verifier

_T = TypeVar("_T")

FRAME_VERSION: Final = 1
ENTRIES_MAX: Final = 256
"""The most entries of one batch: one transaction of the hub's stays short."""
PLAIN_BYTES_MAX: Final = 96 * 1024
"""The most bytes of bodies in one batch before compression (one longer body goes alone)."""
EXPANDED_BYTES_MAX: Final = 256 * 1024
"""The hub refuses a payload that expands past this: it would be a bomb, not a batch."""


class BadBatchError(ValueError):
    """A frame that is no batch of the object that it claims to come from, and what was wrong with it."""


class Header(msgspec.Struct, frozen=True, array_like=True):
    """Whose entries these are, the first seq, how many, the hash before the first and that of the last.

    On the wire it is a msgpack array in this order, and both hashes are 32 bytes (bin).
    """

    version: Whole
    dev: str
    epoch: str
    kid: str
    first: Whole
    n: Whole
    prev: bytes
    head: bytes

    @property
    def last(self) -> int:
        """The last seq."""
        return self.first + self.n - 1


class Batch(msgspec.Struct, frozen=True):
    """A frame that was opened and found true: its header, its bodies, and the hash of each."""

    header: Header
    bodies: tuple[bytes, ...]
    hashes: tuple[bytes, ...]


def fitting(entries: Sequence[SignedEntry]) -> Sequence[SignedEntry]:
    """As many of the first of `entries` as one batch takes: one key, within both limits, and at least one."""
    size = 0
    for count, entry in enumerate(entries[:ENTRIES_MAX]):
        size += len(entry.body)
        if count and (size > PLAIN_BYTES_MAX or entry.kid != entries[0].kid):
            return entries[:count]
    return entries[:ENTRIES_MAX]


def pack(signer: Signer, dev: str, epoch: str, entries: Sequence[SignedEntry]) -> bytes:
    """The frame of consecutive `entries` (see `fitting`) signed by the key that signed them."""
    first, last = entries[0], entries[-1]
    header = msgspec.msgpack.encode(
        Header(FRAME_VERSION, dev, epoch, first.kid, first.seq, len(entries), first.prev, last.hash)
    )
    bodies = msgspec.msgpack.encode([entry.body for entry in entries])
    # Level 1 is the faster one, and on bodies of ours not the longer one (measured).
    payload = zstandard.ZstdCompressor(level=1).compress(bodies)
    return msgspec.msgpack.encode([header, payload, signer.sign(header + payload)])


def peek(frame: bytes) -> Header:
    """The header of a frame, not verified: it only says whose key to verify with."""
    return _decode(_parts(frame)[0], Header)


def unpack(frame: bytes, verifier: Verifier) -> Batch:
    """The batch in `frame`, its signature, sizes, count and chain verified.

    Raises BadBatchError or BadSignatureError.
    """
    head, payload, signature = _parts(frame)
    verifier.check(head + payload, signature)
    header = _decode(head, Header)
    if header.version != FRAME_VERSION:
        raise BadBatchError(f"expected a frame of version {FRAME_VERSION}, got {header.version}")
    if header.kid != verifier.kid:
        raise BadBatchError(f"expected entries of key {verifier.kid}, got {header.kid}")
    return _read(header, payload)


def reopen(frame: bytes) -> Batch:
    """The batch in a `frame` that `unpack` has verified before, as it was kept.

    Only its signature is not looked at again. Raises BadBatchError if the bytes are not what they were.
    """
    head, payload, _ = _parts(frame)
    return _read(_decode(head, Header), payload)


def _read(header: Header, payload: bytes) -> Batch:
    bodies = tuple(_decode(_expand(payload), list[bytes]))
    if len(bodies) != header.n or not 0 < header.n <= ENTRIES_MAX:
        raise BadBatchError(f"expected {header.n} entries (1 to {ENTRIES_MAX}), got {len(bodies)}")
    if max(map(len, bodies)) > BODY_BYTES_MAX:
        raise BadBatchError(f"expected bodies of at most {BODY_BYTES_MAX} bytes, got a longer one")
    hashes = entry_hashes(header.kid, header.prev, bodies)
    if hashes[-1] != header.head:
        raise BadBatchError("the chain of its entries does not end at its head")
    return Batch(header, bodies, tuple(hashes))


def _parts(frame: bytes) -> tuple[bytes, bytes, bytes]:
    return _decode(frame, tuple[bytes, bytes, bytes])


def _decode(data: bytes, into: type[_T]) -> _T:
    try:
        return msgspec.msgpack.decode(data, type=into)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadBatchError(f"expected a batch, got {len(data)} bytes: {error}") from error


def _expand(payload: bytes) -> bytes:
    try:
        size = zstandard.frame_content_size(payload)
        if not 0 <= size <= EXPANDED_BYTES_MAX:
            raise BadBatchError(f"expected a payload of at most {EXPANDED_BYTES_MAX} bytes, got {size}")
        squeezer = zstandard.ZstdDecompressor()
        return squeezer.decompress(payload, max_output_size=EXPANDED_BYTES_MAX, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise BadBatchError(f"the payload cannot be expanded: {error}") from error
