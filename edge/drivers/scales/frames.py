"""Frames of any scale, cut out of a stream that may begin anywhere and hold noise."""

import re
from collections.abc import Callable, Iterator
from typing import Final

from edge.drivers.framing import NOISE_BYTES_MAX, RAW_BYTES_MAX, garbled
from edge.readings import Garbled, Nanoseconds

Measure = Callable[[bytearray], int | None]
"""The size of the frame at the front of a buffer that is not empty: 0 where none begins, None where more must
come. It is shown no more than `longest` bytes, and need not give up by itself."""

# At 1200 baud, the slowest that scales offer, the longest of our frames (64 bytes) takes 530 ms; a frame
# halts in the middle only where an adapter holds bytes back, for some 16 ms. What halts longer does not go
# on.
FRAME_PATIENCE_NS: Final = 300_000_000


class FrameCutter:
    """Cuts frames out of a stream; it holds one unfinished frame and the beginning of a run of noise at most.

    `heads` are the bytes that a frame may begin with; without them one begins where the last has ended.
    `longest` is more than any frame has.
    """

    def __init__(self, measure: Measure, heads: bytes, longest: int) -> None:
        self._measure = measure
        self._heads = re.compile(b"[" + re.escape(heads) + b"]") if heads else None
        self._longest = longest
        self._buffer = bytearray()
        self._noise = bytearray()
        self._noise_bytes = 0
        self._stirred = False
        self._since_ns: Nanoseconds | None = None

    @property
    def pending(self) -> int:
        """Bytes that are not, or not yet, a frame and of which nothing has been said."""
        return len(self._buffer) + self._noise_bytes

    @property
    def deadline_ns(self) -> Nanoseconds | None:
        """When the rest of what is pending is given up."""
        if self._since_ns is None or not self.pending:
            return None
        return Nanoseconds(self._since_ns + FRAME_PATIENCE_NS)

    def cut(self, data: bytes) -> Iterator[bytes | Garbled]:
        """The frames that `data` completes, each after the noise before it, however the stream is cut."""
        self._stirred = True
        self._buffer += data
        while (size := self._front()) is not None:
            if size == 0:
                yield from self._skip()
            else:
                yield from self._noise_told()
                frame = bytes(self._buffer[:size])
                del self._buffer[:size]
                yield frame

    def tick(self, now_ns: Nanoseconds) -> Iterator[bytes | Garbled]:
        """Take note of the time; a head whose frame does not come is noise, what follows it is read anew."""
        if self._stirred or self._since_ns is None:
            self._since_ns = now_ns
            self._stirred = False
        elif self.pending and now_ns - self._since_ns >= FRAME_PATIENCE_NS:
            while self._buffer:
                yield from self._skip()
                yield from self.cut(b"")
            self._stirred = False
            yield from self._noise_told()

    def _front(self) -> int | None:
        if not self._buffer:
            return None
        if self._heads is not None and not self._heads.match(self._buffer):
            return 0
        size = self._measure(self._buffer[: self._longest])
        return 0 if size is None and len(self._buffer) >= self._longest else size

    def _skip(self) -> Iterator[Garbled]:
        """Drop the first byte, and all up to where the next frame may begin."""
        end = self._next_head()
        dropped = self._buffer[:end]
        del self._buffer[:end]
        while dropped:
            part = dropped[: NOISE_BYTES_MAX - self._noise_bytes]
            del dropped[: len(part)]
            self._noise += part[: RAW_BYTES_MAX - len(self._noise)]
            self._noise_bytes += len(part)
            if self._noise_bytes == NOISE_BYTES_MAX:
                yield from self._noise_told()

    def _next_head(self) -> int:
        if self._heads is None:
            return min(len(self._buffer), self._longest)
        found = self._heads.search(self._buffer, 1)
        return found.start() if found else len(self._buffer)

    def _noise_told(self) -> Iterator[Garbled]:
        if self._noise_bytes:
            yield garbled(self._noise, f"expected a frame, got {self._noise_bytes} bytes that are none")
            self._noise.clear()
            self._noise_bytes = 0


def between(head: bytes, ends: bytes) -> Measure:
    """Frames from `head` to one of `ends`; a second head begins anew: the first frame has lost its end."""
    marks = re.compile(b"[" + re.escape(head + ends) + b"]")

    def measure(buffer: bytearray) -> int | None:
        found = marks.search(buffer, 1)
        if found is None:
            return None
        return 0 if found[0] == head else found.end()

    return measure


def line(buffer: bytearray) -> int | None:
    """Lines that end in CR or LF, whichever comes first: the other one is an empty line."""
    found = _LINE_END.search(buffer)
    return None if found is None else found.end()


_LINE_END: Final = re.compile(rb"[\r\n]")
