"""A customer display of two lines of twenty characters that takes the commands of a CD5220.

Sources: CD5220 user manuals (Partner, page 10; Epson P07303, page 20). A line that was written by ESC Q is in
string mode, in which only ESC Q, CLR and CAN do anything. A byte above 7Fh is one of code page 437. What a
host draws itself (ESC &) and the window of horizontal scrolling are not shown.
"""

import random
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final

import msgspec

from simulators.devices.catalogue import BenchDevice
from simulators.devices.device import RefusedError, understood

COLUMNS, ROWS = 20, 2
ESC, US, CR = 0x1B, 0x1F, 0x0D
BLANK: Final = " " * COLUMNS
CODE_PAGE: Final = "cp437"
# A message that scrolls has at most 40 characters; what is longer is cut when its CR comes.
STRING_CHARACTERS_MAX: Final = 40
BRIGHTEST: Final = 4

# How many bytes follow ESC and the letter, or US and the letter; what is not here has none.
_ESCAPED: Final = {
    **dict.fromkeys(b"*?%_fc=sd#", 1),
    ord("["): 1,
    ord("l"): 2,
    ord("W"): 4,
}
_US: Final = {ord("E"): 1}
# US and one byte is another way to say these.
_SAME: Final = {
    b"\x1f\x01": b"\x1b\x11",
    b"\x1f\x02": b"\x1b\x12",
    b"\x1f\x03": b"\x1b\x13",
    b"\x1f\x0a": b"\x1b[A",
    b"\x1f\x0d": b"\x1b[R",
    b"\x1fB": b"\x1b[K",
}


class World(msgspec.Struct):
    """What is read on the glass, blanks at the end left out; it is gone when the power is."""

    upper: str = ""
    lower: str = ""
    brightness: int = BRIGHTEST


