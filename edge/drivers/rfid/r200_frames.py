"""The frames of the R200 family of tag readers.

`head kind command length(2) params checksum end`. A frame is cut by its length, since its end byte may occur
inside it. Source: "R200 user protocol V2.3.3"; where to find it is said in `hardware/profiles/r200.toml`.
"""

from typing import Final

import msgspec

from edge.drivers.framing import Shape

ENDS: Final = {0xAA: 0xDD, 0xBB: 0x7E}
"""First byte of a frame -> its last byte: firmware of this family speaks one pair or the other."""

COMMAND: Final = 0x00
ANSWER: Final = 0x01
NOTICE: Final = 0x02

_HEAD_BYTES: Final = 5
# The head, the checksum and the end byte: what every frame has beside its params.
_OVERHEAD_BYTES: Final = 7

# The longest frame that we can cause is a tag: RSSI, PC, 31 words of EPC (five bits of PC count them), CRC. A
# longer length is noise, and would only make us deaf until it is filled.
PARAMS_BYTES_MAX: Final = 1 + 2 + 2 * 31 + 2

# At 115200 baud the longest frame takes 6.4 ms, and a USB adapter may hold bytes back for 16 ms: after ten
# times as long the rest of a frame does not come any more.
FRAME_PATIENCE_NS: Final = 200_000_000


class Frame(msgspec.Struct, frozen=True):
    """One whole frame whose checksum is right."""

    head: int
    kind: int
    command: int
    params: bytes


def framed(head: int, command: int, params: bytes = b"") -> bytes:
    """The bytes of a command in the framing that begins with `head`."""
    body = bytes([COMMAND, command]) + len(params).to_bytes(2) + params
    return bytes([head]) + body + bytes([sum(body) & 0xFF, ENDS[head]])


def parsed(raw: bytes) -> Frame:
    """The parts of a whole frame."""
    return Frame(raw[0], raw[1], raw[2], raw[_HEAD_BYTES:-2])


def _wrong(raw: bytes) -> str | None:
    """What is wrong with a whole frame, or None."""
    if raw[-1] != ENDS[raw[0]]:
        return f"end byte: expected {ENDS[raw[0]]:02X}, got {raw[-1]:02X}"
    if (checksum := sum(raw[1:-2]) & 0xFF) != raw[-2]:
        return f"checksum: expected {checksum:02X}, got {raw[-2]:02X}"
    return None


SHAPE: Final = Shape(
    (b"[\xaa\xbb]", b"[\x00-\x02]", b".", b"\x00", b"[\x00-\\x%02x]" % PARAMS_BYTES_MAX),
    lambda buffer: buffer[4] + _OVERHEAD_BYTES,
    _wrong,
    FRAME_PATIENCE_NS,
)
"""Frames of either framing."""
