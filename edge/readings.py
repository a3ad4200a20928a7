"""What a device says: one frozen noun for each thing that a driver can understand from its bytes."""

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


class Weighed(msgspec.Struct, frozen=True, tag=True):
    """One answer of a scale; only a `steady` one, steady in the device's own terms, may be sold by."""

    weight_mg: Milligrams
    steady: bool


class LoadMoving(msgspec.Struct, frozen=True, tag=True):
    """The load on a scale moves, and the scale gives no weight: the last one holds no more."""


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


Reading = TagSeen | RoundEnded | Weighed | LoadMoving | DeviceFault | DeviceReady | Garbled


class Heard(msgspec.Struct, frozen=True):
    """A reading, its source (the role of the peripheral on its object) and the monotonic time it came at."""

    source: str
    at_ns: Nanoseconds
    reading: Reading


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
