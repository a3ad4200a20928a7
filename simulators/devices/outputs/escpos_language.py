"""The language of ESC/POS: where each command ends, and what a printer acts on before its turn.

Sources: Epson ESC/POS quick reference, TM-T88 and TM-U220 command lists; Bixolon SRP-350 command manual;
Citizen CBM-1000 and iDP-3240 manuals (real-time commands are acted on wherever they stand).
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

import msgspec

ESC, GS, FS, DLE = b"\x1b", b"\x1d", b"\x1c", b"\x10"
ROW: Final = b"row"
"""Not a command of the line: the name under which each row of dots of a picture comes."""

REAL_TIME: Final = re.compile(
    rb"\x10\x04[\x01-\x04]|\x10\x05[\x01\x02]|\x10\x14\x01[\x00\x01][\x01-\x08]", re.DOTALL
)
REAL_TIME_BYTES_MAX: Final = 5
# A bar code of the old form ends with NUL, the list of tabs too: neither is longer than this.
UNTIL_NUL_BYTES_MAX: Final = 259

# How long a command is from its first byte; the first two say which one it is.
_FIXED: Final[Mapping[bytes, int]] = {
    **dict.fromkeys((ESC + each for each in (b"@", b"2", b"L", b"S", b"\x0c")), 2),
    **dict.fromkeys((ESC + bytes((each,)) for each in b" !%-3=?EGJMRTVadtru{"), 3),
    **dict.fromkeys((ESC + bytes((each,)) for each in b"$\\c"), 4),
    ESC + b"p": 5,
    ESC + b"W": 10,
    **dict.fromkeys((GS + bytes((each,)) for each in b"!/BHIabfhrw"), 3),
    **dict.fromkeys((GS + bytes((each,)) for each in b"LPW$\\"), 4),
    **dict.fromkeys((FS + each for each in (b".", b"&")), 2),
    **dict.fromkeys((FS + bytes((each,)) for each in b"!-CW"), 3),
    FS + b"S": 4,
    FS + b"p": 4,
    DLE + b"\x04": 3,
    DLE + b"\x05": 3,
    DLE + b"\x14": 5,
}
_FEEDING_CUTS: Final = b"\x41\x42\x61\x62\x67\x68"


def _word(head: bytearray, place: int) -> int:
    return int.from_bytes(head[place : place + 2], "little")


def _cut(head: bytearray) -> int:
    return 3 if len(head) < 3 else 4 if head[2] in _FEEDING_CUTS else 3


def _extended(head: bytearray) -> int:
    return 5 if len(head) < 5 else 5 + _word(head, 3)


def _bar_code(head: bytearray) -> int:
    if len(head) < 4:
        return 4
    if head[2] >= ord("A"):
        return 4 + head[3]
    return _until_nul(head)


def _until_nul(head: bytearray) -> int:
    return len(head) + (head[-1] != 0 and len(head) < UNTIL_NUL_BYTES_MAX)


def _columns(head: bytearray) -> int:
    """Columns of 8 or, from m = 32 on, 24 dots."""
    return 5 if len(head) < 5 else 5 + _word(head, 3) * (3 if head[2] >= 32 else 1)


def _downloaded(head: bytearray) -> int:
    return 4 if len(head) < 4 else 4 + head[2] * head[3] * 8


# How long it is at least, as far as it can be told from what has come of it.
_VARIABLE: Final[Mapping[bytes, Callable[[bytearray], int]]] = {
    GS + b"V": _cut,
    GS + b"(": _extended,
    GS + b"k": _bar_code,
    GS + b"*": _downloaded,
    GS + b"v": lambda _head: 8,
    ESC + b"*": _columns,
    ESC + b"D": _until_nul,
}


class Command(msgspec.Struct, frozen=True):
    """One command: its first two bytes and the rest; text is a command of one byte a character."""

    name: bytes
    rest: bytes = b""

    @property
    def size(self) -> int:
        """How many bytes of a buffer it takes."""
        return len(self.name) + len(self.rest)


class Reader:
    """Cuts what was received into commands; a command that no table has is as long as its name."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Drop the command that has begun."""
        self._head = bytearray()
        self._row_bytes = 0
        self._rows_left = 0

    def take(self, data: bytes) -> Iterator[Command]:
        """The commands that these bytes complete; those that were acted on already are left out."""
        for byte in data:
            self._head.append(byte)
            if (command := self._whole()) is None:
                continue
            self._head = bytearray()
            if command.name[:1] != DLE:
                yield command

    def _whole(self) -> Command | None:
        head = self._head
        if self._rows_left:
            return self._row()
        if head[:1] not in (ESC, GS, FS, DLE):
            return Command(bytes(head))
        name = bytes(head[:2])
        if len(head) < 2 or len(head) < (_VARIABLE[name](head) if name in _VARIABLE else _FIXED.get(name, 2)):
            return None
        if name == GS + b"v":
            self._row_bytes, self._rows_left = _word(head, 4), _word(head, 6)
            if not self._row_bytes:
                self._rows_left = 0
        return Command(name, bytes(head[2:]))

    def _row(self) -> Command | None:
        if len(self._head) < self._row_bytes:
            return None
        self._rows_left -= 1
        return Command(ROW, bytes(self._head))


class RealTime:
    """Finds what a printer acts on at once in all that comes in, whatever else it may be a part of."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin anew."""
        self._tail = b""

    def find(self, data: bytes) -> list[tuple[bytes, int]]:
        """The requests that these bytes complete, and where in them each ends."""
        seen, before = self._tail + data, len(self._tail)
        found = [(each[0], each.end() - before) for each in REAL_TIME.finditer(seen)]
        end = found[-1][1] + before if found else 0
        self._tail = seen[max(end, len(seen) - REAL_TIME_BYTES_MAX + 1) :]
        return found
