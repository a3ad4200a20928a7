"""What a device says: one frozen noun for each thing that a driver can understand from its bytes."""

from enum import StrEnum
from typing import NewType

import msgspec

Nanoseconds = NewType("Nanoseconds", int)
Milligrams = NewType("Milligrams", int)


class TagSeen(msgspec.Struct, frozen=True, tag=True):
    """A reader heard one tag once.

    `epc` is the EPC memory in upper-case hexadecimal; `rssi_dbm` is None where the reader does not tell.
    """

    epc: str
    rssi_dbm: int | None = None
    antenna: int = 0


class RoundEnded(msgspec.Struct, frozen=True, tag=True):
    """A reader finished a round of inventory: it is alive, and what it did not hear was not there."""

    antenna: int = 0


class CardSeen(msgspec.Struct, frozen=True, tag=True):
    """A card or a button tag lies on a reader of short range.

    `uid` is in upper-case hexadecimal, in the order of the air interface; `technology` is `iso14443a` or
    `em4100`. A uid can be copied: it names a card, it proves nothing.
    """

    uid: str
    technology: str


class CodeScanned(msgspec.Struct, frozen=True, tag=True):
    """A scanner read a code: `text` as the code holds it, a GS1 separator as U+001D.

    `symbology` is the AIM identifier (`]E0`, ISO/IEC 15424), or empty where the scanner does not tell.
    """

    text: str
    symbology: str = ""


class CodeSeen(msgspec.Struct, frozen=True, tag=True):
    """One reader made out one code in one crop of one frame: a vote, and no more than that.

    `symbology` is zxing-cpp's name; `text` is what the symbol holds, with U+001D for a GS1 separator.
    `gtin14` is the product that it names, None where it names none. `reader` and `crop` say whose vote it is.
    """

    symbology: str
    text: str
    gtin14: str | None
    reader: str
    crop: str


class Weighed(msgspec.Struct, frozen=True, tag=True):
    """One answer of a scale; only a `steady` one, steady in the device's own terms, may be sold by.

    `net` says that the scale has taken a tare off it.
    """

    weight_mg: Milligrams
    steady: bool
    net: bool = False


class LoadMoving(msgspec.Struct, frozen=True, tag=True):
    """The load on a scale moves, and the scale gives no weight: the last one holds no more."""


class ScalePriced(msgspec.Struct, frozen=True, tag=True):
    """What a price-computing scale made of the weight before it, in the digits of its display.

    It is a witness to hold our own sum against, not what we charge.
    """

    unit_price_minor: int
    amount_minor: int


class CellLoaded(msgspec.Struct, frozen=True, tag=True):
    """The raw value of a load cell without an indicator: it may count pieces, it never prices."""

    counts: int


class TouchPhase(StrEnum):
    """Where a contact is in its life; a CANCELLED one was no finger (a palm), or was lost sight of."""

    DOWN = "down"
    MOVED = "moved"
    UP = "up"
    CANCELLED = "cancelled"


class Touched(msgspec.Struct, frozen=True, tag=True):
    """One contact on a panel, in millionths of the picture's width and height, turned as the picture is.

    `at_us` is the panel's own time in microseconds, from any beginning: gestures are measured by it.
    """

    contact: int
    phase: TouchPhase
    x_ppm: int
    y_ppm: int
    at_us: int


class ButtonPressed(msgspec.Struct, frozen=True, tag=True):
    """A button went down, or up again."""

    button: int
    down: bool = True


class Paper(StrEnum):
    """How much paper a printer has."""

    OK = "ok"
    LOW = "low"
    OUT = "out"
    UNKNOWN = "unknown"


class PrinterSaid(msgspec.Struct, frozen=True, tag=True):
    """The state of a printer has changed; None is what the device does not tell."""

    online: bool | None = None
    paper: Paper = Paper.UNKNOWN
    cover_open: bool | None = None
    drawer_open: bool | None = None


class PrintOutcome(StrEnum):
    """What became of a document; UNKNOWN where the printer never answers."""

    PRINTED = "printed"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Printed(msgspec.Struct, frozen=True, tag=True):
    """What became of the document that was called `id`."""

    id: str
    outcome: PrintOutcome


class LockSaid(msgspec.Struct, frozen=True, tag=True):
    """A lock, or the switch of its door: whether it is closed."""

    closed: bool


class DeviceDescribed(msgspec.Struct, frozen=True, tag=True):
    """What a device says of itself; empty where it does not tell."""

    maker: str = ""
    model: str = ""
    firmware: str = ""
    serial: str = ""


class DeviceFault(msgspec.Struct, frozen=True, tag=True):
    """A device cannot do its work: `code` is stable and for programs, `sentence` is for a person."""

    code: str
    sentence: str


