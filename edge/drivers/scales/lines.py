"""Lines that end CR LF, cut out of a stream that may begin anywhere and hold noise."""

from collections.abc import Iterator
from typing import Final

from edge.readings import Garbled, Nanoseconds

# The longest line that a driver of ours asks for is 18 bytes; a serial number in quotes may be longer. 64
# bytes and no LF are no scale.
LINE_BYTES_MAX: Final = 64

# At 1200 baud, the slowest that scales offer, a line of 18 bytes takes 150 ms: after twice as long its rest
# does not come any more.
LINE_PATIENCE_NS: Final = 300_000_000


class LineCutter:
    """Cuts lines out of a stream. It holds at most one unfinished line."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        # The rest of a line that was too long is not worth a word, nor is it the beginning of another line.
        self._deaf = False
        self._stirred = False
        self._since_ns: Nanoseconds | None = None

    @property
    def pending(self) -> int:
        """Bytes that wait for their line end."""
        return len(self._buffer)

    @property
    def deadline_ns(self) -> Nanoseconds | None:
        """When the rest of what is pending is given up."""
        if self._since_ns is None or not (self._buffer or self._deaf):
            return None
        return Nanoseconds(self._since_ns + LINE_PATIENCE_NS)

    def cut(self, data: bytes) -> Iterator[bytes | Garbled]:
        """The lines that `data` completes, without their ends; an empty line is none."""
        self._stirred = True
        self._buffer += data
        while (end := self._buffer.find(b"\n")) >= 0:
            line = bytes(self._buffer[: end + 1])
            del self._buffer[: end + 1]
            yield from self._whole(line)
        if len(self._buffer) > LINE_BYTES_MAX:
            yield from self._too_long()

    def tick(self, now_ns: Nanoseconds) -> Iterator[Garbled]:
        """Take note of the time; a line whose rest does not come is noise."""
        if self._stirred or self._since_ns is None:
            self._since_ns = now_ns
            self._stirred = False
        elif now_ns - self._since_ns >= LINE_PATIENCE_NS:
            self._deaf = False
            if self._buffer:
                yield _garbled(self._buffer, "expected a line end, got silence")
                self._buffer.clear()

    def _whole(self, line: bytes) -> Iterator[bytes | Garbled]:
        if self._deaf:
            self._deaf = False
        elif len(line) > LINE_BYTES_MAX + 1:
            yield _too_long(line)
        elif not line.endswith(b"\r\n"):
            yield _garbled(line, "expected CR LF at the end of the line, got LF alone")
        elif line != b"\r\n":
            yield line[:-2]

    def _too_long(self) -> Iterator[Garbled]:
        if not self._deaf:
            yield _too_long(self._buffer)
        self._deaf = True
        self._buffer.clear()


def _too_long(line: bytes | bytearray) -> Garbled:
    return _garbled(line, f"expected a line end within {LINE_BYTES_MAX} bytes, got none")


def _garbled(raw: bytes | bytearray, reason: str) -> Garbled:
    return Garbled(raw[:LINE_BYTES_MAX].hex().upper(), reason)
