"""The driver of scanners in the mode "HID POS" (usage page 8C of USB HID): reports of a fixed size.

`id length AIM(3) data(56) symbology reserved more`: a code longer than a report goes on in the next one, as
long as bit 0 of `more` is set; what is not filled is 00. Sources: Access-IS, "LSR118 Product Manual", B.1,
and "ATR110 Product Manual", 7.1.1; github HenkVanAsselt/python_hon_usbhid (recorded from a Honeywell Voyager
1602g). Makers' own modes differ in where things stand: that is data, in the settings.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from edge.drivers.alarm import Alarm
from edge.drivers.framing import FrameCutter, Shape, garbled
from edge.drivers.scanners.codes import AIM_IDENTIFIER, CODE_BYTES_MAX, Aim, Charset, scanned
from edge.readings import DeviceReady, Garbled, Nanoseconds, Reading

# A report comes in one piece; only a pty, or a serial line that stands for the cable, may cut it.
REPORT_PATIENCE_NS: Final = 100_000_000
# A full-speed device is asked every few milliseconds: the next report of a code comes at once or not at all.
MORE_PATIENCE_NS: Final = 500_000_000

# What scanners add as a suffix, and is no part of the code.
_SUFFIXES: Final = b"\r\n\t"

Place = Annotated[int, Meta(ge=0, le=255)]


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where things stand in a report; places count from its first byte, the id where there is one."""

    report_id: Place = 0x02
    """The first byte of a report with a code; 0, as USB HID has it, where reports have no id."""
    report_bytes: Annotated[int, Meta(ge=8, le=256)] = 64
    length_at: Place = 1
    aim_at: Place = 2
    """Where the AIM identifier stands; 0 where it stands before the text, if anywhere."""
    data_at: Place = 5
    data_bytes_max: Place = 56
    more_at: Place = 63
    """The byte whose bit 0 says that the code goes on; 0 where each report is a code."""
    charset: Charset = "utf-8"
    aim: Aim = "auto"

    def __post_init__(self) -> None:
        """Nothing may stand beyond the end of the report."""
        last = max(self.length_at, self.aim_at + 2, self.more_at, self.data_at + self.data_bytes_max - 1)
        if last >= self.report_bytes:
            raise ValueError(f"expected everything within {self.report_bytes} bytes, got byte {last}")


class HidScanner:
    """A CodeScanned for each code. Silence means nothing: a scanner speaks when somebody scans."""

    def __init__(self, settings: Settings | None = None) -> None:
        self._settings = settings or Settings()
        # Nobody can ask it whether it is there: it is ready when it first says a code.
        self._unheard = False
        self._begin_again()

    def _begin_again(self) -> None:
        self._cutter = FrameCutter(_shape(self._settings))
        self._more_alarm = Alarm()
        self._parts = bytearray()
        # The rest of a code that was too long is not worth a word, nor is it another code.
        self._deaf = False

    @property
    def pending(self) -> int:
        """Bytes that are no whole report, and those of a code that goes on."""
        return self._cutter.pending + len(self._parts)

    @property
    def deadline_ns(self) -> Nanoseconds | None:
        """When the rest of what is pending is given up."""
        deadlines = (self._cutter.deadline_ns, self._more_alarm.deadline_ns)
        return min((deadline for deadline in deadlines if deadline is not None), default=None)

    def opened(self, now_ns: Nanoseconds) -> None:  # noqa: ARG002 - nothing is due before the first code
        """Start over on a port that has just been opened: nothing of the old stream counts."""
        self._begin_again()
        self._unheard = True

    def receive(self, data: bytes) -> Iterator[Reading]:
        """The readings that these bytes complete."""
        for piece in self._cutter.cut(data):
            yield from self._understood(piece)

    def to_send(self) -> bytes:
        """Nothing: it scans by its own trigger."""
        return b""

    def tick(self, now_ns: Nanoseconds) -> Iterator[Reading]:
        """Take note of the time; a code that does not go on is none: its rest is missing."""
        for piece in self._cutter.tick(now_ns):
            yield from self._understood(piece)
        if self._more_alarm.rings(now_ns):
            if self._parts:
                yield garbled(self._parts, "expected the rest of the code, got silence")
            self._forget()

    def _forget(self) -> None:
        self._parts.clear()
        self._deaf = False
        self._more_alarm.off()

    def _understood(self, piece: bytes | Garbled) -> Iterator[Reading]:
        if isinstance(piece, Garbled):
            yield piece
            return
        symbology, data = _parsed(piece, self._settings)
        if not self._deaf:
            self._parts += data
        if len(self._parts) > CODE_BYTES_MAX:
            yield garbled(self._parts, f"expected a code of {CODE_BYTES_MAX} bytes at most, got more")
            self._parts.clear()
            self._deaf = True
        if _goes_on(piece, self._settings):
            self._more_alarm.set(MORE_PATIENCE_NS)
            return
        if not self._deaf:
            yield from self._code(bytes(self._parts.rstrip(_SUFFIXES)), symbology)
        self._forget()

    def _code(self, raw: bytes, symbology: str) -> Iterator[Reading]:
        reading = scanned(raw, self._settings.charset, self._settings.aim, symbology)
        if self._unheard and not isinstance(reading, Garbled):
            self._unheard = False
            yield DeviceReady()
        yield reading


def _shape(settings: Settings) -> Shape:
    """Reports of a code: the id where there is one, any bytes up to the length, and a length that fits."""
    first = [b"\\x%02x" % settings.report_id] if settings.report_id else []
    between = [b"."] * (settings.length_at - len(first))
    length = b"[\\x00-\\x%02x]" % settings.data_bytes_max
    return Shape(
        (*first, *between, length),
        lambda _: settings.report_bytes,
        lambda raw: _wrong(raw, settings),
        REPORT_PATIENCE_NS,
    )


def _wrong(raw: bytes, settings: Settings) -> str | None:
    if settings.more_at and raw[settings.more_at] > 1:
        return f"more: expected 00 or 01 at its end, got {raw[settings.more_at]:02X}"
    _, late = _aim(raw, settings)
    end = settings.data_at + late + raw[settings.length_at]
    if any(raw[end : settings.data_at + settings.data_bytes_max]):
        return f"data: expected {raw[settings.length_at]} bytes and 00 behind them, got more"
    return None


def _parsed(raw: bytes, settings: Settings) -> tuple[str, bytes]:
    """The AIM identifier that a report tells, and its data."""
    symbology, late = _aim(raw, settings)
    at = settings.data_at + late
    return symbology, raw[at : at + raw[settings.length_at]]


def _aim(raw: bytes, settings: Settings) -> tuple[str, int]:
    """The AIM identifier, and how many bytes later than expected it and the data stand.

    Some scanners put both one byte later (github NielsLeenheer/WebHidBarcodeScanner, src/main.js).
    """
    if settings.aim_at:
        for late in (0, 1):
            if found := AIM_IDENTIFIER.match(raw, settings.aim_at + late):
                return found[0].decode("ascii"), late
    return "", 0


def _goes_on(raw: bytes, settings: Settings) -> bool:
    return bool(settings.more_at) and raw[settings.more_at] == 1


def driver(settings: Mapping[str, Any]) -> HidScanner:
    """A new driver, set as a profile says."""
    return HidScanner(msgspec.convert(settings, Settings))
