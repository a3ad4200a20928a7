"""The driver of Chafon's UHFReader18 family of tag readers (one antenna, or several): round after round.

One question at a time, since a reader loses what it is asked while it looks for tags. The first one asks for
the reader's information: it changes nothing, is answered at once, and tells how long a round may take.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from edge.drivers.framing import garbled
from edge.drivers.pulse import Pulse
from edge.drivers.rfid.reader import AskedReader
from edge.drivers.rfid.uhfreader18_frames import (
    INFORMATION,
    INVENTORY,
    SCANNED,
    Body,
    Frame,
    antenna,
    framed,
    parsed,
    seen,
    shape,
    tags,
)
from edge.readings import DeviceDescribed, DeviceFault, Garbled, Nanoseconds, Reading, RoundEnded

# A reader that answers an empty field at once is asked twenty times a second at most.
ASK_EVERY_NS: Final = 50_000_000
# Other questions than an inventory are answered in milliseconds.
ANSWER_PATIENCE_NS: Final = 1_000_000_000
# The scan time until the reader has told its own: the factory's, 10 x 100 ms.
SCAN_NS: Final = 1_000_000_000
_SCAN_UNIT_NS: Final = 100_000_000

_MORE: Final = 0x03
_NO_TAG: Final = 0xFB
_ANTENNA_FAULT: Final = 0xF8
# Done, timed out, out of memory: each ends a round and tells the tags of it.
_DONE: Final = {0x01, 0x02, 0x04}
# Wrong length, unknown command, wrong parameter.
_REFUSED: Final = {0xFD, 0xFE, 0xFF}
_HEARTBEAT: Final = 0x28

_MODELS: Final = {0x09: "UHFReader18", 0x0C: "UHFReader288M", 0x0F: "UHFReader86", 0x10: "UHFReader86"}
# Version, type, protocols, two frequencies, power, scan time: what every reader of the family tells.
_INFORMATION_BYTES: Final = 8

_SILENT: Final = DeviceFault(
    "device.silent",
    "The tag reader is connected but does not answer: check its power, its baud rate and its address.",
)
_REFUSAL: Final = DeviceFault(
    "reader.refused", "The tag reader does not accept the command to look for tags: check its profile."
)
_UNPLUGGED: Final = DeviceFault(
    "reader.antenna", "The tag reader does not find an antenna: check the antenna's cable."
)


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What differs between readers of this family."""

    body: Body = "epc"
    """What an inventory is answered with; also decides how it is asked for."""
    address: Annotated[int, Meta(ge=0, le=255)] = 0
    """Of the reader on its line; 255 speaks to all, and understands any."""
    antennas: Annotated[tuple[Annotated[int, Meta(ge=1, le=8)], ...], Meta(min_length=1)] = (1,)
    """Asked in turn, where the reader has several."""
    q: Annotated[int, Meta(ge=0, le=15)] = 4
    """About 2^q tags are expected in the field, where a reader can be told."""
    scan_time_ms: Annotated[int, Meta(ge=300, le=25_500)] = 300
    """The longest round, where a reader can be told; the others keep what they are set to."""
    rssi_offset_db: int | None = None
    """RSSI in dBm = the reader's byte - this; the manuals do not tell, so without it there is no RSSI."""
    silence_ms: Annotated[int, Meta(gt=0)] = 8000
    """So long without a valid answer is a fault: four of the longest rounds that are usual."""


