"""What carries messages: TCP, where they follow each other, or a serial line, where each is confirmed."""

from collections.abc import Iterator
from typing import Final, Protocol

from edge.drivers.alarm import Alarm
from edge.drivers.framing import FrameCutter
from edge.drivers.terminals.zvt import apdu, serial_line
from edge.readings import Garbled, Nanoseconds

# T1: the longest gap between two characters of one frame (wirelane/ecrterm).
_GAP_NS: Final = 200_000_000

# A frame that the terminal could not read is said again so often (wirelane/ecrterm).
_AGAIN_MAX: Final = 3

# Every byte of the longest message may be doubled.
_FRAME_BYTES_MAX: Final = 2 * apdu.APDU_BYTES_MAX

_CHECKSUM_BYTES: Final = 2

# A wrong baud rate is noise without end: one Garbled for each four seconds of it at 9600 baud.
_NOISE_BYTES_MAX: Final = 4096


class Link(Protocol):
    """Bytes to messages and back; noise is told without its bytes, which may be those of a card."""

    @property
    def pending(self) -> int:
        """Bytes that are not, or not yet, a message and of which nothing has been said."""
        ...

    @property
    def deadline_ns(self) -> Nanoseconds | None:
        """When the rest of what is pending is given up."""
        ...

    def receive(self, data: bytes) -> Iterator[bytes | Garbled]:
        """The messages that these bytes complete."""
        ...

    def send(self, message: bytes, *, once: bool) -> None:
        """Say it with the next `to_send`; `once` and never again, whatever the terminal makes of it."""
        ...

    def to_send(self) -> bytes:
        """What is to be sent now; it is handed out once."""
        ...

    def tick(self, now_ns: Nanoseconds) -> Iterator[bytes | Garbled]:
        """Take note of the time."""
        ...


class TcpLink:
    """Messages one behind the other, cut out by their lengths however they come in pieces."""

    def __init__(self) -> None:
        self._cutter = FrameCutter(apdu.SHAPE)
        self._outgoing = b""

    @property
    def pending(self) -> int:
        """Bytes that are not, or not yet, a message and of which nothing has been said."""
        return self._cutter.pending

    @property
    def deadline_ns(self) -> Nanoseconds | None:
        """When the rest of what is pending is given up."""
        return self._cutter.deadline_ns

    def receive(self, data: bytes) -> Iterator[bytes | Garbled]:
        """The messages that these bytes complete."""
        yield from map(_withheld, self._cutter.cut(data))

    def send(self, message: bytes, *, once: bool) -> None:  # noqa: ARG002 (TCP itself never says it twice)
        """Say it with the next `to_send`."""
        self._outgoing += message

    def to_send(self) -> bytes:
        """What is to be sent now; it is handed out once."""
        outgoing, self._outgoing = self._outgoing, b""
        return outgoing

    def tick(self, now_ns: Nanoseconds) -> Iterator[bytes | Garbled]:
        """Take note of the time."""
        yield from map(_withheld, self._cutter.tick(now_ns))


