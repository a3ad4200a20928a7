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
    """Print a document and cut the paper; the Printed reading of the same `id` tells what became of it.

    A printer that lacks a letter of `parts` prints the first of `otherwise` that it has all letters of, and
    the last of them at worst.
    """

    id: str
    parts: tuple[PrintedLine | PrintedQr, ...]
    otherwise: tuple[tuple[PrintedLine | PrintedQr, ...], ...] = ()


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


class StartPayment(msgspec.Struct, frozen=True, tag=True):
    """Have a card pay this amount; the TerminalResult of the same `attempt` tells what became of it.

    An attempt is sent once, and nothing that moves money is ever sent again. With `dispense` the terminal
    keeps the approval open until a DispenseResult says that the goods came out.
    """

    attempt: str
    amount_minor: int
    currency: str
    dispense: bool = False


class CancelPayment(msgspec.Struct, frozen=True, tag=True):
    """Ask the terminal to end this attempt: a wish, which a card that is already approved wins against."""

    attempt: str


class ReversePayment(msgspec.Struct, frozen=True, tag=True):
    """Take back the payment whose receipt number this is: whether it was that one, its result tells."""

    attempt: str
    receipt: int


class RefundPayment(msgspec.Struct, frozen=True, tag=True):
    """Give this amount to whichever card is put into the terminal."""

    attempt: str
    amount_minor: int
    currency: str


class EndOfDay(msgspec.Struct, frozen=True, tag=True):
    """Have the terminal hand in what it has taken since the last time."""

    attempt: str


class AskTerminal(msgspec.Struct, frozen=True, tag=True):
    """Ask what the terminal knows of an attempt whose end is unknown: its state, and its last receipt."""

    attempt: str


class Dispensed(StrEnum):
    """What came of the goods that an approval waits for."""

    ISSUED = "issued"
    PARTLY = "partly"
    FAILED = "failed"


class DispenseResult(msgspec.Struct, frozen=True, tag=True):
    """Say what came of the goods; PARTLY charges `amount_minor`, which is no more than was approved."""

    attempt: str
    dispensed: Dispensed
    amount_minor: int | None = None


Command = (
    Zero
    | Tare
    | Price
    | Print
    | OpenDrawer
    | ShowLines
    | Unlock
    | Light
    | StartPayment
    | CancelPayment
    | ReversePayment
    | RefundPayment
    | EndOfDay
    | AskTerminal
    | DispenseResult
)
