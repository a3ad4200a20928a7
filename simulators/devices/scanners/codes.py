"""Codes that a hand holds before a scanner."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from simulators.devices.device import read_order, understood

# The longest code that there is: a QR code of version 40 with digits alone.
TEXT_MAX: Final = 7089


class Scan(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="verb", tag="scan"):
    """A hand holds a code before the scanner.

    `text` is what the code carries, GS (1Dh) where FNC1 stands; `symbology` is its identifier in ISO/IEC
    15424 (AIM), `]E0` for an EAN-13.
    """

    text: Annotated[str, Meta(min_length=1, max_length=TEXT_MAX)]
    symbology: Annotated[str, Meta(pattern="^][A-Za-z][0-9A-Za-z]$")] = "]E0"


class Counted(msgspec.Struct):
    """What stays when the power goes."""

    scanned: Annotated[int, Meta(ge=0)] = 0


VERBS: Final[tuple[str, ...]] = ("scan",)


def scan_ordered(order: Mapping[str, Any]) -> Scan:
    """Read what a hand holds there; RefusedError when it is no code."""
    scan: Scan = read_order(order, VERBS, Scan)
    return scan


class Counter:
    """How many codes were scanned: all that is to be said of a scanner's world."""

    def __init__(self) -> None:
        self._counted = Counted()

    def count(self) -> None:
        """Count one more."""
        self._counted.scanned += 1

    def world(self) -> dict[str, Any]:
        """Say how many."""
        return msgspec.structs.asdict(self._counted)

    def restore(self, world: Mapping[str, Any]) -> None:
        """Go on counting."""
        self._counted = understood(world, Counted, "the count of the scanner")
