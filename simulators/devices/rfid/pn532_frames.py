"""Frames of the PN532 (NXP UM0701-02, section 6.2.1): normal, extended, acknowledge, and for errors."""

from collections.abc import Iterator
from enum import Enum
from typing import Final

START: Final = b"\x00\xff"
ACK, NACK = bytes.fromhex("0000FF00FF00"), bytes.fromhex("0000FFFF0000")
# Application level error 7Fh, the only one that there is.
ERROR: Final = bytes.fromhex("0000FF01FF7F8100")
TO_CHIP, TO_HOST = 0xD4, 0xD5
# An extended frame carries at most 264 bytes of data behind its identifier.
LENGTH_MAX: Final = 265


class Sign(Enum):
    """A frame without data."""

    ACK = "ack"
    NACK = "nack"


def frame(data: bytes) -> bytes:
    """Build `00 00FF length its complement D5 data checksum 00`, long where one byte cannot count it."""
    body = bytes((TO_HOST,)) + data
    if len(body) <= 0xFF:
        length = bytes((len(body), -len(body) & 0xFF))
    else:
        count = len(body).to_bytes(2)
        length = b"\xff\xff" + count + bytes((-sum(count) & 0xFF,))
    return b"\x00\x00\xff" + length + body + bytes((-sum(body) & 0xFF, 0))


class FrameReader:
    """Finds frames of a host by their start code; what does not add up is passed over."""

    def __init__(self) -> None:
        self._pending = bytearray()

    def forget(self) -> None:
        """Lose what has come."""
        self._pending.clear()

    def receive(self, data: bytes) -> Iterator[bytes | Sign]:
        """Take bytes as they come, give the data behind D4, or a sign."""
        self._pending += data
        while (start := self._pending.find(START)) >= 0:
            del self._pending[:start]
            if (found := self._found()) is None:
                return
            size, what = found
            del self._pending[:size]
            if what is not None:
                yield what
        # The last byte may be the first one of a start code.
        del self._pending[:-1]

    def _found(self) -> tuple[int, bytes | Sign | None] | None:
        """How many bytes belong to what begins here, and what it is; None while too little has come."""
        given = bytes(self._pending)
        if len(given) < 4:
            return None
        if given[2:4] in (b"\x00\xff", b"\xff\x00"):
            return 4, Sign.ACK if given[2] == 0 else Sign.NACK
        if given[2:4] != b"\xff\xff":
            return self._checked(given, 4, given[2], adds_up=sum(given[2:4]) & 0xFF == 0)
        if len(given) < 7:
            return None
        return self._checked(given, 7, int.from_bytes(given[4:6]), adds_up=sum(given[4:7]) & 0xFF == 0)

    def _checked(
        self, given: bytes, begin: int, length: int, *, adds_up: bool
    ) -> tuple[int, bytes | None] | None:
        if not adds_up or not 1 <= length <= LENGTH_MAX:
            return len(START), None
        end = begin + length
        if len(given) <= end:
            return None
        body = given[begin:end]
        whole = (sum(body) + given[end]) & 0xFF == 0 and body[0] == TO_CHIP
        return (end + 1, body[1:]) if whole else (len(START), None)
