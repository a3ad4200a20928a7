"""The frames of NXP's PN532 on a serial line, and the cards in an answer to InListPassiveTarget.

`00 00 FF len lcs tfi data dcs 00`: `len` counts tfi and data; `len + lcs`, and the sum of tfi to dcs, are 0.
Source: NXP's "PN532 User Manual" UM0701-02, chapters 6.2.1 and 7.3.5.
"""

from collections.abc import Iterator
from typing import Final

import msgspec

from edge.drivers.framing import Shape

TO_CHIP: Final = 0xD4
FROM_CHIP: Final = 0xD5
SYNTAX_ERROR: Final = 0x7F

FIRMWARE: Final = 0x02
SAM: Final = 0x14
RF: Final = 0x32
LIST: Final = 0x4A

ACK: Final = bytes.fromhex("0000FF00FF00")
NACK: Final = bytes.fromhex("0000FFFF0000")
# The host's bytes 55 wake the chip, and the zeros give it the time; as in libnfc and nfcpy.
WAKE: Final = b"\x55\x55" + bytes(14)

_HEAD_BYTES: Final = 5
# Head, checksum and postamble: what a frame has beside tfi and data.
_OVERHEAD_BYTES: Final = _HEAD_BYTES + 2
# A card with the longest id and the longest ATS takes 72 bytes; an extended frame carries more than we ask.
_LENGTH_MAX: Final = 80
# At 115200 baud the longest frame takes 18 ms, and a USB adapter may hold bytes back for 16 ms.
_PATIENCE_NS: Final = 200_000_000

# Number, SENS_RES (2), SEL_RES and the length of the id stand before the id of each card.
_CARD_HEAD_BYTES: Final = 5
# ISO/IEC 14443-3: single, double and triple size.
_UID_BYTES: Final = {4, 7, 10}
# SEL_RES bit 6: the card speaks ISO/IEC 14443-4, and its ATS follows, which counts itself.
_HAS_ATS: Final = 0x20


class Frame(msgspec.Struct, frozen=True):
    """One whole information frame whose sums are right, and the command that it answers."""

    tfi: int
    command: int
    data: bytes


def framed(command: int, data: bytes = b"") -> bytes:
    """The bytes of a command."""
    body = bytes((TO_CHIP, command)) + data
    head = bytes((0x00, 0x00, 0xFF, len(body), -len(body) & 0xFF))
    return head + body + bytes((-sum(body) & 0xFF, 0x00))


def parsed(raw: bytes) -> Frame:
    """The parts of a whole information frame; an error frame names no command."""
    body = raw[_HEAD_BYTES:-2]
    # The chip answers a command by its code plus one.
    return Frame(body[0], body[1] - 1 if len(body) > 1 else 0, body[2:])


def uids(data: bytes) -> Iterator[bytes]:
    """The ids of the cards in an answer to InListPassiveTarget at 106 kbit/s; ValueError when it is none."""
    rest = data[1:]
    for _ in range(data[0] if data else 0):
        size = rest[_CARD_HEAD_BYTES - 1] if len(rest) >= _CARD_HEAD_BYTES else 0
        uid = rest[_CARD_HEAD_BYTES : _CARD_HEAD_BYTES + size]
        if size not in _UID_BYTES or len(uid) != size:
            raise ValueError(f"expected a card with an id of 4, 7 or 10 bytes, got {len(rest)} bytes")
        yield uid
        selected, rest = rest[3], rest[_CARD_HEAD_BYTES + size :]
        if selected & _HAS_ATS and rest:
            rest = rest[rest[0] :]
    if rest:
        raise ValueError(f"expected {data[0]} cards, got {len(rest)} bytes more")


def _size_bytes(buffer: bytes | bytearray) -> int:
    length, check = buffer[3], buffer[4]
    if (length, check) in {(0x00, 0xFF), (0xFF, 0x00)}:
        return len(ACK)
    return length + _OVERHEAD_BYTES if (length + check) & 0xFF == 0 and 0 < length <= _LENGTH_MAX else 0


def _wrong(raw: bytes) -> str | None:
    if raw[-1] != 0:
        return f"postamble: expected 00, got {raw[-1]:02X}"
    if raw not in {ACK, NACK} and (left := sum(raw[_HEAD_BYTES:-1]) & 0xFF):
        return f"checksum: expected {(raw[-2] - left) & 0xFF:02X}, got {raw[-2]:02X}"
    return None


SHAPE: Final = Shape((b"\x00", b"\x00", b"\xff", b".", b"."), _size_bytes, _wrong, _PATIENCE_NS)
"""What the chip says."""
