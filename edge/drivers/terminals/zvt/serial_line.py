"""The serial line of a terminal: frames with a checksum, each confirmed by one byte.

`10 02`, the message with each 10 doubled, `10 03`, and a CRC-16 with its low byte first: KERMIT's, over the
message as it was before doubling, and 03. Sources: Portalum.Zvt and wirelane/ecrterm.
"""

from typing import Final

ACK: Final = b"\x06"
NAK: Final = b"\x15"
START: Final = b"\x10\x02"
DLE: Final = b"\x10"
END: Final = b"\x10\x03"
_ETX: Final = b"\x03"

# CRC-16/KERMIT: 1021 reflected, nothing before, nothing after; of "123456789" it is 2189.
_REFLECTED: Final = 0x8408


def _crc_of(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ (_REFLECTED if byte & 1 else 0)
    return byte


_TABLE: Final = tuple(_crc_of(byte) for byte in range(256))


def checksum(data: bytes) -> int:
    """CRC-16/KERMIT."""
    crc = 0
    for byte in data:
        crc = crc >> 8 ^ _TABLE[(crc ^ byte) & 0xFF]
    return crc


def framed(message: bytes) -> bytes:
    """The frame of a message."""
    crc = checksum(message + _ETX).to_bytes(2, "little")
    return START + message.replace(DLE, DLE * 2) + END + crc


def unframed(frame: bytes) -> bytes | None:
    """The message of one whole frame; None where it is none, or its checksum is wrong."""
    inside = frame[len(START) : -len(END) - 2]
    message = inside.replace(DLE * 2, DLE)
    return message if framed(message) == frame else None
