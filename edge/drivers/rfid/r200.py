"""The driver of the R200 family of tag readers (R200, M100, YRM100, JRD-4035): it polls without end."""

from binascii import crc_hqx
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from edge.drivers.framing import FrameCutter
from edge.drivers.pulse import Pulse
from edge.drivers.rfid.r200_frames import ANSWER, COMMAND, NOTICE, SHAPE, Frame, framed, parsed
from edge.readings import DeviceFault, Garbled, Nanoseconds, Reading, RoundEnded, TagSeen

_POLL_ONCE: Final = 0x22
_POLL_MANY: Final = 0x27
_FAILED: Final = 0xFF
_NO_TAG: Final = 0x15

# The manual's reserved byte, and the most rounds that one command can ask for (two bytes).
_MANY_ROUNDS: Final = bytes([0x22, 0xFF, 0xFF])

# RSSI, PC and CRC: what a tag's params hold beside its EPC.
_TAG_OVERHEAD_BYTES: Final = 5

# A round takes tens of milliseconds and each is heard of, by its tags or by "no tag": after half a second
# without a frame the count of rounds has run out, or the command was lost.
QUIET_NS: Final = 500_000_000

# Failures that an inventory itself can meet; the others answer commands that we do not give.
_REFUSALS: Final = {
    0x0E: DeviceFault("reader.refused", "The tag reader does not accept the command to look for tags."),
    0x17: DeviceFault("reader.refused", "The tag reader does not know the command to look for tags."),
    0x20: DeviceFault(
        "reader.no-channel", "The tag reader finds no free radio channel: another reader is near."
    ),
}

_SILENT: Final = DeviceFault(
    "device.silent", "The tag reader is connected but does not answer: check its power and its baud rate."
)


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What differs between readers of this family; frames of either framing are always understood."""

    heads: Annotated[tuple[Literal[0xAA, 0xBB], ...], Meta(min_length=1)] = (0xAA, 0xBB)
    """First bytes of the framings to speak, in the order to try them until the reader answers."""
    silence_ms: Annotated[int, Meta(gt=0)] = 3000
    """So long without a valid frame is a fault: six polls that were not answered."""


class R200:
    """A TagSeen for each notification, a RoundEnded for each empty round; any frame is a sign of life."""

    def __init__(self, settings: Settings | None = None) -> None:
        self._settings = settings or Settings()
        self._cutter = FrameCutter(SHAPE)
        self._pulse = Pulse(self._settings.silence_ms * 1_000_000, _SILENT)
        self._outgoing = b""
        self._asked_ns: Nanoseconds | None = None
        self._asks = 0
        self._speaks: int | None = None

    @property
    def pending(self) -> int:
        """Bytes that are not, or not yet, a frame and of which nothing has been said."""
        return self._cutter.pending

    @property
    def deadline_ns(self) -> Nanoseconds | None:
        """When `tick` has something to do."""
        deadlines = (self._cutter.deadline_ns, self._pulse.deadline_ns, self._ask_at_ns)
        return min((deadline for deadline in deadlines if deadline is not None), default=None)

    def opened(self, now_ns: Nanoseconds) -> None:
        """Start over on a port that has just been opened: nothing of the old stream counts."""
        self._cutter = FrameCutter(SHAPE)
        self._pulse.opened(now_ns)
        self._asks = 0
        self._speaks = None
        self._ask(now_ns)

    def receive(self, data: bytes) -> Iterator[Reading]:
        """The readings that these bytes complete."""
        for piece in self._cutter.cut(data):
            yield from self._understood(piece)

    def to_send(self) -> bytes:
        """What is to be sent now; it is handed out once."""
        outgoing, self._outgoing = self._outgoing, b""
        return outgoing

    def tick(self, now_ns: Nanoseconds) -> Iterator[Reading]:
        """Take note of the time: give up half a frame, tell of silence, poll again."""
        for piece in self._cutter.tick(now_ns):
            yield from self._understood(piece)
        yield from self._pulse.tick(now_ns)
        if self._ask_at_ns is not None and now_ns >= self._ask_at_ns:
            self._ask(now_ns)

    @property
    def _ask_at_ns(self) -> Nanoseconds | None:
        if self._asked_ns is None or self._pulse.since_ns is None:
            return None
        return Nanoseconds(max(self._asked_ns, self._pulse.since_ns) + QUIET_NS)

    def _ask(self, now_ns: Nanoseconds) -> None:
        heads = self._settings.heads
        self._outgoing = framed(self._speaks or heads[self._asks % len(heads)], _POLL_MANY, _MANY_ROUNDS)
        self._asks += 1
        self._asked_ns = now_ns

    def _understood(self, piece: bytes | Garbled) -> Iterator[Reading]:
        if isinstance(piece, Garbled):
            yield piece
            return
        frame = parsed(piece)
        if frame.kind != COMMAND:  # a command is our own, echoed by the line: no sign of life
            self._speaks = frame.head
            yield from self._said(frame)

    def _said(self, frame: Frame) -> Iterator[Reading]:
        meaning = (frame.kind, frame.command)
        if meaning == (NOTICE, _POLL_ONCE):
            yield from self._tag(frame.params)
        elif meaning == (ANSWER, _FAILED) and frame.params:
            yield from self._failure(frame.params[0])
        else:
            yield from self._pulse.alive()

    def _tag(self, params: bytes) -> Iterator[Reading]:
        if wrong := _wrong(params):
            yield from self._pulse.alive()
            yield Garbled(params.hex().upper(), wrong)
        else:
            yield from self._pulse.well()
            yield TagSeen(params[3:-2].hex().upper(), int.from_bytes(params[:1], signed=True))

    def _failure(self, code: int) -> Iterator[Reading]:
        if code == _NO_TAG:
            yield from self._pulse.well()
            yield RoundEnded()
        elif refusal := _REFUSALS.get(code):
            yield from self._pulse.troubled(refusal)
        else:
            yield from self._pulse.alive()


def _wrong(params: bytes) -> str | None:
    """What is wrong with the params of a tag (RSSI, PC, EPC, CRC), or None."""
    if len(params) <= _TAG_OVERHEAD_BYTES:
        return f"tag: expected RSSI, PC, EPC and CRC, got {len(params)} bytes"
    # Gen2 air interface 6.3.2.12.1: bits 15 to 11 of the PC count the words of the EPC.
    if (size := (params[1] >> 3) * 2) != len(params) - _TAG_OVERHEAD_BYTES:
        return f"tag: expected {size} bytes of EPC as its PC says, got {len(params) - _TAG_OVERHEAD_BYTES}"
    # Gen2 air interface, annex F: CRC-16 over PC and EPC, preset FFFF, sent inverted.
    if (crc := crc_hqx(params[1:-2], 0xFFFF) ^ 0xFFFF) != int.from_bytes(params[-2:]):
        return f"tag CRC: expected {crc:04X}, got {params[-2:].hex().upper()}"
    return None


def driver(settings: Mapping[str, Any]) -> R200:
    """A new driver, set as a profile says."""
    return R200(msgspec.convert(settings, Settings))
