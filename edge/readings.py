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
)


class Heard(msgspec.Struct, frozen=True):
    """A reading, its source (the role of the peripheral on its object) and the monotonic time it came at."""

    source: str
    at_ns: Nanoseconds
    reading: Reading
