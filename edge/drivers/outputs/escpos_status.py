"""What an ESC/POS printer says back: bytes that are told apart by their fixed bits.

Sources: Citizen iDP-3221 command reference, page 200 (fixed bits); Epson TM-U295 manual, page 44, and Bixolon
SRP-350 manual, page 8 (the bits of DLE EOT and of the automatic status).
"""

from collections.abc import Iterator
from typing import Final

import msgspec

from edge.readings import Garbled, Nanoseconds, Paper

REALTIME_KINDS: Final = (1, 2, 3, 4)
"""The n of DLE EOT n in the order that we ask: printer, why offline, errors, paper."""

# An automatic status is four bytes, 5 ms at 9600 baud: half of one after 200 ms stays half of one.
STATUS_PATIENCE_NS: Final = 200_000_000
_AUTOMATIC_BYTES: Final = 4
# What a person needs to recognise noise by.
_RAW_BYTES_MAX: Final = 80
# XON and XOFF are the line's own.
_FLOW: Final = frozenset({0x11, 0x13})


class State(msgspec.Struct, frozen=True):
    """All that a printer tells, as far as it has told; `pin_high` is the level at the drawer's connector."""

    online: bool | None = None
    cover_open: bool | None = None
    paper: Paper = Paper.UNKNOWN
    pin_high: bool | None = None
    broken: bool | None = None
    """The cutter is stuck, or something that no power cycle mends."""
    whole: bool = False
    """Whether all of it was told at one time: parts of it may be of before and after a change."""


class Confirmed(msgspec.Struct, frozen=True):
    """The answer to GS r 1: all that was sent before it has been printed."""


# Enough paper, or nearly at its end; bits 5 and 6 are undefined. Without paper the printer is off line and
# does not come to the command (Epson TM-T85P, GS r).
_CONFIRMATIONS: Final = frozenset({0x00, 0x03})
_DEFINED: Final = 0x9F


class StatusReader:
    """Cuts the bytes of a printer into what they tell; it holds at most three bytes."""

    def __init__(self) -> None:
        self._automatic = bytearray()
        self._noises = bytearray()
        self._stirred = False
        self._since_ns: Nanoseconds | None = None
        self.kind = REALTIME_KINDS[0]
        """Which answer to DLE EOT comes next: they do not name themselves."""
        self.state = State()

    @property
    def pending(self) -> int:
        """Bytes of a status that is not whole yet."""
        return len(self._automatic)

    @property
    def deadline_ns(self) -> Nanoseconds | None:
        """When half a status is given up."""
        if not self._automatic or self._since_ns is None:
            return None
        return Nanoseconds(self._since_ns + STATUS_PATIENCE_NS)

    def read(self, data: bytes) -> Iterator[State | Confirmed | Garbled]:
        """What these bytes tell: the state after each status, a confirmation, or noise."""
        self._stirred = True
        for byte in data:
            if byte not in _FLOW:
                yield from self._byte(byte)
        yield from self._noise_told()

    def tick(self, now_ns: Nanoseconds) -> Iterator[Garbled]:
        """Take note of the time; a status whose rest does not come is noise."""
        if self._stirred or self._since_ns is None:
            self._since_ns = now_ns
            self._stirred = False
        elif self._automatic and now_ns - self._since_ns >= STATUS_PATIENCE_NS:
            self._given_up()
            yield from self._noise_told()

    def _byte(self, byte: int) -> Iterator[State | Confirmed | Garbled]:
        follows = byte & 0x90 == 0x00  # 0xx0xxxx
        if self._automatic and not follows:
            self._given_up()
        if byte & 0x93 == 0x10:  # 0xx1xx00
            yield from self._noise_told()
            self._automatic.append(byte)
        elif byte & 0x93 == 0x12:  # 0xx1xx10
            yield from self._noise_told()
            yield self._realtime(byte)
        elif not follows:
            yield from self._noise(byte)
        elif self._automatic:
            self._automatic.append(byte)
            if len(self._automatic) == _AUTOMATIC_BYTES:
                yield self._told()
        elif byte & _DEFINED in _CONFIRMATIONS:
            yield from self._noise_told()
            yield Confirmed()
        else:
            yield from self._noise(byte)

    def _noise(self, byte: int) -> Iterator[Garbled]:
        self._noises.append(byte)
        if len(self._noises) == _RAW_BYTES_MAX:
            yield from self._noise_told()

    def _realtime(self, byte: int) -> State:
        match self.kind:
            case 1:
                said = msgspec.structs.replace(self.state, online=not byte & 0x08, pin_high=bool(byte & 0x04))
            case 2:
                said = msgspec.structs.replace(self.state, cover_open=bool(byte & 0x04))
            case 3:
                said = msgspec.structs.replace(self.state, broken=bool(byte & 0x28))
            case _:
                said = msgspec.structs.replace(self.state, paper=_paper(low=byte & 0x0C, out=byte & 0x60))
        self.state = msgspec.structs.replace(said, whole=self.kind == REALTIME_KINDS[-1])
        self.kind = self.kind % len(REALTIME_KINDS) + 1
        return self.state

    def _told(self) -> State:
        printer, errors, paper = self._automatic[:3]
        self._automatic.clear()
        self.state = State(
            online=not printer & 0x08,
            cover_open=bool(printer & 0x20),
            paper=_paper(low=paper & 0x03, out=paper & 0x0C),
            pin_high=bool(printer & 0x04),
            broken=bool(errors & 0x28),
            whole=True,
        )
        return self.state

    def _given_up(self) -> None:
        self._noises += self._automatic
        self._automatic.clear()

    def _noise_told(self) -> Iterator[Garbled]:
        if self._noises:
            yield Garbled(self._noises.hex().upper(), "expected a status of a printer, got something else")
            self._noises.clear()


def _paper(*, low: int, out: int) -> Paper:
    if out:
        return Paper.OUT
    return Paper.LOW if low else Paper.OK