class DeviceReady(msgspec.Struct, frozen=True, tag=True):
    """A device answers (again): whatever was known of its tare or zero is forgotten."""


class Garbled(msgspec.Struct, frozen=True, tag=True):
    """Bytes that mean nothing: `raw` is what came (hexadecimal, cut), `reason` what was expected."""

    raw: str
    reason: str


class TerminalNeeds(StrEnum):
    """What a payment terminal waits for; OTHER where its code has no word here."""

    CARD = "card"
    RIGHT_PIN = "right-pin"
    REMOVE_CARD = "remove-card"
    HOST = "host"
    REVERSAL = "reversal"
    PATIENCE = "patience"
    NOTHING = "nothing"
    OTHER = "other"
    PIN_PAD = "pin-pad"
    OTHER_CARD = "other-card"


class TerminalSaid(msgspec.Struct, frozen=True, tag=True):
    """What a payment terminal is doing now, and its words for it; no result, whatever it sounds like."""

    attempt: str
    code: int
    needs: TerminalNeeds = TerminalNeeds.OTHER
    text: str = ""


class TerminalDeed(StrEnum):
    """What a terminal was asked to do; UNASKED is what it tells by itself, as after a restart of ours."""

    PAYMENT = "payment"
    REVERSAL = "reversal"
    REFUND = "refund"
    END_OF_DAY = "end-of-day"
    ENQUIRY = "enquiry"
    UNASKED = "unasked"


class TerminalOutcome(StrEnum):
    """What became of it.

    REFUSED never began. UNKNOWN may have moved money: ask the terminal, and never start another one first.
    """

    DONE = "done"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    REFUSED = "refused"
    UNKNOWN = "unknown"


class TerminalResult(msgspec.Struct, frozen=True, tag=True):
    """What became of what a terminal was asked to do, and all the evidence that it gave.

    It is told before the terminal gets its answer. Not `complete` means that the terminal has its result and
    still goes on (printing, waiting for goods): another one with the same attempt follows. None and empty are
    what the terminal did not say; `card_last4` is all that is left of the card's number. `date` is MMDD and
    `time` is HHMMSS by the terminal's own clock. `original` is the trace of what a reversal took back: where
    it is told, the amount is no money that came.
    """

    attempt: str
    deed: TerminalDeed
    outcome: TerminalOutcome
    complete: bool = True
    result_code: int | None = None
    amount_minor: int | None = None
    currency: str | None = None
    trace: int | None = None
    receipt: int | None = None
    terminal_id: str = ""
    card_last4: str = ""
    card_name: str = ""
    auth_code: str = ""
    date: str = ""
    time: str = ""
    original: int | None = None


class ReceiptFor(StrEnum):
    """Whose copy of a terminal's receipt a line belongs to."""

    MERCHANT = "merchant"
    CUSTOMER = "customer"
    ADMIN = "admin"
    UNKNOWN = "unknown"


class TerminalLine(msgspec.Struct, frozen=True, tag=True):
    """One line of a receipt that a terminal wants printed; numbers of cards in it are masked.

    `last` ends the receipt, and may come with no text.
    """

    attempt: str
    receipt: ReceiptFor
    text: str
    centred: bool = False
    wide: bool = False
    tall: bool = False
    last: bool = False


class CardTotal(msgspec.Struct, frozen=True):
    """So many payments of one kind of card, and their sum in the terminal's currency."""

    kind: str
    count: int
    amount_minor: int


class TerminalTotals(msgspec.Struct, frozen=True, tag=True):
    """What a terminal has handed in at the end of a day, from its first receipt to its last."""

    attempt: str
    receipt_first: int
    receipt_last: int
    kinds: tuple[CardTotal, ...]


class TerminalReady(msgspec.Struct, frozen=True, tag=True):
    """A payment terminal has registered us, and can be asked for money."""

    terminal_id: str = ""
    currency: str | None = None


Reading = (
    TagSeen
    | RoundEnded
    | CardSeen
    | CodeScanned
    | Weighed
    | LoadMoving
    | ScalePriced
    | CellLoaded
    | Touched
    | ButtonPressed
    | PrinterSaid
    | Printed
    | LockSaid
    | DeviceDescribed
    | DeviceFault
    | DeviceReady
    | Garbled
    | TerminalSaid
    | TerminalResult
    | TerminalLine
    | TerminalTotals
    | TerminalReady
)


class Heard(msgspec.Struct, frozen=True):
    """A reading, its source (the role of the peripheral on its object) and the monotonic time it came at."""

    source: str
    at_ns: Nanoseconds
    reading: Reading
