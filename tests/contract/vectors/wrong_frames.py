"""Batches that nobody may accept.

Their payload is zstd of blocks that are not compressed, so that every zstd makes the same bytes.
"""

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from cloud_sync.contract.batch import EXPANDED_BYTES_MAX, Header
from cloud_sync.contract.signing import SoftwareKey
from tests.contract.paper_chain import EPOCH
from tests.contract.vectors import story
from tests.contract.vectors.golden import Vector
from tests.contract.vectors.keys import OBJECT, ROTATED

Wrong = tuple[str, str, bytes]
"""What is wrong, the regular expression that our refusal fits, and the frame."""

_ENTRIES: Final = story.first_journal().entries[:2]


def wrong_frames() -> Iterator[Vector]:
    """All of them: batches that claim to be the first two entries of the first epoch."""
    honest = _stored(_bodies())
    for what, reason, frame in (*_unsigned(honest), *_headers(honest), *_payloads(honest)):
        yield {"what": what, "reason": reason, "frame": frame.hex()}


def _unsigned(honest: bytes) -> Iterator[Wrong]:
    header, _, signature = msgspec.msgpack.decode(_frame(honest), type=tuple[bytes, bytes, bytes])
    changed = msgspec.msgpack.encode([header, _touched(honest), signature])
    yield "a body changed after it was signed", "signature is not that of key", changed
    yield "a stranger's signature", "signature is not that of key", _frame(honest, ROTATED)
    yield "no signature", "expected a batch", msgspec.msgpack.encode([header, honest])
    yield "bytes after the frame", "expected a batch", _frame(honest) + b"\0"


def _headers(honest: bytes) -> Iterator[Wrong]:
    for what, reason, changes in (
        ("another hash before the first", "does not end at its head", {"prev": _ENTRIES[0].hash}),
        ("another hash of the last", "does not end at its head", {"head": _ENTRIES[0].hash}),
        ("another key's name", "expected entries of key", {"kid": ROTATED.public.kid}),
        ("another version", "version 1, got 2", {"version": 2}),
        ("more entries than it has", "expected 3 entries", {"n": 3}),
        ("fewer entries than it has", "expected 1 entries", {"n": 1}),
        ("a count past 2^53 - 1", "<= 9007199254740991", {"n": 2**53}),
    ):
        yield what, reason, _frame(honest, **changes)


def _payloads(honest: bytes) -> Iterator[Wrong]:
    yield "a body changed and signed again", "does not end at its head", _frame(_touched(honest))
    yield "no entry", "expected 0 entries", _frame(_stored(msgspec.msgpack.encode([])), n=0)
    yield "it expands too far", f"at most {EXPANDED_BYTES_MAX} bytes", _frame(_bomb(), n=1)
    yield "bytes after the compressed payload", "cannot be expanded", _frame(honest + b"\0")
    yield "no compression", "cannot be expanded", _frame(_bodies())
    texts = msgspec.msgpack.encode([entry.body.decode() for entry in _ENTRIES])
    yield "texts where bytes belong", "expected a batch", _frame(_stored(texts))


def _touched(payload: bytes) -> bytes:
    return payload.replace(b"0.1.0", b"0.1.9")


def _bodies() -> bytes:
    return msgspec.msgpack.encode([entry.body for entry in _ENTRIES])


def _frame(payload: bytes, sign: SoftwareKey = OBJECT, **changes: Any) -> bytes:
    """Genesis and boot as a frame, with `changes` of its header."""
    honest: dict[str, Any] = {
        "version": 1,
        "dev": story.ADDRESS.object,
        "epoch": EPOCH,
        "kid": OBJECT.public.kid,
        "first": 1,
        "n": len(_ENTRIES),
        "prev": _ENTRIES[0].prev,
        "head": _ENTRIES[-1].hash,
    }
    header = msgspec.msgpack.encode(Header(**{**honest, **changes}))
    return msgspec.msgpack.encode([header, payload, sign.sign(header + payload)])


def _stored(data: bytes) -> bytes:
    """`data` as a zstd frame of one raw block (RFC 8878, section 3.1.1)."""
    return _zstd(len(data), [(0, len(data), data)])


def _bomb() -> bytes:
    """256 KiB of zeros and one more, in three blocks that repeat one byte each."""
    block = 128 * 1024
    return _zstd(EXPANDED_BYTES_MAX + 1, [(1, block, b"\0"), (1, block, b"\0"), (1, 1, b"\0")])


def _zstd(size: int, blocks: list[tuple[int, int, bytes]]) -> bytes:
    """A frame of one segment whose size takes four bytes; a block is (type, size, bytes)."""
    frame = bytes.fromhex("28b52ffda0") + size.to_bytes(4, "little")
    for number, (kind, block_size, data) in enumerate(blocks, 1):
        last = number == len(blocks)
        frame += (last | kind << 1 | block_size << 3).to_bytes(3, "little") + data
    return frame