class LineDisplay:
    """The glass and its cursor; it never says anything."""

    kind = "line-display"
    baud = 9600
    terminator = b""
    verbs: tuple[str, ...] = ()

    def __init__(self, _luck: random.Random, _setup: "Part") -> None:
        self.power_on(0)

    def power_on(self, _now_ns: int, /) -> None:
        """Start over with nothing on the glass."""
        self._pending = bytearray()
        self._initialise(b"")

    def shake(self, _until_ns: int, /) -> None:
        """It measures nothing."""

    def obey(self, _order: Mapping[str, Any], _now_ns: int, /) -> None:
        """Nothing on it can be moved."""
        raise RefusedError("a line display has nothing for a hand: it only shows")

    def world(self) -> dict[str, Any]:
        """Say what is read on the glass."""
        upper, lower = (row.rstrip() for row in self._rows)
        return msgspec.structs.asdict(World(upper, lower, self._brightness))

    def restore(self, world: Mapping[str, Any], _now_ns: int, /) -> None:
        """Show it again."""
        kept: World = understood(world, World, "the display")
        self._rows = [row.ljust(COLUMNS)[:COLUMNS] for row in (kept.upper, kept.lower)]
        self._brightness = kept.brightness

    @property
    def wakes_ns(self) -> int | None:
        """It has nothing to say."""
        return None

    def hear(self, data: bytes, _now_ns: int, /) -> None:
        """Take commands and text, cut in any way."""
        for byte in data:
            self._pending.append(byte)
            if self._whole():
                command, self._pending = bytes(self._pending), bytearray()
                self._do(command)

    def speak(self, _now_ns: int, /) -> list[bytes]:
        """Say nothing."""
        return []

    def _whole(self) -> bool:
        head = self._pending
        if head[0] not in (ESC, US):
            return True
        if len(head) < 2:
            return False
        if head[:2] == b"\x1bQ":
            # A string has no length: it ends with its CR.
            if len(head) > 3 + STRING_CHARACTERS_MAX and head[-1] != CR:
                del head[-1]
            return len(head) > 2 and head[-1] == CR
        return len(head) >= 2 + (_ESCAPED if head[0] == ESC else _US).get(head[1], 0)

    def _do(self, command: bytes) -> None:
        command = _SAME.get(command, command)
        if self._string_mode and command[:2] != b"\x1bQ" and command not in (b"\x0c", b"\x18"):
            return
        if self._scrolling:
            self._clear_row(0)
        for name in (command[:3], command[:2], command[:1]):
            if act := self._ACTS.get(name):
                act(self, command[len(name) :])
                return
        if command[0] >= 0x20:
            self._write(command.decode(CODE_PAGE))

    def _initialise(self, _rest: bytes) -> None:
        self._brightness = BRIGHTEST
        self._scrolls = False
        self._clear(b"")

    def _clear(self, _rest: bytes) -> None:
        self._rows = [BLANK] * ROWS
        self._row = self._column = 0
        self._string_mode = self._scrolling = False

    def _clear_line(self, _rest: bytes) -> None:
        self._clear_row(self._row)
        self._string_mode = False

    def _clear_row(self, row: int) -> None:
        self._rows[row] = BLANK
        self._row, self._column = row, 0
        self._scrolling = False

    def _write(self, character: str) -> None:
        row = self._rows[self._row]
        self._rows[self._row] = row[: self._column] + character + row[self._column + 1 :]
        self._right(b"")

    def _string(self, row: int, rest: bytes) -> None:
        """A string that is too short leaves the rest of its line blank."""
        self._rows[row] = rest.rstrip(b"\r").decode(CODE_PAGE)[:COLUMNS].ljust(COLUMNS)

    def _upper(self, rest: bytes) -> None:
        self._string(0, rest)
        self._string_mode = True

    def _lower(self, rest: bytes) -> None:
        self._string(1, rest)
        self._string_mode = True

    def _scroll_upper(self, rest: bytes) -> None:
        """A message that moves; what is told of it is how it begins."""
        self._string(0, rest)
        self._scrolling = True

    def _left(self, _rest: bytes) -> None:
        self._row, self._column = divmod((self._row * COLUMNS + self._column - 1) % (ROWS * COLUMNS), COLUMNS)

    def _right(self, _rest: bytes) -> None:
        if self._column + 1 < COLUMNS:
            self._column += 1
        else:
            self._column = 0
            self._down(b"")

    def _down(self, _rest: bytes) -> None:
        if self._row + 1 < ROWS:
            self._row += 1
        elif self._scrolls:
            self._rows = [*self._rows[1:], BLANK]
        else:
            self._row = 0

    def _up(self, _rest: bytes) -> None:
        self._row = (self._row - 1) % ROWS

    def _home(self, _rest: bytes) -> None:
        self._row = self._column = 0

    def _left_most(self, _rest: bytes) -> None:
        self._column = 0

    def _right_most(self, _rest: bytes) -> None:
        self._column = COLUMNS - 1

    def _bottom(self, _rest: bytes) -> None:
        self._row, self._column = ROWS - 1, COLUMNS - 1

    def _place(self, rest: bytes) -> None:
        column, row = rest
        if 1 <= column <= COLUMNS and 1 <= row <= ROWS:
            self._row, self._column = row - 1, column - 1

    def _overwrite(self, _rest: bytes) -> None:
        self._scrolls = False

    def _scroll(self, _rest: bytes) -> None:
        self._scrolls = True

    def _brighten(self, rest: bytes) -> None:
        if 1 <= rest[0] <= BRIGHTEST:
            self._brightness = rest[0]

    _ACTS: ClassVar[Mapping[bytes, Callable[["LineDisplay", bytes], None]]] = {
        b"\x1bQA": _upper,
        b"\x1bQB": _lower,
        b"\x1bQD": _scroll_upper,
        b"\x1b@": _initialise,
        b"\x1b\x11": _overwrite,
        b"\x1b\x12": _scroll,
        b"\x1b[A": _up,
        b"\x1b[B": _down,
        b"\x1b[C": _right,
        b"\x1b[D": _left,
        b"\x1b[H": _home,
        b"\x1b[K": _bottom,
        b"\x1b[L": _left_most,
        b"\x1b[R": _right_most,
        b"\x1bl": _place,
        b"\x1b*": _brighten,
        b"\x08": _left,
        b"\x09": _right,
        b"\x0a": _down,
        b"\x0b": _home,
        b"\x0c": _clear,
        b"\x0d": _left_most,
        b"\x18": _clear_line,
    }


class Part(BenchDevice, frozen=True, forbid_unknown_fields=True):
    """Such a display on a bench."""

    def device(self, luck: random.Random) -> LineDisplay:
        """Make the display."""
        return LineDisplay(luck, self)
