"""The driver of ThingMagic's serial modules (M6E, Micro, Nano, M7E): one continuous read, told as it goes.

A module that has just been switched on knows neither region nor protocol, so both are set before each start.
Only the version is asked of a port that has just been opened. A read that somebody else has left running is
stopped first, since it may radiate as another country allows.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from edge.drivers.framing import garbled
from edge.drivers.pulse import Pulse
from edge.drivers.rfid.reader import AskedReader
from edge.drivers.rfid.thingmagic_frames import (
    BOOT,
    READ,
    SET_ANTENNAS,
    SET_OPTION,
    SET_POWER,
    SET_PROTOCOL,
    SET_REGION,
    SHAPE,
    STREAM,
    VERSION,
    Frame,
    framed,
    parsed,
    tag,
)
from edge.readings import DeviceDescribed, DeviceFault, Garbled, Nanoseconds, Reading, RoundEnded

# SparkFun's library waits two seconds for an answer; a module is that slow only when it starts its firmware.
ANSWER_PATIENCE_NS: Final = 1_000_000_000
# A module that refuses is asked again, no more often than a person turns round to look at it.
REFUSED_PAUSE_NS: Final = 2_000_000_000
# While it reads, a module says once a second that it is there: after three it has restarted.
QUIET_NS: Final = 3_000_000_000

_GEN2: Final = bytes((0x00, 0x05))
# Option key 0C, value 0: tell each tag each time that it is read, not only the first time.
_UNFILTERED: Final = bytes((0x01, 0x0C, 0x00))
# No time limit, continuous; sub-command 22 with metadata, antennas as set, rounds of 1 s, all metadata. As
# recorded from the maker's own program by SparkFun.
_START: Final = bytes.fromhex("00000122000005072210001B03E801FF")
_STOP: Final = bytes.fromhex("000002")

# Who is there, where it may radiate, and that it reads: without one of these nothing else is asked.
_NEEDED: Final = {VERSION, SET_REGION, READ}

# What a tag is told in is longer; shorter answers of the stream are the temperature and other news.
_NEWS_BYTES_MAX: Final = 0x0A

_NO_TAGS: Final = 0x0400
_SILENT: Final = DeviceFault(
    "device.silent", "The tag reader is connected but does not answer: check its power and its baud rate."
)
_REFUSED: Final = DeviceFault(
    "reader.refused", "The tag reader refuses to look for tags: check the region in its profile."
)
_UNPLUGGED: Final = DeviceFault(
    "reader.antenna", "The tag reader does not find a proper antenna: check the antenna's cable."
)
_TROUBLES: Final = {
    0x0503: _UNPLUGGED,
    0x0504: DeviceFault("reader.too-hot", "The tag reader is too hot to look for tags: let it cool down."),
    0x0505: _UNPLUGGED,
}

# The first byte of the hardware's version, by the Mercury API.
_MODELS: Final = {0x18: "M6e", 0x19: "M6e-i", 0x20: "Micro", 0x30: "M6e Nano", 0x38: "M7e", 0x80: "M3e"}
# Bootloader, hardware, date and version of the firmware, four bytes each.
_VERSION_BYTES: Final = 16


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What differs between modules, and between countries."""

    region: Annotated[int, Meta(ge=0, le=255)] | None = None
    """The maker's number of a region (8 is the EU, 1 North America); None leaves what the module has."""
    power_cdbm: Annotated[int, Meta(ge=-1000, le=3150)] | None = None
    """Power of the read in hundredths of a dBm; None leaves what the module has."""
    antennas: tuple[Annotated[int, Meta(ge=1, le=16)], ...] = (1,)
    """The ports that are read by turns; empty leaves what the module has."""
    silence_ms: Annotated[int, Meta(gt=0)] = 5000
    """So long without a valid answer is a fault: five of the signs of life that it gives by itself."""


