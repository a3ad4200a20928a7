"""What a device of the kernel says of itself, where a simulated one is made into such a device."""

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

import msgspec


class InputPersona(msgspec.Struct, frozen=True):
    """What an input device says of itself; `axes` is ABS code -> lowest and highest value."""

    name: str
    keys: tuple[int, ...] = ()
    axes: Mapping[int, tuple[int, int]] = {}
    properties: tuple[int, ...] = ()
    vendor: int = 0x1209
    product: int = 0x0001


class HidPersona(msgspec.Struct, frozen=True):
    """What a HID device says of itself; every input report is as long as `report_bytes`, its id included."""

    name: str
    descriptor: bytes
    report_bytes: int
    vendor: int
    product: int


@runtime_checkable
class Typing(Protocol):
    """A device that can be an input device of the kernel."""

    @property
    def input_persona(self) -> InputPersona:
        """What it says of itself."""
        ...


@runtime_checkable
class Reporting(Protocol):
    """A device that can be a HID device of the kernel."""

    @property
    def hid_persona(self) -> HidPersona:
        """What it says of itself."""
        ...
