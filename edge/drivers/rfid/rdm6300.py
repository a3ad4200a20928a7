"""The driver of 125 kHz readers that say the number of an EM4100 tag: RDM6300, RDM630 and their like.

`02`, ten hexadecimal digits, two more of their sum (XOR of the five bytes), `03`; some makers put CR LF
before the `03`. The reader takes no commands. It says a tag again and again while the tag lies there, every
50 to 65 ms by those who have measured it; then its silence says that the tag is gone.
"""

from collections.abc import Iterator, Mapping
from functools import reduce
from operator import xor
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from edge.drivers.alarm import Alarm
from edge.drivers.framing import FrameCutter, Shape
from edge.readings import CardSeen, DeviceReady, Garbled, Nanoseconds, Reading, RoundEnded

_NUMBER_DIGITS: Final = 10
_DIGITS: Final = _NUMBER_DIGITS + 2
_END: Final = b"\x03"
_WITH_LINE_END: Final = b"\r\n\x03"
# At 9600 baud the longer form takes 17 ms, and a USB adapter may hold bytes back for 16 ms.
_PATIENCE_NS: Final = 100_000_000


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What differs between readers of this kind."""

    gone_ms: Annotated[int, Meta(ge=0)] = 300
    """So long unsaid a tag is gone: four repetitions. 0 where the reader says each tag but once."""


class Rdm6300:
    """A CardSeen each time that the reader says a tag, a RoundEnded when it has stopped to."""

    def __init__(self, settings: Settings | None = None) -> None:
        self._settings = settings or Settings()
        self._cutter = FrameCutter(_SHAPE)
        self._gone_alarm = Alarm()
        # Nobody can ask it whether it is there: it is ready when it first says a tag.
        self._unheard = False

    @property
    def pending(self) -> int:
        """Bytes that are not, or not yet, a frame and of which nothing has been said."""
        return self._cutter.pending

    @property
    def deadline_ns(self) -> Nanoseconds | None:
        """When `tick` has something to do."""
        deadlines = (self._cutter.deadline_ns, self._gone_alarm.deadline_ns)
        return min((deadline for deadline in deadlines if deadline is not None), default=None)

    def opened(self, now_ns: Nanoseconds) -> None:  # noqa: ARG002 - nothing is due before the first tag
        """Start over on a port that has just been opened: nothing of the old stream counts."""
        self._cutter = FrameCutter(_SHAPE)
        self._gone_alarm.off()
        self._unheard = True

    def receive(self, data: bytes) -> Iterator[Reading]:
        """The readings that these bytes complete."""
        for piece in self._cutter.cut(data):
            yield from self._understood(piece)

    def to_send(self) -> bytes:
        """Nothing: it takes no commands."""
        return b""

    def tick(self, now_ns: Nanoseconds) -> Iterator[Reading]:
        """Take note of the time: give up half a frame, tell that a tag is gone."""
        for piece in self._cutter.tick(now_ns):
            yield from self._understood(piece)
        if self._gone_alarm.rings(now_ns):
            yield RoundEnded()

    def _understood(self, piece: bytes | Garbled) -> Iterator[Reading]:
        if isinstance(piece, Garbled):
            yield piece
            return
        if self._unheard:
            self._unheard = False
            yield DeviceReady()
        if self._settings.gone_ms:
            self._gone_alarm.set(self._settings.gone_ms * 1_000_000)
        yield CardSeen(piece[1 : 1 + _NUMBER_DIGITS].decode("ascii").upper(), "em4100")


def _size_bytes(buffer: bytes | bytearray) -> int:
    return 1 + _DIGITS + len(_END if buffer[1 + _DIGITS] == _END[0] else _WITH_LINE_END)


def _wrong(raw: bytes) -> str | None:
    if (end := raw[1 + _DIGITS :]) not in {_END, _WITH_LINE_END}:
        return f"end: expected 03 or 0D0A03, got {end.hex().upper()}"
    *number, told = bytes.fromhex(raw[1 : 1 + _DIGITS].decode("ascii"))
    if (checksum := reduce(xor, number)) != told:
        return f"checksum: expected {checksum:02X}, got {told:02X}"
    return None


_SHAPE: Final = Shape((b"\x02", *(b"[0-9A-Fa-f]",) * _DIGITS, b"[\x03\r]"), _size_bytes, _wrong, _PATIENCE_NS)


def driver(settings: Mapping[str, Any]) -> Rdm6300:
    """A new driver, set as a profile says."""
    return Rdm6300(msgspec.convert(settings, Settings))
