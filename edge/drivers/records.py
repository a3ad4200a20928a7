"""Records of one size, cut out of a stream that may begin anywhere and hold noise.

The kernel hands its records over whole; a pty that stands for it, or a recording, may be cut anywhere. They
carry no checksum: a record is one when every field of it is what the kernel could have written.
"""

from collections.abc import Callable, Iterator
from typing import Final

from edge.drivers.alarm import Alarm
from edge.drivers.framing import NOISE_BYTES_MAX, RAW_BYTES_MAX, garbled
from edge.readings import Garbled, Nanoseconds

# The kernel never waits in the middle of a record; whoever stands for it is done within a fifth of a second.
RECORD_PATIENCE_NS: Final = 200_000_000


class RecordCutter:
    """Cuts records out of a stream; holds one unfinished record and the start of a run of noise at most."""

    def __init__(self, size: int, plausible: Callable[[bytes], bool]) -> None:
        self._size = size
        self._plausible = plausible
        self._buffer = bytearray()
        self._noise = bytearray()
        self._noise_bytes = 0
        self._alarm = Alarm()

    @property
    def pending(self) -> int:
        """Bytes that are not, or not yet, a record and of which nothing has been said."""
        return len(self._buffer) + self._noise_bytes

    @property
    def deadline_ns(self) -> Nanoseconds | None:
        """When the rest of what is pending is given up."""
        return self._alarm.deadline_ns

    def cut(self, data: bytes) -> Iterator[bytes | Garbled]:
        """The records that `data` completes, each after the noise before it."""
        self._buffer += data
        while len(self._buffer) >= self._size:
            record = bytes(self._buffer[: self._size])
            if self._plausible(record):
                yield from self._noise_told()
                del self._buffer[: self._size]
                yield record
            else:
                yield from self._skip(1)
        if self.pending:
            self._alarm.set(RECORD_PATIENCE_NS)
        else:
            self._alarm.off()

    def tick(self, now_ns: Nanoseconds) -> Iterator[Garbled]:
        """Take note of the time; a record whose rest does not come is noise."""
        if self._alarm.rings(now_ns):
            yield from self._skip(len(self._buffer))
            yield from self._noise_told()

    def _skip(self, count: int) -> Iterator[Garbled]:
        self._noise += self._buffer[: min(count, RAW_BYTES_MAX - len(self._noise))]
        self._noise_bytes += count
        del self._buffer[:count]
        if self._noise_bytes >= NOISE_BYTES_MAX:
            yield from self._noise_told()

    def _noise_told(self) -> Iterator[Garbled]:
        if self._noise_bytes:
            reason = f"expected a record of {self._size} bytes, got {self._noise_bytes} bytes that are none"
            yield garbled(self._noise, reason)
            self._noise.clear()
            self._noise_bytes = 0