class SerialLink:
    """Frames with checksums: each that comes is confirmed or refused.

    One of ours that is refused is said again, unless it must be said once.
    """

    def __init__(self) -> None:
        self._frame = bytearray()
        self._escaped = False
        # How long the frame is; 0 as long as its end has not come.
        self._size = 0
        self._noise_bytes = 0
        self._alarm = Alarm()
        self._outgoing = b""
        self._last: bytes | None = None
        self._tries = 0

    @property
    def pending(self) -> int:
        """Bytes that are not, or not yet, a frame and of which nothing has been said."""
        return len(self._frame) + self._noise_bytes

    @property
    def deadline_ns(self) -> Nanoseconds | None:
        """When the rest of what is pending is given up."""
        return self._alarm.deadline_ns

    def receive(self, data: bytes) -> Iterator[bytes | Garbled]:
        """The messages that these bytes complete."""
        for byte in data:
            yield from self._byte(byte)
        if self.pending:
            self._alarm.set(_GAP_NS)
        else:
            self._alarm.off()

    def send(self, message: bytes, *, once: bool) -> None:
        """Say it with the next `to_send`; `once` and never again, though the terminal could not read it."""
        frame = serial_line.framed(message)
        self._outgoing += frame
        self._last, self._tries = (None if once else frame), 0

    def to_send(self) -> bytes:
        """What is to be sent now; it is handed out once."""
        outgoing, self._outgoing = self._outgoing, b""
        return outgoing

    def tick(self, now_ns: Nanoseconds) -> Iterator[bytes | Garbled]:
        """Take note of the time; a frame whose rest does not come is refused, so that it comes again."""
        if self._alarm.rings(now_ns):
            if self._frame:
                yield from self._dropped("expected the rest of a frame, got nothing more")
            yield from self._noise_told()

    def _byte(self, byte: int) -> Iterator[bytes | Garbled]:
        if not self._frame and byte in {serial_line.ACK[0], serial_line.NAK[0]}:
            yield from self._noise_told()
            self._confirmed(well=byte == serial_line.ACK[0])
            return
        self._frame.append(byte)
        if len(self._frame) <= len(serial_line.START):
            if not serial_line.START.startswith(self._frame):
                yield from self._skipped()
            self._size, self._escaped = 0, False
        elif self._size:
            if len(self._frame) == self._size:
                yield from self._whole()
        elif self._escaped:
            yield from self._after_escape(byte)
        else:
            self._escaped = byte == serial_line.DLE[0]
            if len(self._frame) > _FRAME_BYTES_MAX:
                yield from self._dropped(f"expected a frame of at most {_FRAME_BYTES_MAX} bytes, got more")

    def _after_escape(self, byte: int) -> Iterator[bytes | Garbled]:
        self._escaped = False
        if byte == serial_line.END[1]:
            self._size = len(self._frame) + _CHECKSUM_BYTES
        elif byte == serial_line.START[1]:
            self._frame[:] = serial_line.START
            yield _garbled("expected the end of a frame, got the beginning of another")
        elif byte != serial_line.DLE[0]:
            yield from self._dropped("expected the end of a frame, got something else")

    def _whole(self) -> Iterator[bytes | Garbled]:
        yield from self._noise_told()
        message = serial_line.unframed(bytes(self._frame))
        if message is None or len(message) < apdu.HEAD_BYTES or apdu.size_bytes(message) != len(message):
            yield from self._dropped("expected a frame with a right checksum, got a wrong one")
            return
        self._frame.clear()
        self._outgoing += serial_line.ACK
        yield message

    def _skipped(self) -> Iterator[Garbled]:
        """What began like a frame is none; its last byte may begin one."""
        last = self._frame[-1:]
        keep = last if last == serial_line.START[:1] else b""
        self._noise_bytes += len(self._frame) - len(keep)
        self._frame[:] = keep
        if self._noise_bytes >= _NOISE_BYTES_MAX:
            yield from self._noise_told()

    def _dropped(self, reason: str) -> Iterator[Garbled]:
        self._frame.clear()
        self._outgoing += serial_line.NAK
        yield _garbled(reason)

    def _noise_told(self) -> Iterator[Garbled]:
        if self._noise_bytes:
            yield _garbled(f"expected a frame, got {self._noise_bytes} bytes that are none")
            self._noise_bytes = 0

    def _confirmed(self, *, well: bool) -> None:
        if well:
            self._last = None
        elif self._last is not None and self._tries < _AGAIN_MAX:
            self._tries += 1
            self._outgoing += self._last


def _withheld(piece: bytes | Garbled) -> bytes | Garbled:
    return _garbled(piece.reason) if isinstance(piece, Garbled) else piece


def _garbled(reason: str) -> Garbled:
    return Garbled("", reason)
