"""LLRP on paper: its messages written a second time, so that one misreading cannot hide in both."""

import struct

from edge.readings import Nanoseconds

SECOND = 1_000_000_000

EPC = "3034257BF7194E4000001A85"
SUCCESS = bytes.fromhex("011F000800000000")


def at(seconds: float) -> Nanoseconds:
    return Nanoseconds(round(seconds * SECOND))


def message(kind: int, body: bytes = b"", number: int = 0, version: int = 1) -> bytes:
    return struct.pack(">HII", version * 1024 + kind, 10 + len(body), number) + body


def parameter(kind: int, *parts: bytes) -> bytes:
    value = b"".join(parts)
    return struct.pack(">HH", kind, 4 + len(value)) + value


def status(code: int, text: str = "") -> bytes:
    said = text.encode()
    return parameter(287, struct.pack(">HH", code, len(said)), said)


def event(kind: int, value: bytes = b"", version: int = 1) -> bytes:
    clock = parameter(128, bytes(8))
    return message(63, parameter(246, clock, parameter(kind, value)), version=version)


def greeting(outcome: int = 0, version: int = 1) -> bytes:
    return event(256, struct.pack(">H", outcome), version)


def tag(epc: str = EPC, rssi_dbm: int = -48, antenna: int = 1) -> bytes:
    return parameter(
        240,
        b"\x8d" + bytes.fromhex(epc),
        struct.pack(">BH", 0x81, antenna),
        struct.pack(">Bb", 0x86, rssi_dbm),
    )


def report(*tags: bytes) -> bytes:
    return message(61, b"".join(tags or (tag(),)))


ROUND_OVER = event(254, bytes.fromhex("00000000010001"))
KEEPALIVE = message(62, number=7)
