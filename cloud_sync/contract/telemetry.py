"""Telemetry on the line: what people did in front of an object, lossy, unsigned, and never counted by.

A piece is a msgpack array, compressed by zstd as a whole. It goes out with QoS 0; what is lost shows as a gap
in `seq`, or in the counts of what the object itself had to drop.
"""

from typing import Final

import msgspec
import zstandard

from cloud_sync.contract.encoding import Whole

ITEMS_MAX: Final = 256
"""The most items of one piece."""
BODY_BYTES_MAX: Final = 2 * 1024
"""The longest body of an item: a touch is 60 bytes, the longest of ours 300."""
EXPANDED_BYTES_MAX: Final = 256 * 1024
"""A payload that expands past this is a bomb, not a piece."""


class BadPieceError(ValueError):
    """Bytes that are no piece of telemetry, and what is wrong with them."""


class TelemetryItem(msgspec.Struct, frozen=True, array_like=True):
    """One thing that happened, `at_ms` milliseconds since 1970 (UTC); `body` is its maker's JSON."""

    seq: Whole
    kind: str
    at_ms: Whole
    body: bytes


class TelemetryPiece(msgspec.Struct, frozen=True, array_like=True):
    """Items of one lane in order; `dropped` were never sent, `replaced` files were lost with their items."""

    dev: str
    lane: str
    dropped: Whole
    replaced: Whole
    items: tuple[TelemetryItem, ...]


_DECODER: Final = msgspec.msgpack.Decoder(TelemetryPiece)


def pack_piece(piece: TelemetryPiece) -> bytes:
    """The payload that carries `piece`."""
    return zstandard.ZstdCompressor(level=3).compress(msgspec.msgpack.encode(piece))


def unpack_piece(payload: bytes) -> TelemetryPiece:
    """The piece in `payload`; raises BadPieceError."""
    try:
        piece = _DECODER.decode(_expand(payload))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadPieceError(f"expected telemetry, got {len(payload)} bytes: {error}") from error
    if len(piece.items) > ITEMS_MAX:
        raise BadPieceError(f"expected at most {ITEMS_MAX} items, got {len(piece.items)}")
    for item in piece.items:
        if len(item.body) > BODY_BYTES_MAX:
            raise BadPieceError(
                f"item {item.seq}: expected at most {BODY_BYTES_MAX} bytes, got {len(item.body)}"
            )
    return piece


def _expand(payload: bytes) -> bytes:
    try:
        size = zstandard.frame_content_size(payload)
        if not 0 <= size <= EXPANDED_BYTES_MAX:
            raise BadPieceError(f"expected at most {EXPANDED_BYTES_MAX} bytes of telemetry, got {size}")
        squeezer = zstandard.ZstdDecompressor()
        return squeezer.decompress(payload, max_output_size=EXPANDED_BYTES_MAX, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise BadPieceError(f"the telemetry cannot be expanded: {error}") from error
