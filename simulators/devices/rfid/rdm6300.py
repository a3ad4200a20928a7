"""An RDM6300 (or ID-12, with STX and ETX): it says the number of an EM4100 card again and again."""

import random
from collections.abc import Mapping
from functools import reduce
from operator import xor
from typing import Any, Final

from simulators.devices.catalogue import BenchDevice
from simulators.devices.rfid.cards import VERBS, Cards

STX, ETX = b"\x02", b"\x03"
CARD_BYTES: Final = 5
REPEAT_NS: Final = 65_000_000
# While the coil is shaken, so many of a hundred repetitions do not come.
MISSED_PERCENT: Final = 60


class Rdm6300:
    """The module; it listens to nobody."""

    kind = "rdm6300"
    baud = 9600
    terminator = ETX
    verbs: tuple[str, ...] = VERBS

    def __init__(self, luck: random.Random) -> None:
        self._luck = luck
        # Two cards before one coil disturb each other, and neither is read.
        self._cards = Cards((CARD_BYTES,), 1)
        self._shaken_until_ns = 0
        self.power_on(0)

    def power_on(self, now_ns: int, /) -> None:
        """Start over."""
        self._repeats_ns = now_ns

    def put(self, uid: str) -> None:
        """Lay a card on the coil."""
        self._cards.put(uid)

    def take(self, uid: str) -> None:
        """Take the card away."""
        self._cards.take(uid)

    def shake(self, until_ns: int, /) -> None:
        """Hold the card at the edge of the coil: many repetitions do not come."""
        self._shaken_until_ns = until_ns

    def obey(self, order: Mapping[str, Any], now_ns: int, /) -> None:
        """Do what a hand asks."""
        self._cards.obey(order)
        self._repeats_ns = max(self._repeats_ns, now_ns)

    def world(self) -> dict[str, Any]:
        """Say which card lies there."""
        return self._cards.world()

    def restore(self, world: Mapping[str, Any], _now_ns: int, /) -> None:
        """Put everything back."""
        self._cards.restore(world)

    @property
    def wakes_ns(self) -> int | None:
        """When the number is due again, while a card is there."""
        return self._repeats_ns if self._cards.uids else None

    def hear(self, data: bytes, now_ns: int, /) -> None:
        """Pass over what a host says: nothing is connected to it."""

    def speak(self, now_ns: int, /) -> list[bytes]:
        """Give the number, if it is due."""
        if not self._cards.uids or now_ns < self._repeats_ns:
            return []
        self._repeats_ns = now_ns + REPEAT_NS
        if now_ns < self._shaken_until_ns and self._luck.randrange(100) < MISSED_PERCENT:
            return []
        return [frame(self._cards.uids[0])]


def frame(uid: bytes) -> bytes:
    """Build `STX, ten digits, two of the XOR of their bytes, ETX`."""
    checked = uid + bytes((reduce(xor, uid),))
    return STX + checked.hex().upper().encode("ascii") + ETX


class Part(BenchDevice, frozen=True, forbid_unknown_fields=True):
    """Such a module on a bench."""

    def device(self, luck: random.Random) -> Rdm6300:
        """Make the module."""
        return Rdm6300(luck)
