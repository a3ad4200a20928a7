"""The messages of LLRP: what they look like from outside, whoever says them.

`reserved(3 bits) version(3) type(10) length(4) id(4)`, then fields, then parameters; the length counts the
whole message. Source: LLRP 1.0.1, section 16.1, and LLRP 1.1, section 17.1.
"""

from enum import IntEnum
from struct import Struct
from typing import Final

import msgspec

from edge.drivers.framing import Shape
from edge.drivers.rfid.llrp.parameters import TLV_HEAD, TYPE_MAX, Found, chain

VERSIONS: Final = (1, 2)
"""What a header says for LLRP 1.0.1 and for 1.1."""

_HEAD: Final = Struct(">HII")
HEAD_BYTES: Final = _HEAD.size

# A report of 10,000 tags with every field is 0.8 MB, and the longest capabilities are some 10 KB: a longer
# length is noise, and would only make us deaf until it is filled.
MESSAGE_BYTES_MAX: Final = 1024 * 1024

# A network in trouble holds segments back for a second or so; after two the rest of a message is lost.
MESSAGE_PATIENCE_NS: Final = 2_000_000_000


class Kind(IntEnum):
    """The types of messages."""

    GET_READER_CAPABILITIES = 1
    GET_READER_CONFIG = 2
    SET_READER_CONFIG = 3
    CLOSE_CONNECTION_RESPONSE = 4
    GET_READER_CAPABILITIES_RESPONSE = 11
    GET_READER_CONFIG_RESPONSE = 12
    SET_READER_CONFIG_RESPONSE = 13
    CLOSE_CONNECTION = 14
    ADD_ROSPEC = 20
    DELETE_ROSPEC = 21
    START_ROSPEC = 22
    STOP_ROSPEC = 23
    ENABLE_ROSPEC = 24
    DISABLE_ROSPEC = 25
    GET_ROSPECS = 26
    ADD_ROSPEC_RESPONSE = 30
    DELETE_ROSPEC_RESPONSE = 31
    START_ROSPEC_RESPONSE = 32
    STOP_ROSPEC_RESPONSE = 33
    ENABLE_ROSPEC_RESPONSE = 34
    DISABLE_ROSPEC_RESPONSE = 35
    GET_ROSPECS_RESPONSE = 36
    ADD_ACCESSSPEC = 40
    DELETE_ACCESSSPEC = 41
    ENABLE_ACCESSSPEC = 42
    DISABLE_ACCESSSPEC = 43
    GET_ACCESSSPECS = 44
    CLIENT_REQUEST_OP = 45
    GET_SUPPORTED_VERSION = 46
    SET_PROTOCOL_VERSION = 47
    ADD_ACCESSSPEC_RESPONSE = 50
    DELETE_ACCESSSPEC_RESPONSE = 51
    ENABLE_ACCESSSPEC_RESPONSE = 52
    DISABLE_ACCESSSPEC_RESPONSE = 53
    GET_ACCESSSPECS_RESPONSE = 54
    CLIENT_REQUEST_OP_RESPONSE = 55
    GET_SUPPORTED_VERSION_RESPONSE = 56
    SET_PROTOCOL_VERSION_RESPONSE = 57
    GET_REPORT = 60
    RO_ACCESS_REPORT = 61
    KEEPALIVE = 62
    READER_EVENT_NOTIFICATION = 63
    ENABLE_EVENTS_AND_REPORTS = 64
    KEEPALIVE_ACK = 72
    ERROR_MESSAGE = 100
    CUSTOM_MESSAGE = 1023


HOSTS: Final[frozenset[int]] = frozenset(
    {
        Kind.GET_READER_CAPABILITIES,
        Kind.GET_READER_CONFIG,
        Kind.SET_READER_CONFIG,
        Kind.CLOSE_CONNECTION,
        *range(Kind.ADD_ROSPEC, Kind.GET_ROSPECS + 1),
        *range(Kind.ADD_ACCESSSPEC, Kind.GET_ACCESSSPECS + 1),
        Kind.CLIENT_REQUEST_OP_RESPONSE,
        Kind.GET_SUPPORTED_VERSION,
        Kind.SET_PROTOCOL_VERSION,
        Kind.GET_REPORT,
        Kind.ENABLE_EVENTS_AND_REPORTS,
        Kind.KEEPALIVE_ACK,
    }
)
"""The types that only a host sends."""

