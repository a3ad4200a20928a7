"""The parameters of LLRP: how a chain of them is walked, whatever it holds, and how our own are written.

A TLV parameter is `type(2) length(2) value`, the length counting its own four bytes; a TV parameter is one
byte with its highest bit set and a value whose length its type fixes. Everything is big endian. Source: LLRP
1.1, section 17.2; the numbers are those of 1.0.1 and 1.1 alike.
"""

from enum import IntEnum
from struct import Struct
from typing import Final

TLV_HEAD: Final = Struct(">HH")

# Types of TLV parameters take ten bits, the six above them are reserved as zero.
TYPE_MAX: Final = 0x3FF

TV_MARK: Final = 0x80

# TV type -> bytes of its value.
_TV_VALUE_BYTES: Final = {
    1: 2,  # AntennaID
    2: 8,  # FirstSeenTimestampUTC
    3: 8,  # FirstSeenTimestampUptime
    4: 8,  # LastSeenTimestampUTC
    5: 8,  # LastSeenTimestampUptime
    6: 1,  # PeakRSSI
    7: 2,  # ChannelIndex
    8: 2,  # TagSeenCount
    9: 4,  # ROSpecID
    10: 2,  # InventoryParameterSpecID
    11: 2,  # C1G2_CRC
    12: 2,  # C1G2_PC
    13: 12,  # EPC_96
    14: 2,  # SpecIndex
    15: 2,  # ClientRequestOpSpecResult
    16: 4,  # AccessSpecID
    17: 2,  # OpSpecID
    18: 4,  # C1G2SingulationDetails
    19: 2,  # C1G2_XPC_W1
    20: 2,  # C1G2_XPC_W2
}

TV_BYTES: Final = tuple(
    1 + _TV_VALUE_BYTES[mark - TV_MARK] if mark - TV_MARK in _TV_VALUE_BYTES else 0 for mark in range(256)
)
"""First byte of a parameter -> the bytes it takes as a whole; 0 for a TLV, or a TV that nobody knows."""


class Param(IntEnum):
    """The TLV parameters that we read or write; all others are skipped by their length."""

    GENERAL_DEVICE_CAPABILITIES = 137
    RO_SPEC = 177
    RO_BOUNDARY_SPEC = 178
    RO_SPEC_START_TRIGGER = 179
    RO_SPEC_STOP_TRIGGER = 182
    AI_SPEC = 183
    AI_SPEC_STOP_TRIGGER = 184
    INVENTORY_PARAMETER_SPEC = 186
    IDENTIFICATION = 218
    KEEPALIVE_SPEC = 220
    ANTENNA_PROPERTIES = 221
    ANTENNA_CONFIGURATION = 222
    EVENTS_AND_REPORTS = 226
    RO_REPORT_SPEC = 237
    TAG_REPORT_CONTENT_SELECTOR = 238
    TAG_REPORT_DATA = 240
    EPC_DATA = 241
    READER_EVENT_NOTIFICATION_SPEC = 244
    EVENT_NOTIFICATION_STATE = 245
    READER_EVENT_NOTIFICATION_DATA = 246
    RO_SPEC_EVENT = 249
    REPORT_BUFFER_OVERFLOW = 251
    READER_EXCEPTION_EVENT = 252
    AI_SPEC_EVENT = 254
    ANTENNA_EVENT = 255
    CONNECTION_ATTEMPT_EVENT = 256
    LLRP_STATUS = 287
    C1G2_INVENTORY_COMMAND = 330
    C1G2_SINGULATION_CONTROL = 336


Found = tuple[int, int, int]
"""The type of a parameter, and where its value begins and ends."""


def chain(data: bytes, at: int, end: int) -> list[Found] | None:
    """The parameters that fill `data` from `at` to `end`; None when they do not fill it exactly."""
    found = []
    while at < end:
        if size := TV_BYTES[data[at]]:
            found.append((data[at] - TV_MARK, at + 1, at + size))
        elif at + TLV_HEAD.size > end:
            return None
        else:
            kind, size = TLV_HEAD.unpack_from(data, at)
            if size < TLV_HEAD.size or kind > TYPE_MAX:
                return None
            found.append((kind, at + TLV_HEAD.size, at + size))
        at += size
    return found if at == end else None


def tlv(kind: Param, *parts: bytes) -> bytes:
    """A parameter around its fields and its own parameters."""
    value = b"".join(parts)
    return TLV_HEAD.pack(kind, TLV_HEAD.size + len(value)) + value
