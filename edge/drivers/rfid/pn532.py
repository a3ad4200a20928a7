"""The driver of NXP's PN532 on a serial line: it looks for a card of ISO/IEC 14443 type A, again and again.

The chip waits for a card without end and says nothing while there is none, so the wait is broken off by an
ACK after a while: that was a round without a card. Between two rounds the field is off, or a card that lies
there would stay selected and not be found a second time.
"""

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from edge.drivers.framing import garbled
from edge.drivers.pulse import Pulse
from edge.drivers.rfid.pn532_frames import (
    ACK,
    FIRMWARE,
    FROM_CHIP,
    LIST,
    NACK,
    RF,
    SAM,
    SHAPE,
    SYNTAX_ERROR,
    WAKE,
    Frame,
    framed,
    parsed,
    uids,
)
from edge.drivers.rfid.reader import AskedReader
from edge.readings import CardSeen, DeviceDescribed, DeviceFault, Garbled, Nanoseconds, Reading, RoundEnded

# The chip acknowledges within 15 ms; the first byte of a USB adapter on a Raspberry Pi may take a second and
# a half (a comment in nfcpy, src/nfc/clf/pn532.py): it is asked again meanwhile, which does no harm.
ANSWER_PATIENCE_NS: Final = 500_000_000
# A card in the field is answered for in some 10 ms. So long it may take until its absence is noticed.
LISTEN_NS: Final = 300_000_000
# After an ACK that breaks it off the chip needs a moment; nfcpy gives it 10 ms.
SETTLE_NS: Final = 10_000_000
# The field is off for so long: a card loses its power in 5 ms, and ten rounds a second are enough for a hand.
REST_NS: Final = 100_000_000

_ONE_CARD_106K: Final = bytes((0x01, 0x00))
_NORMAL_MODE: Final = bytes((0x01, 0x00, 0x00))
_FIELD_OFF: Final = bytes((0x01, 0x00))
# IC, version, revision and what it supports.
_FIRMWARE_BYTES: Final = 4

_SILENT: Final = DeviceFault(
    "device.silent",
    "The card reader is connected but does not answer: check its power, its switches (HSU), its baud rate.",
)


class Stage(Enum):
    """What the chip was asked for last."""

    WAKING = "waking"
    PREPARING = "preparing"
    LISTENING = "listening"
    BREAKING_OFF = "breaking off"
    RESTING = "resting"


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What may be set."""

    silence_ms: Annotated[int, Meta(gt=0)] = 3000
    """So long without a valid frame is a fault: more than a slow adapter takes to begin."""


class Pn532(AskedReader):
    """A CardSeen in each round with a card, a RoundEnded after each without; any frame is a sign of life."""

    def __init__(self, settings: Settings | None = None) -> None:
        self._settings = settings or Settings()
        super().__init__(SHAPE, Pulse(self._settings.silence_ms * 1_000_000, _SILENT))
        self._stage: Stage | None = None
        # Whether the chip has taken the last command: only then its silence says that there is no card.
        self._acknowledged = False

    def _begin(self, now_ns: Nanoseconds) -> None:
        self._wake(now_ns)

    def _due(self, now_ns: Nanoseconds) -> Iterator[Reading]:
        """What is done when the time of a stage is over."""
        match self._stage:
            case Stage.LISTENING if self._acknowledged:
                self._send(Stage.BREAKING_OFF, ACK, SETTLE_NS, now_ns)
                yield RoundEnded()
            case Stage.BREAKING_OFF:
                self._send(Stage.RESTING, framed(RF, _FIELD_OFF), REST_NS, now_ns)
            case Stage.RESTING:
                self._send(Stage.LISTENING, framed(LIST, _ONE_CARD_106K), LISTEN_NS, now_ns)
            case _:  # it was not answered: the chip may be asleep, or have restarted
                self._wake(now_ns)

    def _wake(self, now_ns: Nanoseconds) -> None:
        self._send(Stage.WAKING, WAKE + framed(FIRMWARE), ANSWER_PATIENCE_NS, now_ns)

    def _send(self, stage: Stage, data: bytes, patience_ns: int, now_ns: Nanoseconds | None = None) -> None:
        self._stage = stage
        self._acknowledged = False
        self._outgoing = data
        self._alarm.set(patience_ns, now_ns)

    def _understood(self, piece: bytes | Garbled) -> Iterator[Reading]:
        if isinstance(piece, Garbled):
            yield piece
        elif piece == NACK:
            yield from self._pulse.alive()
        elif piece == ACK:
            self._acknowledged = True
            yield from self._pulse.alive()
        elif (frame := parsed(piece)).tfi == SYNTAX_ERROR:
            yield from self._pulse.alive()
            yield garbled(piece, "the reader did not understand the command (error frame)")
        elif frame.tfi == FROM_CHIP:  # what has the host's mark is our own, echoed by the line
            yield from self._answered(frame)

    def _answered(self, frame: Frame) -> Iterator[Reading]:
        yield from self._pulse.well()
        if frame.command == FIRMWARE:
            yield from self._described(frame.data)
        elif frame.command == LIST:
            yield from self._cards(frame.data)
        elif frame.command == SAM and self._stage is Stage.PREPARING:
            self._send(Stage.LISTENING, framed(LIST, _ONE_CARD_106K), LISTEN_NS)

    def _described(self, data: bytes) -> Iterator[Reading]:
        if len(data) != _FIRMWARE_BYTES:
            yield garbled(data, f"firmware: expected {_FIRMWARE_BYTES} bytes, got {len(data)}")
            return
        yield DeviceDescribed("NXP", f"PN5{data[0]:02X}", f"{data[1]}.{data[2]}")
        if self._stage is Stage.WAKING:
            self._send(Stage.PREPARING, framed(SAM, _NORMAL_MODE), ANSWER_PATIENCE_NS)

    def _cards(self, data: bytes) -> Iterator[Reading]:
        try:
            cards = [*uids(data)]
        except ValueError as error:
            yield garbled(data, f"card: {error}")
        else:
            for uid in cards:
                yield CardSeen(uid.hex().upper(), "iso14443a")
            if not cards:
                yield RoundEnded()
        if self._stage is Stage.LISTENING:
            self._send(Stage.RESTING, framed(RF, _FIELD_OFF), REST_NS)


def driver(settings: Mapping[str, Any]) -> Pn532:
    """A new driver, set as a profile says."""
    return Pn532(msgspec.convert(settings, Settings))
