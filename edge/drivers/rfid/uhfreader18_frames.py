"""The frames of Chafon's UHFReader18 family, and the tags in the answers to an inventory.

Command `len address command data crc`, answer `len address command status data crc`; `len` counts what
follows it, the CRC comes low byte first. Source: "UHF RFID Reader UHFReader18 User's Manual V2.0", chapters 2
to 5 (the ZK-RFID102 manual V2.0 is the same text); for readers with several antennas "SID UR-series User
Manual v1.14", pages 14 to 17 and 72.
"""

from binascii import crc_hqx
from collections.abc import Iterator
from typing import Final, Literal

import msgspec

from edge.drivers.framing import Shape
from edge.readings import TagSeen

BROADCAST: Final = 0xFF

INVENTORY: Final = 0x01
INFORMATION: Final = 0x21
SCANNED: Final = 0xEE
"""What a reader says unasked that somebody has set to look for tags by itself."""

# Length, address, command, status, CRC: an answer without data counts five bytes after its length.
_EMPTY_LEN: Final = 5
_HEAD_BYTES: Final = 4
# The manual allows 15 ms between two bytes, and a USB adapter may hold them back for another 16 ms.
_PATIENCE_NS: Final = 100_000_000
# Five bits of a tag's PC count the words of its EPC.
_EPC_BYTES_MAX: Final = 62

# The manual's CRC-16 (8408 reflected, preset FFFF) is that of crc_hqx with all bits in the other order.
_MIRRORED: Final = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))

Body = Literal["epc", "antenna-epc-rssi"]
"""What an inventory is answered with: a count and EPCs, or also the antenna, and an RSSI after each EPC."""


class Frame(msgspec.Struct, frozen=True):
    """One whole answer whose CRC is right."""

    command: int
    status: int
    data: bytes


def framed(address: int, command: int, data: bytes = b"") -> bytes:
    """The bytes of a command."""
    body = bytes((len(data) + 4, address, command)) + data
    return body + _crc(body)


def shape(address: int) -> Shape:
    """Answers of the reader at `address`, or of any where it is the broadcast's."""
    addresses = b"[^\xff]" if address == BROADCAST else b"\\x%02x" % address
    # The commands that we know the answers to, 00 in answers to what a reader does not know, and the statuses
    # of chapter 5 and of the UR series.
    return Shape(
        (b"[\x05-\xff]", addresses, rb"[\x00\x01\x21\xee]", rb"[\x00-\x05\x26\x28\xf8-\xff]"),
        lambda buffer: buffer[0] + 1,
        _wrong,
        _PATIENCE_NS,
    )


def parsed(raw: bytes) -> Frame:
    """The parts of a whole answer."""
    return Frame(raw[2], raw[3], raw[_HEAD_BYTES:-2])


def tags(data: bytes, body: Body) -> Iterator[tuple[bytes, int | None]]:
    """EPC and RSSI byte of each tag of an inventory; raises ValueError when it is no such body.

    `data` begins with the count of tags.
    """
    rest = data[1:]
    rssi_bytes = 0 if body == "epc" else 1
    for _ in range(data[0] if data else 0):
        size = rest[0] if rest else 0
        epc, rssi, rest = (
            rest[1 : 1 + size],
            rest[1 + size : 1 + size + rssi_bytes],
            rest[1 + size + rssi_bytes :],
        )
        if not 0 < size <= _EPC_BYTES_MAX or size % 2 or len(epc) + len(rssi) != size + rssi_bytes:
            raise ValueError(f"expected {data[0]} tags of whole words, got {len(data) - 1} bytes")
        yield epc, rssi[0] if rssi else None
    if rest:
        raise ValueError(f"expected {data[0]} tags, got {len(rest)} bytes more")


def antenna(mask: int) -> int:
    """The number of the antenna whose bit is set; 0 when none is."""
    return mask.bit_length()


def seen(tag: tuple[bytes, int | None], antenna_number: int, rssi_offset_db: int | None) -> TagSeen:
    """One tag; its RSSI where it is known how the reader counts it."""
    epc, rssi = tag
    dbm = None if rssi is None or rssi_offset_db is None else rssi - rssi_offset_db
    return TagSeen(epc.hex().upper(), dbm, antenna_number)


def _wrong(raw: bytes) -> str | None:
    if raw[-2:] != (crc := _crc(raw[:-2])):
        return f"CRC: expected {crc.hex().upper()}, got {raw[-2:].hex().upper()}"
    return None


def _crc(data: bytes) -> bytes:
    return crc_hqx(data.translate(_MIRRORED), 0xFFFF).to_bytes(2).translate(_MIRRORED)
