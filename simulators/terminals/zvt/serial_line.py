"""The link over a serial line: frames between DLE STX and DLE ETX with a CRC, each answered by ACK or NAK."""

from binascii import crc_hqx
from collections import deque
from typing import Final

from simulators.terminals.zvt.apdu import UNSENT_MAX, Apdu, first

STX, ETX, ACK, DLE, NAK = 0x02, 0x03, 0x06, 0x10, 0x15
BEGIN: Final = bytes((DLE, STX))
END: Final = bytes((DLE, ETX))
# T1: characters of one frame are no further apart.
GAP_NS: Final = 200_000_000
# How long an ACK may take, and how often a frame is said. The sources do not agree on T2: 5 s or 15 s.
ACK_NS: Final = 5_000_000_000
TRIES: Final = 3
# The longest message, all of it DLE, and the frame around it.
FRAME_BYTES_MAX: Final = 2 * (5 + 65_535) + 6

_REFLECTED: Final = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def crc(data: bytes) -> bytes:
    """CRC-16/KERMIT, low byte first: the CCITT polynomial, every byte reflected going in and coming out."""
    value = crc_hqx(data.translate(_REFLECTED), 0)
    return bytes((_REFLECTED[value >> 8], _REFLECTED[value & 0xFF]))


def framed(apdu: bytes) -> bytes:
    """A frame; the CRC is over what is not doubled, and is not doubled itself."""
    doubled = apdu.replace(bytes((DLE,)), bytes((DLE, DLE)))
    return BEGIN + doubled + END + crc(apdu + bytes((ETX,)))


class _Frame:
    """A frame that is coming in; `done` is None until its last byte is there."""

    def __init__(self) -> None:
        self._inside = bytearray()
        self._after_dle = False
        self._check = b""
        self._ended = False
        self._bytes = 0

    def take(self, byte: int) -> Apdu | bool | None:
        """One more byte: None if there is more to come, False if this is no frame, else what is in it."""
        self._bytes += 1
        if self._ended:
            self._check += bytes((byte,))
            return self._checked() if len(self._check) == 2 else None
        if self._after_dle:
            self._after_dle = False
            if byte == ETX:
                self._ended = True
            elif byte == DLE:
                self._inside.append(byte)
            else:
                return False
        elif byte == DLE:
            self._after_dle = True
        else:
            self._inside.append(byte)
        return None if self._bytes <= FRAME_BYTES_MAX else False

    def _checked(self) -> Apdu | bool:
        if self._check != crc(bytes(self._inside) + bytes((ETX,))):
            return False
        found = first(bytes(self._inside))
        return found[0] if found and found[1] == len(self._inside) else False


class SerialLink:
    """One frame at a time each way: what is not acknowledged is said again, thrice in all."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin anew: a frame that nobody acknowledged is not said any more."""
        self._frame: _Frame | None = None
        self._after_dle = False
        self._heard_ns = 0
        self._replies = bytearray()
        self._row: deque[bytes] = deque()
        self._tries = 0
        self._again_ns: int | None = None

    @property
    def wakes_ns(self) -> int | None:
        """When the frame that is out will be said again."""
        return self._again_ns

    @property
    def delivering(self) -> bool:
        """Whether a frame waits for its ACK."""
        return bool(self._row)

    def send(self, apdu: Apdu) -> None:
        """Put a message in the row."""
        if len(self._row) < UNSENT_MAX:
            self._row.append(framed(apdu.encoded()))

    def said(self, now_ns: int) -> list[bytes]:
        """Give ACKs and NAKs, and the next frame or the last once more."""
        said = [bytes(self._replies)] if self._replies else []
        self._replies.clear()
        if self._again_ns is not None and now_ns >= self._again_ns:
            self._again_ns = None
        if self._row and self._tries >= TRIES and self._again_ns is None:
            self._next()
        if self._row and self._again_ns is None:
            said.append(self._row[0])
            self._tries += 1
            self._again_ns = now_ns + ACK_NS
        return said

    def receive(self, data: bytes, now_ns: int) -> list[Apdu]:
        """Take bytes cut in any way and give the messages of good frames."""
        if self._frame and now_ns - self._heard_ns > GAP_NS:
            self._frame = None
            self._replies.append(NAK)
        self._heard_ns = now_ns
        return [apdu for byte in data if (apdu := self._take(byte))]

    def _take(self, byte: int) -> Apdu | None:
        if self._frame is None:
            self._between(byte)
            return None
        frame = self._frame.take(byte)
        if frame is None:
            return None
        self._frame = None
        self._replies.append(ACK if frame else NAK)
        return frame if isinstance(frame, Apdu) else None

    def _between(self, byte: int) -> None:
        """Outside of a frame only its beginning, ACK and NAK mean anything."""
        if self._after_dle and byte == STX:
            self._frame = _Frame()
        elif byte == ACK and self._again_ns is not None:
            self._next()
        elif byte == NAK and self._again_ns is not None:
            self._again_ns = None
        self._after_dle = byte == DLE

    def _next(self) -> None:
        self._row.popleft()
        self._tries, self._again_ns = 0, None
