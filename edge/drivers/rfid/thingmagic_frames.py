"""The frames of ThingMagic's serial modules, and the tags in the stream of a continuous read.

Command `FF len op data crc`, answer `FF len op status(2) data crc`; `len` counts the data. Sources:
ThingMagic's Mercury API in C (`serial_reader_l3.c`, MIT licence, in github gotthardp/python-mercuryapi) and
SparkFun's library for the M6E Nano (github sparkfun/SparkFun_Simultaneous_RFID_Tag_Reader_Library).
"""

from binascii import crc_hqx
from typing import Final

import msgspec

from edge.drivers.framing import Shape
from edge.readings import TagSeen

VERSION: Final = 0x03
BOOT: Final = 0x04
STREAM: Final = 0x22
READ: Final = 0x2F
SET_ANTENNAS: Final = 0x91
SET_POWER: Final = 0x92
SET_PROTOCOL: Final = 0x93
SET_REGION: Final = 0x97
SET_OPTION: Final = 0x9A

# FF, length, op and status before the data of an answer; the CRC behind it.
_HEAD_BYTES: Final = 5
_OVERHEAD_BYTES: Final = _HEAD_BYTES + 2
# The longest answer that we ask for is a tag: 28 bytes and 31 words of EPC. Longer is noise.
_DATA_BYTES_MAX: Final = 28 + 62
# At 115200 baud the longest answer takes 8 ms, and a USB adapter may hold bytes back for 16 ms.
_PATIENCE_NS: Final = 200_000_000

# The module's CRC shifts the data in where crc_hqx adds them 16 bits further up: the two agree when the
# preset FFFF has been shifted through already and the last two bytes are added as they are.
_SHIFTED_PRESET: Final = crc_hqx(bytes(2), 0xFFFF)

# What stands before each tag, as the start of the read has asked for it: option, search flags, metadata flags
# and a count. Bit n of the flags says that the n-th field is there.
_TAG_HEAD: Final = b"\x10"
_FLAGS_AT: Final = 3
_FIELDS_AT: Final = 6
# Read count, RSSI, antenna, frequency, time, phase, protocol, data (as long as it says), GPIO: bytes of each.
_FIELD_BYTES: Final = (1, 1, 1, 3, 4, 2, 1, 0, 1)
_RSSI: Final = 1
_ANTENNA: Final = 2
# PC before an EPC and its CRC behind it.
_PC_CRC_BYTES: Final = 4


class Frame(msgspec.Struct, frozen=True):
    """One whole answer whose CRC is right."""

    op: int
    status: int
    data: bytes


def framed(op: int, data: bytes = b"") -> bytes:
    """The bytes of a command."""
    body = bytes((len(data), op)) + data
    return b"\xff" + body + _crc(body)


def parsed(raw: bytes) -> Frame:
    """The parts of a whole answer."""
    return Frame(raw[2], int.from_bytes(raw[3:_HEAD_BYTES]), raw[_HEAD_BYTES:-2])


def tag(data: bytes) -> TagSeen:
    """The tag of a stream; raises ValueError when it is none."""
    flags = int.from_bytes(data[_FLAGS_AT : _FLAGS_AT + 2])
    if data[:1] != _TAG_HEAD or flags >> len(_FIELD_BYTES):
        raise ValueError("expected a tag with the metadata that we asked for")
    fields, epc = _fields(data, flags)
    rssi, antenna = fields.get(_RSSI), fields.get(_ANTENNA, b"\0")
    return TagSeen(
        epc.hex().upper(),
        None if rssi is None else int.from_bytes(rssi, signed=True),
        antenna[0] >> 4,  # the transmitting one; the receiving one stands in the lower half
    )


def _fields(data: bytes, flags: int) -> tuple[dict[int, bytes], bytes]:
    """The metadata by their bit, and the EPC behind them."""
    fields: dict[int, bytes] = {}
    at = _FIELDS_AT
    for bit, fixed in enumerate(_FIELD_BYTES):
        if flags >> bit & 1:
            # The data of a tag has two bytes before it that count its bits.
            size = fixed or 2 + (int.from_bytes(data[at : at + 2]) + 7) // 8
            fields[bit] = data[at : at + size]
            at += size
    bits = int.from_bytes(data[at : at + 2])
    epc = data[at + 4 : -2]
    if bits % 8 or bits // 8 != len(epc) + _PC_CRC_BYTES or not epc:
        raise ValueError(f"expected PC, EPC and CRC of {bits} bits, got {len(data) - at - 2} bytes")
    return fields, epc


def _wrong(raw: bytes) -> str | None:
    if raw[-2:] != (crc := _crc(raw[1:-2])):
        return f"CRC: expected {crc.hex().upper()}, got {raw[-2:].hex().upper()}"
    return None


def _crc(data: bytes) -> bytes:
    return (crc_hqx(data[:-2], _SHIFTED_PRESET) ^ int.from_bytes(data[-2:])).to_bytes(2)


SHAPE: Final = Shape(
    (
        b"\xff",
        b"[\x00-\\x%02x]" % _DATA_BYTES_MAX,
        rb"[\x03\x04\x22\x2f\x91\x92\x93\x97\x9a]",
        # The first half of a status: 00 to 07 are what the Mercury API knows, 7F a failed assertion.
        rb"[\x00-\x07\x7f]",
        b".",
    ),
    lambda buffer: buffer[1] + _OVERHEAD_BYTES,
    _wrong,
    _PATIENCE_NS,
)
"""Answers to the commands that we give."""
