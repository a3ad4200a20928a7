"""The faults of a line, the same for every device: all that happens to bytes between device and host."""

import random
from collections import deque
from enum import StrEnum
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from simulators.devices.device import understood

# A pty holds as much for a host that does not read; what comes after it is lost, as on a line.
PENDING_BYTES_MAX: Final = 16_384
# Between chunks, so that a host that reads at once gets them one by one.
CHUNK_GAP_NS: Final = 1_000_000
BITS_A_BYTE: Final = 10


class Terminator(StrEnum):
    """How a frame ends."""

    RIGHT = "right"
    MISSING = "missing"
    DOUBLED = "doubled"


class Faults(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The knobs that stay as they are turned; 0, `right` and false are a line without faults.

    `chunk_bytes` cuts what is said into pieces; `byte_pace_us` is the time that a byte takes; `wrong_baud` is
    the rate that the device is set to by mistake; `noise_permille` is the chance that a byte is hit; `silent`
    lets nothing pass.
    """

    chunk_bytes: Annotated[int, Meta(ge=0, le=4096)] = 0
    byte_pace_us: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    wrong_baud: Annotated[int, Meta(ge=0, le=4_000_000)] = 0
    noise_permille: Annotated[int, Meta(ge=0, le=1000)] = 0
    terminator: Terminator = Terminator.RIGHT
    silent: bool = False


class Knobs(Faults, frozen=True, forbid_unknown_fields=True):
    """All knobs: those of Faults, and those that pass by themselves.

    `mid_frame_bytes` are missing from the beginning of what the device says next, as for a host that comes in
    late; `unstable_s` is for how long the device measures badly.
    """

    mid_frame_bytes: Annotated[int, Meta(ge=0, le=4096)] = 0
    unstable_s: Annotated[int, Meta(ge=0, le=3600)] = 0


class Line:
    """One device's line without its descriptor: frames go in whole and come out as the faults leave them.

    `baud` is the device's right rate; `byte_pace_us` is how long a byte takes when no fault says otherwise.
    """

    def __init__(self, luck: random.Random, baud: int, terminator: bytes, *, byte_pace_us: int = 0) -> None:
        self._luck = luck
        self._baud = baud
        self._terminator = terminator
        self._byte_pace_us = byte_pace_us
        self._pieces: deque[tuple[int, bytes]] = deque()
        self._pending_bytes = 0
        self._missing_bytes = 0
        self._free_ns = 0
        self.faults = Faults()

    def turn(self, settings: dict[str, Any]) -> Knobs:
        """Turn the knobs that `settings` names, leave the others; RefusedError when one has no such value."""
        knobs: Knobs = understood(msgspec.structs.asdict(self.faults) | settings, Knobs, "faults")
        self.faults = msgspec.convert(knobs, Faults, from_attributes=True)
        self._missing_bytes = knobs.mid_frame_bytes or self._missing_bytes
        if knobs.silent:
            self.clear()
        return knobs

    def heal(self) -> None:
        """Turn every knob back."""
        self.faults = Faults()
        self._missing_bytes = 0

    def clear(self) -> None:
        """Lose what is still on its way."""
        self._pieces.clear()
        self._pending_bytes = 0
        self._free_ns = 0

    @property
    def wakes_ns(self) -> int | None:
        """When the next piece is due."""
        return self._pieces[0][0] if self._pieces else None

    def hear(self, data: bytes, host_baud: int) -> bytes:
        """What the device understands of bytes that a host sends at its own rate."""
        return b"" if self.faults.silent else resample(data, host_baud, self._rate)

    def say(self, frame: bytes, now_ns: int, host_baud: int) -> None:
        """Put one frame on the line, towards a host that listens at its own rate."""
        if self.faults.silent:
            return
        heard = resample(self._noisy(self._ended(frame)), self._rate, host_baud)
        missing = min(self._missing_bytes, len(heard))
        self._missing_bytes -= missing
        self._queue(heard[missing:], now_ns)

    def due(self, now_ns: int) -> list[bytes]:
        """Give the pieces that have arrived, each to be written by itself."""
        pieces: list[bytes] = []
        while self._pieces and self._pieces[0][0] <= now_ns:
            pieces.append(self._pieces.popleft()[1])
            self._pending_bytes -= len(pieces[-1])
        return pieces if self.faults.chunk_bytes else [b"".join(pieces)] if pieces else []

    @property
    def _rate(self) -> int:
        return self.faults.wrong_baud or self._baud

    def _ended(self, frame: bytes) -> bytes:
        match self.faults.terminator:
            case Terminator.RIGHT:
                return frame
            case Terminator.MISSING:
                return frame.removesuffix(self._terminator)
            case Terminator.DOUBLED:
                return frame + self._terminator

    def _noisy(self, frame: bytes) -> bytes:
        """Hit bytes by chance: half of the hits flip a bit, half leave a stray byte before it."""
        if not self.faults.noise_permille:
            return frame
        hit = bytearray()
        for byte in frame:
            if self._luck.randrange(1000) >= self.faults.noise_permille:
                hit.append(byte)
            elif self._luck.randrange(2):
                hit.append(byte ^ 1 << self._luck.randrange(8))
            else:
                hit += bytes((self._luck.randrange(256), byte))
        return bytes(hit)

    def _queue(self, data: bytes, now_ns: int) -> None:
        if not data or self._pending_bytes + len(data) > PENDING_BYTES_MAX:
            return
        self._pending_bytes += len(data)
        pace_ns = 1000 * (self.faults.byte_pace_us or self._byte_pace_us)
        size = self.faults.chunk_bytes or (1 if pace_ns else len(data))
        at_ns = max(now_ns, self._free_ns)
        for start in range(0, len(data), size):
            piece = data[start : start + size]
            at_ns += len(piece) * pace_ns
            self._pieces.append((at_ns, piece))
            at_ns += CHUNK_GAP_NS if self.faults.chunk_bytes else 0
        self._free_ns = at_ns


def resample(data: bytes, said_baud: int, heard_baud: int) -> bytes:
    """What a UART at `heard_baud` makes of bytes said at `said_baud`: 8N1, sampled in the middle of its bits.

    Time is counted in a unit in which a bit lasts `heard_baud` for the mouth and `said_baud` for the ear.
    """
    if said_baud == heard_baud:
        return data
    wave = [bit for byte in data for bit in (0, *(byte >> place & 1 for place in range(8)), 1)]
    heard = bytearray()
    free_at = 0
    for index, level in enumerate(wave):
        edge_at = index * heard_baud
        if level == 0 and edge_at >= free_at and (index == 0 or wave[index - 1] == 1):
            middles = [edge_at + said_baud * bit + said_baud // 2 for bit in range(BITS_A_BYTE)]
            levels = [_level(wave, at // heard_baud) for at in middles]
            # A start bit that is over before its middle is a glitch, not a byte.
            if levels[0] == 0:
                heard.append(sum(level << place for place, level in enumerate(levels[1:9])))
                free_at = middles[-1]
    return bytes(heard)


def _level(wave: list[int], index: int) -> int:
    """An idle line is high."""
    return wave[index] if index < len(wave) else 1