class UhfReader18(AskedReader):
    """A TagSeen for each tag of a round, a RoundEnded at its end; any answer is a sign of life."""

    def __init__(self, settings: Settings | None = None) -> None:
        self._settings = settings or Settings()
        pulse = Pulse(self._settings.silence_ms * 1_000_000, _SILENT)
        super().__init__(shape(self._settings.address), pulse)
        self._begin_again()

    def _begin_again(self) -> None:
        # Until the reader has told of itself it is asked for that, and for nothing else.
        self._known = False
        self._scan_ns = SCAN_NS
        self._turn = 0
        self._lame: set[int] = set()

    def _begin(self, now_ns: Nanoseconds) -> None:
        self._begin_again()
        self._ask(now_ns)

    def _due(self, now_ns: Nanoseconds) -> Iterator[Reading]:
        self._ask(now_ns)
        yield from ()

    def _ask(self, now_ns: Nanoseconds) -> None:
        """Ask for a round; if it is not answered, the reader may be another or have restarted."""
        known, self._known = self._known, False
        if known:
            self._send(INVENTORY, self._inventory())
            self._alarm.set(self._scan_ns + ANSWER_PATIENCE_NS, now_ns)
        else:
            self._send(INFORMATION)
            self._alarm.set(ANSWER_PATIENCE_NS, now_ns)

    def _send(self, command: int, data: bytes = b"") -> None:
        self._outgoing = framed(self._settings.address, command, data)

    def _inventory(self) -> bytes:
        if self._settings.body == "epc":
            return b""
        # Q, session S0 (a tag answers in every round), target A, antenna, scan time.
        scan_units = self._settings.scan_time_ms // 100
        return bytes((self._settings.q, 0, 0, 0x7F + self._antenna, scan_units))

    @property
    def _antenna(self) -> int:
        """Whose turn it is; 0 where the reader has but one."""
        antennas = self._settings.antennas
        return 0 if self._settings.body == "epc" else antennas[self._turn % len(antennas)]

    def _understood(self, piece: bytes | Garbled) -> Iterator[Reading]:
        if isinstance(piece, Garbled):
            yield piece
            return
        frame = parsed(piece)
        if frame.status in _REFUSED:
            yield from self._pulse.troubled(_REFUSAL)
            self._next_round(ANSWER_PATIENCE_NS)
        elif frame.command == INVENTORY:
            yield from self._inventoried(frame)
        elif frame.command == INFORMATION:
            yield from self._described(frame.data)
        elif frame.command == SCANNED:
            yield from self._scanned(frame)
        else:
            yield from self._pulse.alive()

    def _next_round(self, pause_ns: int) -> None:
        if self._pulse.since_ns is not None:  # without a port there is nobody to ask
            self._known = True
            self._alarm.set(pause_ns)

    def _described(self, data: bytes) -> Iterator[Reading]:
        yield from self._pulse.alive()
        if len(data) < _INFORMATION_BYTES:
            yield garbled(data, f"information: expected {_INFORMATION_BYTES} bytes, got {len(data)}")
            return
        model = _MODELS.get(data[2], f"type {data[2]:02X}")
        yield DeviceDescribed(model=model, firmware=f"{data[0]}.{data[1]}")
        told_ns = data[7] * _SCAN_UNIT_NS if self._settings.body == "epc" else 0
        self._scan_ns = max(told_ns, self._settings.scan_time_ms * 1_000_000)
        self._next_round(ASK_EVERY_NS)

    def _inventoried(self, frame: Frame) -> Iterator[Reading]:
        if frame.status == _ANTENNA_FAULT:
            self._lame.add(self._antenna)
            yield from self._pulse.troubled(_UNPLUGGED)
            self._turned()
        elif frame.status == _NO_TAG:
            yield from self._round(self._antenna)
        elif frame.status == _MORE or frame.status in _DONE:
            yield from self._listed(frame)
        else:
            yield from self._pulse.alive()

    def _listed(self, frame: Frame) -> Iterator[Reading]:
        number, listed = self._antenna, frame.data
        if self._settings.body == "antenna-epc-rssi" and listed:
            number, listed = antenna(listed[0]), listed[1:]
        try:
            found = [*tags(listed, self._settings.body)]
        except ValueError as error:
            yield from self._pulse.alive()
            yield garbled(frame.data, f"inventory: {error}")
            return
        if found:
            yield from self._well(number)
        for tag in found:
            yield seen(tag, number, self._settings.rssi_offset_db)
        if frame.status == _MORE:
            self._next_round(self._scan_ns + ANSWER_PATIENCE_NS)
        else:
            yield from self._round(number)

    def _round(self, number: int) -> Iterator[Reading]:
        yield from self._well(number)
        yield RoundEnded(number)
        self._turned()

    def _turned(self) -> None:
        self._turn += 1
        self._next_round(ASK_EVERY_NS)

    def _well(self, number: int) -> Iterator[Reading]:
        """An antenna works; the reader is well when none of the others is lame."""
        self._lame.discard(number)
        yield from self._pulse.alive() if self._lame else self._pulse.well()

    def _scanned(self, frame: Frame) -> Iterator[Reading]:
        """What a reader says that looks for tags by itself: `antenna len EPC RSSI`, or a heartbeat."""
        yield from self._pulse.alive()
        if frame.status == _HEARTBEAT:
            yield RoundEnded()
        elif frame.status == 0 and self._settings.body == "antenna-epc-rssi" and frame.data:
            try:
                [tag] = tags(b"\x01" + frame.data[1:], self._settings.body)
            except ValueError as error:
                yield garbled(frame.data, f"scan: {error}")
            else:
                yield seen(tag, antenna(frame.data[0]), self._settings.rssi_offset_db)


def driver(settings: Mapping[str, Any]) -> UhfReader18:
    """A new driver, set as a profile says."""
    return UhfReader18(msgspec.convert(settings, Settings))
