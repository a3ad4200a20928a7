"""Frames with a head and a length, cut out of a stream that may begin anywhere and hold noise."""

import re
from collections.abc import Callable, Iterator
from typing import Final

import msgspec

from edge.drivers.alarm import Alarm
from edge.readings import Garbled, Nanoseconds

# A wrong baud rate is noise without end: one Garbled for each third of a second of it at 115200 baud.
NOISE_BYTES_MAX: Final = 4096
# What a person needs to recognise the noise by.
RAW_BYTES_MAX: Final = 80


class Shape(msgspec.Struct, frozen=True):
    """What the frames of one protocol look like.

    `head` is each byte of a head, as a class of a regular expression: the more it says, the less noise is
    waited for. `size_bytes` tells from a buffer that begins with a whole head how long the frame is, or 0
    when it is none after all; it must not be long, since a false head makes us deaf until it is filled.
    `wrong` tells what is wrong with a whole frame. After `patience_ns` of silence the rest of a frame does
    not come.
    """

    head: tuple[bytes, ...]
    size_bytes: Callable[[bytes | bytearray], int]
    wrong: Callable[[bytes], str | None]
    patience_ns: int


class FrameCutter:
    """Cuts frames out of a stream; holds one unfinished frame and the beginning of a run of noise at most."""

    def __init__(self, shape: Shape) -> None:
        self._shape = shape
        self._head = _beginning(shape.head)
        self._buffer = bytearray()
        # How many bytes at the front of the buffer stand in a Garbled already.
        self._told = 0
        self._noise = bytearray()
        self._noise_bytes = 0
        self._alarm = Alarm()

    @property
    def pending(self) -> int:
        """Bytes that are not, or not yet, a frame and of which nothing has been said."""
        return len(self._buffer) - self._told + self._noise_bytes

    @property
    def deadline_ns(self) -> Nanoseconds | None:
        """When the rest of what is pending is given up."""
        return self._alarm.deadline_ns

    def cut(self, data: bytes) -> Iterator[bytes | Garbled]:
        """The frames that `data` completes, each after the noise before it, however the stream is cut."""
        self._buffer += data
        while (size_bytes := self._front()) is not None:
            if size_bytes == 0:
                yield from self._skip()
            else:
                yield from self._take(size_bytes)
        if self._buffer or self._noise_bytes:
            self._alarm.set(self._shape.patience_ns)
        else:
            self._alarm.off()

    def tick(self, now_ns: Nanoseconds) -> Iterator[bytes | Garbled]:
        """Take note of the time; a head whose frame does not come is noise, what follows it is read anew."""
        if self._alarm.rings(now_ns):
            while self._buffer:
                yield from self._skip()
                yield from self.cut(b"")
            yield from self._noise_told()
            self._alarm.off()

    def _front(self) -> int | None:
        """The size of the whole frame at the front; 0 when none begins there, None when more must come."""
        if not self._buffer:
            return None
        if not self._head.match(self._buffer):
            return 0
        if len(self._buffer) < len(self._shape.head):
            return None
        size_bytes = self._shape.size_bytes(self._buffer)
        return size_bytes if len(self._buffer) >= size_bytes else None

    def _skip(self) -> Iterator[Garbled]:
        """Drop the first byte, and all up to where the next frame may begin."""
        found = self._head.search(self._buffer, 1)
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

    def _take(self, size_bytes: int) -> Iterator[bytes | Garbled]:
        raw = bytes(self._buffer[:size_bytes])
        yield from self._noise_told()
        if wrong := self._shape.wrong(raw):
            yield garbled(raw, wrong)
            # A real frame may have begun inside the false one: only the first byte is given up.
            self._told = max(self._told, size_bytes)
            yield from self._skip()
        else:
            del self._buffer[:size_bytes]
            self._told = max(0, self._told - size_bytes)
            yield raw

    def _noise_told(self) -> Iterator[Garbled]:
        if self._noise_bytes:
            yield garbled(self._noise, f"expected a frame, got {self._noise_bytes} bytes that are none")
            self._noise.clear()
            self._noise_bytes = 0


def garbled(raw: bytes | bytearray, reason: str) -> Garbled:
    """Bytes that mean nothing, cut to what a person needs."""
    return Garbled(raw[:RAW_BYTES_MAX].hex().upper(), reason)


def _beginning(head: tuple[bytes, ...]) -> re.Pattern[bytes]:
    """A head, or as much of one as there is at the end of a buffer."""
    pattern = b""
    for each in reversed(head):
        pattern = each + (rb"(?:\Z|" + pattern + rb")" if pattern else b"")
    return re.compile(pattern, re.DOTALL)