# Messages that are fields and nothing else -> their bytes.
_FIELDS_ONLY: Final[dict[int, int]] = {
    Kind.CLOSE_CONNECTION: 0,
    Kind.DELETE_ROSPEC: 4,
    Kind.START_ROSPEC: 4,
    Kind.STOP_ROSPEC: 4,
    Kind.ENABLE_ROSPEC: 4,
    Kind.DISABLE_ROSPEC: 4,
    Kind.GET_ROSPECS: 0,
    Kind.DELETE_ACCESSSPEC: 4,
    Kind.ENABLE_ACCESSSPEC: 4,
    Kind.DISABLE_ACCESSSPEC: 4,
    Kind.GET_ACCESSSPECS: 0,
    Kind.GET_SUPPORTED_VERSION: 0,
    Kind.SET_PROTOCOL_VERSION: 1,
    Kind.GET_REPORT: 0,
    Kind.KEEPALIVE: 0,
    Kind.ENABLE_EVENTS_AND_REPORTS: 0,
    Kind.KEEPALIVE_ACK: 0,
}
# Messages whose parameters come after fields -> the bytes of those; all others begin with parameters.
_FIELDS_FIRST: Final[dict[int, int]] = {
    Kind.GET_READER_CAPABILITIES: 1,
    Kind.GET_READER_CONFIG: 7,
    Kind.SET_READER_CONFIG: 1,
    Kind.GET_SUPPORTED_VERSION_RESPONSE: 2,
    Kind.CUSTOM_MESSAGE: 5,
}


class _Layout(msgspec.Struct, frozen=True):
    """How long a message may be, and where its parameters begin; None where it has none to walk."""

    least: int
    most: int
    parameters_at: int | None


def _layout(kind: Kind) -> _Layout:
    if kind in _FIELDS_ONLY:
        size = HEAD_BYTES + _FIELDS_ONLY[kind]
        return _Layout(size, size, None)
    fields = _FIELDS_FIRST.get(kind, 0)
    # What a maker's own message holds after its vendor and subtype is the maker's own affair.
    parameters_at = None if kind is Kind.CUSTOM_MESSAGE else fields
    return _Layout(HEAD_BYTES + fields, MESSAGE_BYTES_MAX, parameters_at)


_LAYOUTS: Final = {int(kind): _layout(kind) for kind in Kind}


class Message(msgspec.Struct, frozen=True):
    """One whole message whose parameters add up to its length."""

    version: int
    kind: int
    id: int
    body: bytes
    parameters: list[Found]


def framed(version: int, kind: Kind, number: int, body: bytes = b"") -> bytes:
    """The bytes of a message."""
    return _HEAD.pack(version << 10 | kind, HEAD_BYTES + len(body), number) + body


def parsed(raw: bytes) -> Message:
    """What a whole message says."""
    version_kind, _, number = _HEAD.unpack_from(raw)
    kind = version_kind & TYPE_MAX
    body = raw[HEAD_BYTES:]
    return Message(version_kind >> 10, kind, number, body, _parameters(kind, body) or [])


def _parameters(kind: int, body: bytes) -> list[Found] | None:
    at = _LAYOUTS[kind].parameters_at
    return [] if at is None else chain(body, at, len(body))


def _size_bytes(buffer: bytes | bytearray) -> int:
    """How long the message at the front is; 0 when none begins there."""
    version_kind: int
    size: int
    version_kind, size, _ = _HEAD.unpack_from(buffer)
    layout = _LAYOUTS.get(version_kind & TYPE_MAX)
    if layout is None or version_kind >> 10 not in VERSIONS or not layout.least <= size <= layout.most:
        return 0
    return size if _begins_well(buffer, size, layout) else 0


def _begins_well(buffer: bytes | bytearray, size: int, layout: _Layout) -> bool:
    """Whether the first parameter, once it can be seen, fits into the message: noise is not waited for."""
    if layout.parameters_at is None or size == layout.least:
        return True
    at = HEAD_BYTES + layout.parameters_at
    if len(buffer) < at + TLV_HEAD.size:
        return True
    kind: int
    length: int
    kind, length = TLV_HEAD.unpack_from(buffer, at)
    return kind <= TYPE_MAX and TLV_HEAD.size <= length <= size - at


def _wrong(raw: bytes) -> str | None:
    """What is wrong with a whole message, or None."""
    kind = _HEAD.unpack_from(raw)[0] & TYPE_MAX
    if _parameters(kind, raw[HEAD_BYTES:]) is None:
        return f"expected parameters that fill a message of {len(raw)} bytes, got others"
    return None


SHAPE: Final = Shape(
    # The first bytes of the two versions, with types below 256 and with type 1023; any type; a length, whose
    # highest byte the limit leaves zero; any number.
    (b"[\x04\x07\x08\x0b]", b".", b"\x00", b".", b".", b".", b".", b".", b".", b"."),
    _size_bytes,
    _wrong,
    MESSAGE_PATIENCE_NS,
)
"""Messages of either version, in either direction."""
