"""What the shop asks of a device, in the shop's words; a driver says it in the device's."""

from enum import StrEnum

import msgspec

from edge.readings import Milligrams


class Zero(msgspec.Struct, frozen=True, tag=True):
    """Take what is on the scale now as zero."""


class Tare(msgspec.Struct, frozen=True, tag=True):
    """Take `tare_mg` off every weight; None takes what is on the scale now, 0 takes no tare any more."""

    tare_mg: Milligrams | None = None


class Price(msgspec.Struct, frozen=True, tag=True):
    """Let a price-computing scale work by this price of a kilogram, in minor units."""

    unit_price_minor: int


class Align(StrEnum):
    """Where a line stands on the paper."""

    LEFT = "left"
    CENTER = "center"
    RIGHT = "right"


class PrintedLine(msgspec.Struct, frozen=True, tag=True):
    """One line of text; it wraps where the paper ends."""

    text: str
    align: Align = Align.LEFT
    bold: bool = False
    tall: bool = False


class PrintedQr(msgspec.Struct, frozen=True, tag=True):
    """A QR code in the middle of the paper."""

    text: str


class Print(msgspec.Struct, frozen=True, tag=True):
    """Print a document and cut the paper; the Printed reading of the same `id` tells what became of it."""

    id: str
    parts: tuple[PrintedLine | PrintedQr, ...]


class OpenDrawer(msgspec.Struct, frozen=True, tag=True):
    """Kick the cash drawer open."""


class ShowLines(msgspec.Struct, frozen=True, tag=True):
    """Show two lines on the display that faces the customer."""

    upper: str
    lower: str


class Unlock(msgspec.Struct, frozen=True, tag=True):
    """Open the lock for so long; it closes by itself, whatever becomes of us."""

    open_ms: int


class Signal(StrEnum):
    """What a lamp tells people."""

    OFF = "off"
    READY = "ready"
    BUSY = "busy"
    DONE = "done"
    TROUBLE = "trouble"


class Light(msgspec.Struct, frozen=True, tag=True):
    """Show a signal until the next one."""

    signal: Signal


Command = Zero | Tare | Price | Print | OpenDrawer | ShowLines | Unlock | Light