class ThingMagic(AskedReader):
    """A TagSeen for each tag, a RoundEnded for each second; any answer is a sign of life."""

    def __init__(self, settings: Settings | None = None) -> None:
        self._settings = settings or Settings()
        self._steps = _steps(self._settings)
        super().__init__(SHAPE, Pulse(self._settings.silence_ms * 1_000_000, _SILENT))
        # Which step has been asked for; None while nobody is to be asked, or the module reads.
        self._step: int | None = None
        self._stopped = False

    def _begin(self, now_ns: Nanoseconds) -> None:
        self._ask(0, now_ns)

    def _due(self, now_ns: Nanoseconds) -> Iterator[Reading]:
        self._ask(self._next_step(), now_ns)
        yield from ()

    def _next_step(self) -> int:
        """What is asked when an answer has not come: the next step, or all anew where one is needed."""
        if self._step is None or self._steps[self._step][0] in _NEEDED:
            return 0
        return self._step + 1

    def _ask(self, step: int, now_ns: Nanoseconds | None = None) -> None:
        self._step = step
        self._stopped = False
        self._outgoing = framed(*self._steps[self._step])
        self._alarm.set(ANSWER_PATIENCE_NS, now_ns)

    def _understood(self, piece: bytes | Garbled) -> Iterator[Reading]:
        if isinstance(piece, Garbled):
            yield piece
            return
        frame = parsed(piece)
        if frame.op == STREAM:
            yield from self._streamed(frame)
        elif self._step is not None and frame.op == self._steps[self._step][0]:
            yield from self._answered(frame, self._step)
        elif frame.op == VERSION:
            yield from self._described(frame)
        else:
            yield from self._pulse.alive()

    def _answered(self, frame: Frame, step: int) -> Iterator[Reading]:
        """What a step was answered; a module may refuse what it does not know, or does not need."""
        if frame.status and frame.op in _NEEDED:
            yield from self._pulse.troubled(_TROUBLES.get(frame.status, _REFUSED))
            self._step = 0
            self._alarm.set(REFUSED_PAUSE_NS)
            return
        if frame.op == VERSION:
            yield from self._described(frame)
        else:
            yield from self._pulse.alive()
        if frame.op == READ:
            self._reads()
        else:
            self._ask(step + 1)

    def _reads(self) -> None:
        self._step = None
        self._alarm.set(QUIET_NS)

    def _described(self, frame: Frame) -> Iterator[Reading]:
        yield from self._pulse.alive()
        if len(frame.data) < _VERSION_BYTES:
            yield garbled(frame.data, f"version: expected {_VERSION_BYTES} bytes, got {len(frame.data)}")
            return
        kind = frame.data[4]
        firmware = ".".join(f"{part:02X}" for part in frame.data[12:16])
        maker = "ThingMagic" if kind in _MODELS else ""  # others make modules with this protocol too
        yield DeviceDescribed(maker, _MODELS.get(kind, f"hardware {kind:02X}"), firmware)

    def _streamed(self, frame: Frame) -> Iterator[Reading]:
        if frame.status == _NO_TAGS:
            yield from self._pulse.well()
            yield RoundEnded()
        elif trouble := _TROUBLES.get(frame.status):
            yield from self._pulse.troubled(trouble)
        elif frame.status or len(frame.data) <= _NEWS_BYTES_MAX:
            yield from self._pulse.alive()
        else:
            yield from self._tag(frame.data)
        self._heard_stream()

    def _tag(self, data: bytes) -> Iterator[Reading]:
        try:
            seen = tag(data)
        except ValueError as error:
            yield from self._pulse.alive()
            yield garbled(data, f"tag: {error}")
        else:
            yield from self._pulse.well()
            yield seen

    def _heard_stream(self) -> None:
        """It reads; one that we have not asked to is stopped, and set as we were told."""
        if self._pulse.since_ns is None:
            return  # without a port there is nobody to ask
        if self._step == 0 and not self._stopped:
            self._stopped = True
            self._outgoing = framed(READ, _STOP)
        elif self._step in {None, len(self._steps) - 1}:
            self._reads()


def _steps(settings: Settings) -> tuple[tuple[int, bytes], ...]:
    """What is asked one after the other: first who is there, last to read."""
    steps: list[tuple[int, bytes]] = [(VERSION, b""), (BOOT, b"")]
    if settings.region is not None:
        steps.append((SET_REGION, bytes((settings.region,))))
    steps.append((SET_PROTOCOL, _GEN2))
    if settings.antennas:
        ports = bytes(port for each in settings.antennas for port in (each, each))  # to send, to receive
        steps.append((SET_ANTENNAS, b"\x02" + ports))
    if settings.power_cdbm is not None:
        steps.append((SET_POWER, settings.power_cdbm.to_bytes(2, signed=True)))
    return (*steps, (SET_OPTION, _UNFILTERED), (READ, _START))


def driver(settings: Mapping[str, Any]) -> ThingMagic:
    """A new driver, set as a profile says."""
    return ThingMagic(msgspec.convert(settings, Settings))
