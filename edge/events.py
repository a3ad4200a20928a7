"""What the readings mean: what the shopper did, said without a word of money."""

from typing import Final

import msgspec

WAITING: Final = "device.waiting"
"""The code of a device that has not answered since the object started: not yet a fault."""


class Presented(msgspec.Struct, frozen=True, tag=True):
    """An item is in front of the object."""

    epc: str


class Left(msgspec.Struct, frozen=True, tag=True):
    """An item that was in front of the object is gone."""

    epc: str


class Took(msgspec.Struct, frozen=True, tag=True):
    """An item that belongs on the shelf is in somebody's hand; weight and tags agree on it."""

    epc: str


class PutBack(msgspec.Struct, frozen=True, tag=True):
    """An item that was taken is back on the shelf; weight and tags agree on it."""

    epc: str


class Ambiguous(msgspec.Struct, frozen=True, tag=True):
    """The sensors disagree: nothing may be charged until they agree again (`Agreed`)."""

    reason: str


class Agreed(msgspec.Struct, frozen=True, tag=True):
    """The sensors agree again."""


class OutOfService(msgspec.Struct, frozen=True, tag=True):
    """A device that the object needs is gone: `source` names it, `code` is that of its DeviceFault."""

    source: str
    code: str


class BackInService(msgspec.Struct, frozen=True, tag=True):
    """Every device that the object needs answers."""


class Tapped(msgspec.Struct, frozen=True, tag=True):
    """Somebody has tapped the picture, once and with one finger; where, in millionths of width and height."""

    x_ppm: int
    y_ppm: int


class LongPressed(msgspec.Struct, frozen=True, tag=True):
    """Somebody has held one finger still on the picture, and lifted it; where, in millionths."""

    x_ppm: int
    y_ppm: int


Event = (
    Presented
    | Left
    | Took
    | PutBack
    | Ambiguous
    | Agreed
    | OutOfService
    | BackInService
    | Tapped
    | LongPressed
)
