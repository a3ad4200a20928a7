"""A device under a plate, whatever it makes of the load: its hands, and what waits to be said."""

import random
from collections.abc import Mapping
from typing import Any, ClassVar, Final

import msgspec

from simulators.devices.device import SAID_FRAMES_MAX, RefusedError, read_order, understood
from simulators.devices.scales.plate import VERBS, Plate

MILLISECOND_NS: Final = 1_000_000
REPAIR_VERBS: Final = ("break", "mend")


class BreakPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="verb", tag="break"):
    """A part of the device breaks, until `mend`; one at a time."""

    part: str


class MendPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="verb", tag="mend"):
    """What was broken is whole again."""


class Condition(msgspec.Struct):
    """What stays when the power goes, beside the load."""

    broken: str = ""


class PlateDevice:
    """The device without its language; `luck` decides how its readings tremble, by a part of `digit_mg`."""

    verbs: tuple[str, ...] = (*VERBS, *REPAIR_VERBS)
    breakable: ClassVar[tuple[str, ...]] = ()
    """The parts of it that can break: those whose trouble it has words for."""

    def __init__(self, luck: random.Random, digit_mg: int, settle_ms: int) -> None:
        self._luck = luck
        self._plate = Plate(luck, digit_mg, settle_ms * MILLISECOND_NS)
        self._broken = ""
        self.power_on(0)

    def power_on(self, now_ns: int, /) -> None:
        """Start over: what was heard, and what was to be said, is forgotten."""
        self._pending = bytearray()
        self._said: list[bytes] = []
        self._start(now_ns)

    def _start(self, now_ns: int) -> None:
        """What else begins anew with the power."""

    # The hand.

    def put(self, mass_mg: int, now_ns: int = 0) -> None:
        """Lay goods on the plate."""
        self._plate.put(mass_mg, now_ns)

    def take(self, mass_mg: int, now_ns: int = 0) -> None:
        """Take goods off the plate."""
        self._plate.take(mass_mg, now_ns)

    def lean(self, mass_mg: int, now_ns: int = 0) -> None:
        """Lean on the plate: nothing is stable until `lean(0)`."""
        self._plate.lean(mass_mg, now_ns)

    def shake(self, until_ns: int, /) -> None:
        """Shake the floor: nothing is stable until then."""
        self._plate.shake(until_ns)

    def obey(self, order: Mapping[str, Any], now_ns: int, /) -> None:
        """Do what a hand asks."""
        if order.get("verb") in VERBS:
            self._plate.obey(order, now_ns)
            return
        hand: BreakPart | MendPart = read_order(order, self.verbs, BreakPart | MendPart)
        self._broken = self._known(hand.part) if isinstance(hand, BreakPart) else ""

    def world(self) -> dict[str, Any]:
        """Say what lies on the plate, and what is broken where something can break."""
        return self._plate.world() | ({"broken": self._broken} if self.breakable else {})

    def restore(self, world: Mapping[str, Any], now_ns: int, /) -> None:
        """Put everything back on the plate."""
        condition: Condition = understood(world, Condition, "the condition of the scale")
        broken = self._known(condition.broken) if condition.broken else ""
        self._plate.restore(world, now_ns)
        self._broken = broken

    def _known(self, part: str) -> str:
        if part not in self.breakable:
            known = ", ".join(self.breakable) or "nothing"
            raise RefusedError(f"no part {part!r} of this scale can break: there is {known}")
        return part

    # The cable.

    @property
    def wakes_ns(self) -> int | None:
        """When it next has something to say unasked: never, unless a language says otherwise."""
        return None

    def speak(self, _now_ns: int, /) -> list[bytes]:
        """Give the frames that are due."""
        said, self._said = self._said, []
        return said

    def _say(self, frame: bytes) -> None:
        if len(self._said) < SAID_FRAMES_MAX:
            self._said.append(frame)
