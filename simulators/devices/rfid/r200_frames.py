"""Frames of the R200 family (R200 user protocol V2.3.3): commands found in bytes, answers put together."""

from collections.abc import Iterator
from enum import IntEnum
from typing import Final, NamedTuple

COMMAND, ANSWER, NOTICE = 0x00, 0x01, 0x02
FAILED: Final = 0xFF

# The longest command of the manual (write, 49h) carries 9 bytes before at most 32 words of data.
PARAMETERS_MAX: Final = 80
# Head, type, command, two bytes of length; behind the parameters the checksum and the end.
BEFORE, AFTER = 5, 2
# A host sends a command in one go; what stops for longer than this is the torso of a host that died.
PAUSE_NS: Final = 100_000_000


class Marks(NamedTuple):
    """The first and the last byte of every frame of a module."""

    head: int
    end: int


# The same protocol is sold with two pairs of marks: BB/7E (YRM100, JRD-4035, M5Stack) and AA/DD (R200).
MARKS: Final = {"bb-7e": Marks(0xBB, 0x7E), "aa-dd": Marks(0xAA, 0xDD)}


class Failure(IntEnum):
    """The error codes of FF frames that the simulator has reasons to send."""

    BAD_PARAMETER = 0x0E
    NO_TAG = 0x15
    BAD_COMMAND = 0x17


class Command(NamedTuple):
    """What a host asked."""

    code: int
    parameters: bytes


def frame(marks: Marks, kind: int, code: int, parameters: bytes) -> bytes:
    """Build `head type command length parameters checksum end`; the checksum is the sum after the head."""
    body = bytes((kind, code)) + len(parameters).to_bytes(2) + parameters
    return bytes((marks.head,)) + body + bytes((sum(body) & 0xFF, marks.end))


class CommandReader:
    """Finds commands by their length, since the end mark may occur inside; passes over what is no command."""

    def __init__(self, marks: Marks) -> None:
        self._marks = marks
        self._pending = bytearray()
        self._heard_ns = 0

    def forget(self) -> None:
        """Lose a half command, as a power cut does."""
        self._pending.clear()

    def receive(self, data: bytes, now_ns: int) -> Iterator[Command]:
        """Take bytes as they come, give commands as they are complete."""
        if now_ns - self._heard_ns > PAUSE_NS:
            self.forget()
        self._heard_ns = now_ns
        self._pending += data
        while (start := self._pending.find(self._marks.head)) >= 0:
            del self._pending[:start]
            if (size := self._size()) is None or len(self._pending) < size:
                return
            if (command := self._command(size)) is None:
                del self._pending[:1]
            else:
                del self._pending[:size]
                yield command
        self.forget()

    def _size(self) -> int | None:
        """How many bytes the frame at the start should have; None while its length has not come."""
        if len(self._pending) < BEFORE:
            return None
        parameters = int.from_bytes(self._pending[3:5])
        # A length that no command has is noise: one byte of it is enough to pass it over.
        return BEFORE + parameters + AFTER if parameters <= PARAMETERS_MAX else 1

    def _command(self, size: int) -> Command | None:
        whole = bytes(self._pending[:size])
        if size < BEFORE + AFTER or whole != frame(self._marks, COMMAND, whole[2], whole[BEFORE:-AFTER]):
            return None
        return Command(whole[2], whole[BEFORE:-AFTER])
