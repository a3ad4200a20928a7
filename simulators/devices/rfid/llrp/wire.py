"""LLRP on the wire (EPCglobal LLRP 1.0.1 and 1.1, section 16): messages, parameters and their numbers."""

from collections.abc import Iterator
from enum import IntEnum
from typing import Final, NamedTuple

HEADER_BYTES: Final = 10
# The largest thing that a host says is a ROSpec with a configuration for each antenna, some kilobytes.
MESSAGE_BYTES_MAX: Final = 65_536
# Three reserved bits, three bits of version, ten bits of type.
TYPE_BITS, VERSION_BITS = 10, 3
TYPE_MASK, VERSION_MASK = (1 << TYPE_BITS) - 1, (1 << VERSION_BITS) - 1


class Type(IntEnum):
    """The messages that the simulated reader hears, and those that it says unasked."""

    GET_READER_CAPABILITIES = 1
    GET_READER_CONFIG = 2
    SET_READER_CONFIG = 3
    CLOSE_CONNECTION = 14
    ADD_ROSPEC = 20
    DELETE_ROSPEC = 21
    START_ROSPEC = 22
    STOP_ROSPEC = 23
    ENABLE_ROSPEC = 24
    DISABLE_ROSPEC = 25
    GET_ROSPECS = 26
    DELETE_ACCESSSPEC = 41
    GET_ACCESSSPECS = 44
    GET_SUPPORTED_VERSION = 46
    SET_PROTOCOL_VERSION = 47
    GET_REPORT = 60
    RO_ACCESS_REPORT = 61
    KEEPALIVE = 62
    READER_EVENT_NOTIFICATION = 63
    ENABLE_EVENTS_AND_REPORTS = 64
    KEEPALIVE_ACK = 72
    ERROR_MESSAGE = 100
    CUSTOM = 1023


class Status(IntEnum):
    """The codes of an LLRPStatus that the reader has reasons to send."""

    SUCCESS = 0
    MESSAGE_PARAMETER = 100
    MESSAGE_OVERFLOW_PARAMETER = 105
    UNSUPPORTED_MESSAGE = 109
    UNSUPPORTED_VERSION = 110
    FIELD = 201
    MISSING_PARAMETER = 203
    UNSUPPORTED_PARAMETER = 209
    INVALID = 300
    OUT_OF_RANGE = 301


class RefusedMessageError(Exception):
    """The reader cannot do what a message asks; status and sentence go into its answer."""

    def __init__(self, status: Status, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class Message(NamedTuple):
    """What a host said."""

    version: int
    type: int
    id: int
    body: bytes


class Parameter(NamedTuple):
    """One parameter in TLV encoding, which is all that a host sends; `raw` is the whole of it."""

    type: int
    value: bytes
    raw: bytes


def message(version: int, kind: int, number: int, body: bytes) -> bytes:
    """Build a message; its length counts the header."""
    head = (version << TYPE_BITS | kind).to_bytes(2)
    return head + (HEADER_BYTES + len(body)).to_bytes(4) + number.to_bytes(4) + body


def tlv(kind: int, *parts: bytes) -> bytes:
    """Build a parameter with type and length, which counts these four bytes."""
    value = b"".join(parts)
    return kind.to_bytes(2) + (4 + len(value)).to_bytes(2) + value


def tv(kind: int, value: bytes) -> bytes:
    """Build a parameter whose length its type says."""
    return bytes((0x80 | kind,)) + value


def text(words: str) -> bytes:
    """Build a string: its length in bytes, and UTF-8."""
    encoded = words.encode()
    return len(encoded).to_bytes(2) + encoded


def status(code: Status, sentence: str = "") -> bytes:
    """Build an LLRPStatus."""
    return tlv(287, code.to_bytes(2), text(sentence))


def custom(vendor: int, subtype: int, value: bytes) -> bytes:
    """Build a Custom parameter of a maker (IANA enterprise number)."""
    return tlv(1023, vendor.to_bytes(4), subtype.to_bytes(4), value)


def parameters(data: bytes) -> Iterator[Parameter]:
    """Read the parameters in a message or a parameter; RefusedMessageError when a length does not fit."""
    start = 0
    while start < len(data):
        size = int.from_bytes(data[start + 2 : start + 4])
        raw = data[start : start + size]
        if size < 4 or len(raw) < size:
            raise RefusedMessageError(Status.MESSAGE_PARAMETER, f"no parameter of {size} bytes fits here")
        yield Parameter(int.from_bytes(raw[:2]) & TYPE_MASK, raw[4:], raw)
        start += size


class MessageReader:
    """Cuts what comes over the line into messages; a length that no message has ends the conversation."""

    def __init__(self) -> None:
        self._pending = bytearray()
        self.lost = False

    def forget(self) -> None:
        """Begin with a new host."""
        self._pending.clear()
        self.lost = False

    def receive(self, data: bytes) -> Iterator[Message]:
        """Take bytes as they come, give messages as they are complete."""
        self._pending += data
        while len(self._pending) >= HEADER_BYTES:
            size = int.from_bytes(self._pending[2:6])
            if not HEADER_BYTES <= size <= MESSAGE_BYTES_MAX:
                self._pending.clear()
                self.lost = True
                return
            if len(self._pending) < size:
                return
            whole = bytes(self._pending[:size])
            del self._pending[:size]
            yield _read(whole)


def _read(whole: bytes) -> Message:
    head = int.from_bytes(whole[:2])
    version = head >> TYPE_BITS & VERSION_MASK
    return Message(version, head & TYPE_MASK, int.from_bytes(whole[6:10]), whole[HEADER_BYTES:])
