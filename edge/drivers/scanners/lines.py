"""The driver of scanners on a serial line or a virtual COM port: each code is a piece of text with an end.

The end is CR, LF, CR LF or TAB, or what the scanner is set to: a code may stand between STX and ETX. A serial
line has no checksum: a code whose beginning was lost cannot be told from a shorter one, but by a prefix or by
the AIM identifier that a scanner can be set to send (`aim = "always"`), or by the code's own check digit.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from edge.drivers.alarm import Alarm
from edge.drivers.framing import garbled
from edge.drivers.scanners.codes import CODE_BYTES_MAX, Aim, Charset, scanned
from edge.readings import DeviceReady, Garbled, Nanoseconds, Reading

# A scanner sends a code in one go, at 1200 baud a byte in 8 ms, and a USB adapter may hold it back for 16 ms:
# after half a second the rest does not come.
CODE_PATIENCE_NS: Final = 500_000_000
# Where a scanner sends no end, its silence is the end: a shopper should not wait, and a code not be cut.
SILENCE_NS: Final = 150_000_000

# Printed codes hold EOT, FS, GS, RS and US (ISO/IEC 15434, GS1), and TAB, LF and CR where these are no ends.
_NO_TEXT: Final = re.compile(rb"[\x00-\x03\x05-\x08\x0b\x0c\x0e-\x1b\x7f]")
_LINE_ENDS: Final = b"\r\n"
# A character that no stream holds: without an end, only silence ends a code.
_NEVER: Final = re.compile(rb"(?!)")

Ascii = Annotated[str, Meta(max_length=16, pattern=r"^[\x00-\x7f]*$")]


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a scanner is set to send what it reads."""

    prefix: Ascii = ""
    """What stands before every code; a text without it is none."""
    ends: Ascii = "\r\n\t"
    """The characters that end a code, several in a row are one end; empty where only silence ends it."""
    charset: Charset = "utf-8"
    aim: Aim = "auto"


class SerialScanner:
    """A CodeScanned for each code. Silence means nothing: a scanner speaks when somebody scans."""

    def __init__(self, settings: Settings | None = None) -> None:
        self._settings = settings or Settings()
        self._prefix = self._settings.prefix.encode("ascii")
        ends = re.escape(self._settings.ends.encode("ascii"))
        self._end = re.compile(b"[" + ends + b"]") if ends else _NEVER
        # Nobody can ask it whether it is there: it is ready when it first says a code.
        self._unheard = False
        self._begin_again()

    def _begin_again(self) -> None:
        self._buffer = bytearray()
        # The rest of a code that was too long is not worth a word, nor is it the beginning of another one.
        self._deaf = False
        self._alarm = Alarm()

    @property
    def pending(self) -> int:
        """Bytes that wait for the end of their code."""
        return len(self._buffer)

    @property
    def deadline_ns(self) -> Nanoseconds | None:
        """When the rest of what is pending is given up."""
        return self._alarm.deadline_ns

    def opened(self, now_ns: Nanoseconds) -> None:  # noqa: ARG002 - nothing is due before the first code
        """Start over on a port that has just been opened: nothing of the old stream counts."""
        self._begin_again()
        self._unheard = True

    def receive(self, data: bytes) -> Iterator[Reading]:
        """The readings that these bytes complete."""
        self._buffer += data
        while end := self._end.search(self._buffer):
            raw = bytes(self._buffer[: end.start()])
            del self._buffer[: end.end()]
            yield from self._whole(raw)
        if len(self._buffer) > CODE_BYTES_MAX:
            yield from self._too_long()
        if self._buffer or self._deaf:
            self._alarm.set(CODE_PATIENCE_NS if self._settings.ends else SILENCE_NS)
        else:
            self._alarm.off()

    def to_send(self) -> bytes:
        """Nothing: it scans by its own trigger."""
        return b""

    def tick(self, now_ns: Nanoseconds) -> Iterator[Reading]:
        """Take note of the time; a code whose end does not come is none: its rest may be missing."""
        if self._alarm.rings(now_ns):
            raw = bytes(self._buffer)
            self._buffer.clear()
            if not self._settings.ends:
                yield from self._whole(raw)
            elif raw.strip(_LINE_ENDS):
                yield garbled(raw, "expected the end of the code, got silence")
            self._deaf = False

    def _whole(self, raw: bytes) -> Iterator[Reading]:
        if self._deaf:
            self._deaf = False
        elif len(raw) > CODE_BYTES_MAX:
            yield _too_long(raw)
        elif self._prefix:
            before, prefix, code = raw.partition(self._prefix)
            if before.strip(_LINE_ENDS):
                yield garbled(raw, "expected the prefix and a code, got something else before them")
            yield from self._code(code if prefix else b"")
        else:
            yield from self._code(raw)

    def _code(self, raw: bytes) -> Iterator[Reading]:
        if not raw:  # the second half of CR LF
            return
        if _NO_TEXT.search(raw):
            reading: Reading = garbled(raw, "expected text, got control characters")
        else:
            reading = scanned(raw, self._settings.charset, self._settings.aim)
        if self._unheard and not isinstance(reading, Garbled):
            self._unheard = False
            yield DeviceReady()
        yield reading

    def _too_long(self) -> Iterator[Reading]:
        if not self._deaf:
            yield _too_long(self._buffer)
        self._deaf = True
        self._buffer.clear()


def _too_long(raw: bytes | bytearray) -> Garbled:
    return garbled(raw, f"expected the end of a code within {CODE_BYTES_MAX} bytes, got none")


def driver(settings: Mapping[str, Any]) -> SerialScanner:
    """A new driver, set as a profile says."""
    return SerialScanner(msgspec.convert(settings, Settings))
