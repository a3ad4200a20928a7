"""The frames of the R200 family of tag readers, cut out of a stream that may begin anywhere and hold noise.

`head kind command length(2) params checksum end`. A frame is cut by its length, since its end byte may occur
inside it. Source: "R200 user protocol V2.3.3"; where to find it is said in `hardware/profiles/r200.toml`.
"""

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from edge.readings import Garbled, Nanoseconds

ENDS: Final = {0xAA: 0xDD, 0xBB: 0x7E}
"""First byte of a frame -> its last byte: firmware of this family speaks one pair or the other."""

COMMAND: Final = 0x00
ANSWER: Final = 0x01
NOTICE: Final = 0x02

_HEAD_BYTES: Final = 5
# The head, the checksum and the end byte: what every frame has beside its params.
_OVERHEAD_BYTES: Final = 7

# The longest frame that we can cause is a tag: RSSI, PC, 31 words of EPC (five bits of PC count them), CRC. A
# longer length is noise, and would only make us deaf until it is filled.
PARAMS_BYTES_MAX: Final = 1 + 2 + 2 * 31 + 2

# At 115200 baud the longest frame takes 6.4 ms, and a USB adapter may hold bytes back for 16 ms: after ten
# times as long the rest of a frame does not come any more.
FRAME_PATIENCE_NS: Final = 200_000_000

# A wrong baud rate is noise without end: one Garbled for each third of a second of it at 115200 baud.
NOISE_BYTES_MAX: Final = 4096
# What a person needs to recognise the noise by.
RAW_BYTES_MAX: Final = 80

_HEADS: Final = re.compile(rb"[\xAA\xBB]")
# What each byte of a head may be; with it hardly any noise is waited for.
_PLAUSIBLE: Final = (ENDS.keys(), range(3), range(256), range(1), range(PARAMS_BYTES_MAX + 1))


class Frame(msgspec.Struct, frozen=True):
    """One whole frame whose checksum is right."""

    head: int
    kind: int
    command: int
    params: bytes


def framed(head: int, command: int, params: bytes = b"") -> bytes:
    """The bytes of a command in the framing that begins with `head`."""
    body = bytes([COMMAND, command]) + len(params).to_bytes(2) + params
    return bytes([head]) + body + bytes([sum(body) & 0xFF, ENDS[head]])


class FrameCutter:
    """Cuts frames out of a stream; holds one unfinished frame and the beginning of a run of noise at most."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        # How many bytes at the front of the buffer stand in a Garbled already.
        self._told = 0
        self._noise = bytearray()
        self._noise_bytes = 0
        self._stirred = False
        self._since_ns: Nanoseconds | None = None

    @property
    def pending(self) -> int:
        """Bytes that are not, or not yet, a frame and of which nothing has been said."""
        return len(self._buffer) - self._told + self._noise_bytes

    @property
    def deadline_ns(self) -> Nanoseconds | None:
        """When the rest of what is pending is given up."""
        if self._since_ns is None or not self._waits:
            return None
        return Nanoseconds(self._since_ns + FRAME_PATIENCE_NS)

    def cut(self, data: bytes) -> Iterator[Frame | Garbled]:
        """The frames that `data` completes, each after the noise before it, however the stream is cut."""
        self._stirred = True
        self._buffer += data
        while (size := self._front()) is not None:
            if size == 0:
                yield from self._skip()
            else:
                yield from self._take(size)

    def tick(self, now_ns: Nanoseconds) -> Iterator[Frame | Garbled]:
        """Take note of the time; a head whose frame does not come is noise, what follows it is read anew."""
        if self._stirred or self._since_ns is None:
            self._since_ns = now_ns
            self._stirred = False
        elif self._waits and now_ns - self._since_ns >= FRAME_PATIENCE_NS:
            while self._buffer:
                yield from self._skip()
                yield from self.cut(b"")
            self._stirred = False
            yield from self._noise_told()

    @property
    def _waits(self) -> bool:
        return bool(self._buffer or self._noise_bytes)

    def _front(self) -> int | None:
        """The size of the whole frame at the front; 0 when none begins there, None when more must come."""
        buffer = self._buffer
        if not all(byte in allowed for byte, allowed in zip(buffer, _PLAUSIBLE, strict=False)):
            return 0
        if len(buffer) < _HEAD_BYTES:
            return None
        size = _OVERHEAD_BYTES + buffer[4]
        return size if len(buffer) >= size else None

    def _skip(self) -> Iterator[Garbled]:
        """Drop the first byte, and all up to where the next frame may begin."""
        found = _HEADS.search(self._buffer, 1)
        end = found.start() if found else len(self._buffer)
        fresh = self._buffer[self._told : end]
        self._told = max(0, self._told - end)
        del self._buffer[:end]
        while fresh:
            part = fresh[: NOISE_BYTES_MAX - self._noise_bytes]
            del fresh[: len(part)]
            self._noise += part[: RAW_BYTES_MAX - len(self._noise)]
            self._noise_bytes += len(part)
            if self._noise_bytes == NOISE_BYTES_MAX:
                yield from self._noise_told()

    def _take(self, size: int) -> Iterator[Frame | Garbled]:
        raw = bytes(self._buffer[:size])
        yield from self._noise_told()
        if wrong := _wrong(raw):
            yield Garbled(raw.hex().upper(), wrong)
            # A real frame may have begun inside the false one: only the first byte is given up.
            self._told = max(self._told, size)
            yield from self._skip()
        else:
            del self._buffer[:size]
            self._told = max(0, self._told - size)
            yield Frame(raw[0], raw[1], raw[2], raw[_HEAD_BYTES:-2])

    def _noise_told(self) -> Iterator[Garbled]:
        if self._noise_bytes:
            yield Garbled(
                self._noise.hex().upper(), f"expected a frame, got {self._noise_bytes} bytes that are none"
            )
            self._noise.clear()
            self._noise_bytes = 0


def _wrong(raw: bytes) -> str | None:
    """What is wrong with a whole frame, or None."""
    if raw[-1] != ENDS[raw[0]]:
        return f"end byte: expected {ENDS[raw[0]]:02X}, got {raw[-1]:02X}"
    if (checksum := sum(raw[1:-2]) & 0xFF) != raw[-2]:
        return f"checksum: expected {checksum:02X}, got {raw[-2]:02X}"
    return None
