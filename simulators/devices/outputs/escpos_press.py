"""The printing part of a receipt printer: what each command does to the paper, and how long it takes.

Sources: Epson TM-T88 and TM-U220 manuals, Bixolon SRP-350 command manual. A cut, a QR code or a picture that
does not begin at the beginning of a line is passed over.
"""

from collections.abc import Callable, Mapping
from typing import ClassVar, Final

from simulators.devices.outputs.escpos_language import ESC, GS, ROW, Command
from simulators.devices.outputs.escpos_paper import Align, Line, Roll, Setting

MS: Final = 1_000_000
# A line of text is 30 dots high: 24 and the space between lines.
LINE_DOTS: Final = 30
# A QR code of the usual size takes about four centimetres of paper.
QR_LINES: Final = 10
CUT_NS: Final = 300 * MS
PULSE_UNIT_NS: Final = 2 * MS
DRAWER_PIN: Final = b"\x00\x30"
PARTIAL_CUTS: Final = b"\x01\x31\x42\x62\x68"
ALIGN: Final[dict[int, Align]] = {0: "left", 1: "center", 2: "right"}
TABLES: Final = {
    0: "cp437",
    2: "cp850",
    3: "cp860",
    4: "cp863",
    5: "cp865",
    16: "cp1252",
    17: "cp866",
    18: "cp852",
    19: "cp858",
    45: "cp1250",
    46: "cp1251",
    47: "cp1253",
    48: "cp1254",
    49: "cp1255",
    50: "cp1256",
    51: "cp1257",
    52: "cp1258",
}


class Press:
    """Head, paper feed, knife and drawer pulse; `line_ns` is how long the paper moves for a line of text."""

    def __init__(self, roll: Roll, columns: int, line_ns: int) -> None:
        self._roll = roll
        self._line_ns = line_ns
        self._setting = Setting(columns)
        self._took_ns = 0
        self.initialise()

    def initialise(self) -> None:
        """Forget the line that has begun and all that was set."""
        self._setting.clear()
        self._qr = b""
        self._picture = (0, 0, 0)

    def drop_line(self) -> None:
        """Forget the line that has begun."""
        self._setting.line()

    def kick(self) -> None:
        """Send a pulse to the drawer."""
        self._roll.world.drawer_open = True
        self._roll.world.kicks += 1

    def do(self, command: Command) -> int:
        """Do this and say how long it takes."""
        self._took_ns = 0
        if (act := self._ACTS.get(command.name)) is not None:
            act(self, command.rest)
        elif len(command.name) == 1 and command.name >= b" " and command.name != b"\x7f":
            self._set(command.name[0])
        return self._took_ns

    def _busy(self, duration_ns: int) -> None:
        self._took_ns += duration_ns

    def _set(self, byte: int) -> None:
        if not self._setting.fits(byte):
            self._print_line()
        self._setting.put(byte)

    def _tab(self, _rest: bytes) -> None:
        self._set(ord("\t"))

    def _print_line(self, _rest: bytes = b"") -> None:
        line = self._setting.line()
        self._roll.feed(line, line.tall)
        self._busy(self._line_ns * line.tall)

    def _table(self, rest: bytes) -> None:
        if rest[0] in TABLES:
            self._setting.restyle(table=TABLES[rest[0]])

    def _align(self, rest: bytes) -> None:
        if self._setting.empty and (align := ALIGN.get(rest[0] & 0x0F)):
            self._setting.restyle(align=align)

    def _embolden(self, rest: bytes) -> None:
        self._setting.restyle(bold=bool(rest[0] & 1))

    def _mode(self, rest: bytes) -> None:
        bold, tall, wide = (bool(rest[0] & bit) for bit in (0x08, 0x10, 0x20))
        self._setting.restyle(bold=bold, tall=1 + tall, wide=1 + wide)

    def _size(self, rest: bytes) -> None:
        self._setting.restyle(wide=(rest[0] >> 4 & 7) + 1, tall=(rest[0] & 7) + 1)

    def _feed(self, rest: bytes) -> None:
        """Print the line, which is the first of those that are fed."""
        begun = not self._setting.empty
        if begun:
            self._print_line()
        for _ in range(rest[0] - begun):
            self._print_line()

    def _feed_dots(self, rest: bytes) -> None:
        if not self._setting.empty:
            self._print_line()
        else:
            self._roll.move(rest[0] // LINE_DOTS)
            self._busy(self._line_ns * rest[0] // LINE_DOTS)

    def _cut(self, rest: bytes) -> None:
        """Cut, at the beginning of a line only."""
        if not self._setting.empty:
            return
        if len(rest) > 1:
            self._busy(self._line_ns * self._roll.feed_to_cutter())
        self._roll.cut(partial=rest[0] in PARTIAL_CUTS)
        self._busy(CUT_NS)

    def _extended(self, rest: bytes) -> None:
        """QR codes; of the other extended commands only the end is known."""
        if rest[:1] != b"k" or rest[3:4] != b"1":
            return
        match rest[4:6]:
            case b"P0":
                self._qr = rest[6:]
            case b"Q0" if self._qr and self._setting.empty:
                self._roll.feed(Line("", qr=self._qr.decode("utf-8", "replace")), QR_LINES)
                self._busy(self._line_ns * QR_LINES)

    def _picture_begins(self, rest: bytes) -> None:
        """A picture that begins in the middle of a line is passed over."""
        width, height = int.from_bytes(rest[2:4], "little"), int.from_bytes(rest[4:6], "little")
        self._picture = (8 * width, height, 0) if self._setting.empty else (0, 0, 0)

    def _row(self, _rest: bytes) -> None:
        width, height, done = self._picture
        if done >= height:
            return
        self._picture = width, height, done + 1
        self._busy(self._line_ns // LINE_DOTS)
        if (done + 1) % LINE_DOTS == 0:
            self._roll.move()
        if done + 1 == height:
            self._roll.feed(Line("", picture=f"{width}x{height}"))

    def _pulse(self, rest: bytes) -> None:
        on, off = rest[1], max(rest[1], rest[2])
        self._busy((on + off) * PULSE_UNIT_NS)
        if on and rest[0] in DRAWER_PIN:
            self.kick()

    _ACTS: ClassVar[Mapping[bytes, Callable[["Press", bytes], None]]] = {
        b"\n": _print_line,
        b"\t": _tab,
        ESC + b"t": _table,
        ESC + b"a": _align,
        ESC + b"E": _embolden,
        ESC + b"!": _mode,
        ESC + b"d": _feed,
        ESC + b"J": _feed_dots,
        ESC + b"p": _pulse,
        GS + b"!": _size,
        GS + b"V": _cut,
        GS + b"(": _extended,
        GS + b"v": _picture_begins,
        ROW: _row,
    }
