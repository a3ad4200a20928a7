"""The paper of a receipt printer: the roll, the line under the head, what hangs out and what was cut off."""

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

# What a hand may come to look at; older receipts are swept up.
RECEIPTS_MAX: Final = 5
# A receipt longer than this is a fault of its own; what is seen of it is its end.
HANGING_LINES_MAX: Final = 300
# What is left on a roll when a printer without a near-end sensor is said to have little.
LITTLE_LINES: Final = 300
TAB_COLUMNS: Final = 8

State = Literal["ok", "low", "out"]
Align = Literal["left", "center", "right"]


class Line(msgspec.Struct, frozen=True, omit_defaults=True):
    """What stands at one height of the paper: text as it is placed there, a QR code, or a picture."""

    text: str
    bold: bool = False
    wide: int = 1
    tall: int = 1
    qr: str = ""
    picture: str = ""


class Receipt(msgspec.Struct, frozen=True):
    """A piece of paper that came off: by the cutter, or because the roll ended."""

    lines: list[Line]
    by: Literal["full cut", "partial cut", "roll end"]


class Style(msgspec.Struct, frozen=True):
    """How text is printed until it is said otherwise."""

    align: Align = "left"
    bold: bool = False
    wide: int = 1
    tall: int = 1
    table: str = "cp437"


class Setting:
    """The line under the print head: what was sent of it, and how the next character is printed."""

    def __init__(self, columns: int) -> None:
        self._columns = columns
        self._text, self._used = "", 0
        self._bold, self._wide, self._tall = False, 1, 1
        self.style = Style()

    def clear(self) -> None:
        """Begin with nothing, in the style of a printer that was just switched on."""
        self.style = Style()
        self._take_out()

    def restyle(self, **change: Any) -> None:
        """Print what comes next in another way."""
        self.style = msgspec.structs.replace(self.style, **change)

    @property
    def empty(self) -> bool:
        """Whether the head is at the beginning of a line."""
        return not self._text

    def fits(self, byte: int) -> bool:
        """Whether one more character has its place."""
        return self._used + self._width(byte) <= self._columns

    def put(self, byte: int) -> None:
        """Set one character; a byte that the table does not have is printed as U+FFFD."""
        width = self._width(byte)
        self._used += width
        blank = byte == ord("\t")
        self._text += " " * width if blank else bytes((byte,)).decode(self.style.table, "replace")
        self._bold |= self.style.bold
        self._wide = max(self._wide, self.style.wide)
        self._tall = max(self._tall, self.style.tall)

    def line(self) -> Line:
        """Take the line out, placed as it will stand on the paper."""
        free = self._columns - self._used
        before = {"left": 0, "center": free // 2, "right": free}[self.style.align] if self._text else 0
        line = Line(" " * before + self._text, self._bold, self._wide, self._tall)
        self._take_out()
        return line

    def _take_out(self) -> None:
        self._text, self._used = "", 0
        self._bold, self._wide, self._tall = False, 1, 1

    def _width(self, byte: int) -> int:
        return TAB_COLUMNS - self._used % TAB_COLUMNS if byte == ord("\t") else self.style.wide


class World(msgspec.Struct):
    """What stays when the power goes: the paper, and what a hand moved.

    `kicks` is how often the drawer was opened by a pulse, `lost_bytes` what a full buffer did not take.
    """

    lines_left: Annotated[int, Meta(ge=0)]
    paper: State = "ok"
    cover_open: bool = False
    drawer_open: bool = False
    jammed: bool = False
    kicks: int = 0
    lost_bytes: int = 0
    hanging: list[Line] = []
    receipts: list[Receipt] = []


class Roll:
    """The paper and what moves it; `near_end_lines` 0 is a printer that cannot tell that little is left."""

    def __init__(self, roll_lines: int, near_end_lines: int, cutter_lines: int) -> None:
        self._roll_lines = roll_lines
        self._near_end_lines = near_end_lines
        self._cutter_lines = cutter_lines
        self.world = World(roll_lines)

    @property
    def out(self) -> bool:
        """Whether nothing can be printed."""
        return self.world.lines_left == 0

    @property
    def near_end(self) -> bool:
        """Whether the near-end sensor sees little paper, or none."""
        return self.world.lines_left <= self._near_end_lines and self._near_end_lines > 0

    def put_in(self, state: State, lines: int | None) -> None:
        """Change the roll, or let it come near its end; a roll that ended drops its last piece."""
        usual = {"ok": self._roll_lines, "low": self._near_end_lines or LITTLE_LINES, "out": 0}
        if self.out and state != "out":
            self._off(self.world.hanging, "roll end")
            self.world.hanging = []
        self.world.lines_left = usual[state] if lines is None else lines
        self._look()

    def feed(self, line: Line, lines: int = 1) -> None:
        """Print this, and move on by so many lines."""
        self.world.hanging = [*self.world.hanging, line][-HANGING_LINES_MAX:]
        self.move(lines)

    def move(self, lines: int = 1) -> None:
        """Use up so much paper."""
        self.world.lines_left = max(0, self.world.lines_left - lines)
        self._look()

    def feed_to_cutter(self) -> int:
        """Move the last line past the knife; how many lines that takes."""
        for _ in range(self._cutter_lines):
            self.feed(Line(""))
        return self._cutter_lines

    def cut(self, *, partial: bool) -> None:
        """Cut where the knife is: some lines above the head, so what was printed last stays inside."""
        hanging = self.world.hanging
        place = max(0, len(hanging) - self._cutter_lines)
        self._off(hanging[:place], "partial cut" if partial else "full cut")
        inside = hanging[place:]
        self.world.hanging = inside if any(line != Line("") for line in inside) else []

    def tear(self) -> None:
        """Take all that was printed away."""
        self.world.receipts, self.world.hanging = [], []

    def _off(self, lines: list[Line], by: Literal["full cut", "partial cut", "roll end"]) -> None:
        if lines:
            self.world.receipts = [*self.world.receipts, Receipt(lines, by)][-RECEIPTS_MAX:]

    def _look(self) -> None:
        self.world.paper = "out" if self.out else "low" if self.near_end else "ok"
