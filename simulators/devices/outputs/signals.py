"""Lamps and a lock on pins of a board, and the switch of a door, as the kernel tells its edges.

Source: Linux include/uapi/linux/gpio.h (struct gpio_v2_line_event). Levels are set by pairs of a pin's offset
and 0 or 1; a pin that was never set is an input, on which a lamp or a lock is off.
"""

import random
from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from simulators.devices.catalogue import BenchDevice
from simulators.devices.device import read_order, understood
from simulators.devices.outputs.switched import Contact, Switch
from simulators.devices.touch.gpio import BOUNCE_NS, EDGE, FALLING, RISING
from simulators.devices.touch.timeline import Timeline

PAIR_BYTES: Final = 2

Offset = Annotated[int, Meta(ge=0, le=255)]


class MoveDoor(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="verb", tag="door"):
    """A hand opens or closes the door."""

    closed: bool


VERBS: Final[tuple[str, ...]] = ("door",)


class World(msgspec.Struct):
    """Whether the door is closed, and what hangs on the pins; the name of a pin is its offset."""

    door_closed: bool = True
    levels: dict[str, Contact] = {}


class Signals:
    """The pins; `luck` decides how long the switch of the door chatters."""

    kind = "gpio-signals"
    baud = 115_200
    terminator = b""
    verbs: tuple[str, ...] = VERBS

    def __init__(self, luck: random.Random, setup: "Part") -> None:
        self._luck = luck
        self._setup = setup
        self._door_closed = True
        self._pins = {offset: Switch(Contact()) for offset in setup.outputs}
        self._timeline = Timeline()
        self.power_on(0)

    def power_on(self, now_ns: int, /) -> None:
        """Start over: every pin is an input, and the kernel counts its events from one again."""
        self._pending = bytearray()
        self._timeline.clear()
        self._count = 0
        for pin in self._pins.values():
            pin.turn(now_ns, on=False)

    def shake(self, _until_ns: int, /) -> None:
        """A lamp is on or off."""

    def obey(self, order: Mapping[str, Any], now_ns: int, /) -> None:
        """Do what a hand asks; a door that is where it shall be stays there."""
        hand: MoveDoor = read_order(order, VERBS, MoveDoor)
        if hand.closed != self._door_closed:
            self._door_closed = hand.closed
            self._chatter(self._timeline.free_ns(now_ns))

    def world(self) -> dict[str, Any]:
        """Say what is lit, and how the door is."""
        levels = {str(offset): pin.contact for offset, pin in self._pins.items()}
        told: dict[str, Any] = msgspec.to_builtins(World(self._door_closed, levels))
        return told

    def restore(self, world: Mapping[str, Any], _now_ns: int, /) -> None:
        """Leave the door as it was; a level is no edge, so nothing is said."""
        kept: World = understood(world, World, "the pins")
        self._door_closed = kept.door_closed
        for offset, pin in self._pins.items():
            pin.put_back(kept.levels.get(str(offset), Contact()))

    @property
    def wakes_ns(self) -> int | None:
        """When the next edge is due."""
        return self._timeline.wakes_ns

    def hear(self, data: bytes, now_ns: int, /) -> None:
        """Take levels; a pin that nothing hangs on shows nothing."""
        self._pending += data
        while len(self._pending) >= PAIR_BYTES:
            offset, level = self._pending[:PAIR_BYTES]
            del self._pending[:PAIR_BYTES]
            if pin := self._pins.get(offset):
                pin.turn(now_ns, on=bool(level))

    def speak(self, now_ns: int, /) -> list[bytes]:
        """Give the edges that are due."""
        return self._timeline.due(now_ns)

    def _chatter(self, at_ns: int) -> None:
        """Let the switch of the door change, some times more than needed, and end where the door is."""
        high = self._door_closed == self._setup.door_closed_high
        for each in range(2 * self._setup.bounces + 1):
            rising = high if each % 2 == 0 else not high
            self._count += 1
            edge = EDGE.pack(at_ns, RISING if rising else FALLING, self._setup.door, self._count, self._count)
            self._timeline.plan(at_ns, edge)
            at_ns += self._luck.randint(BOUNCE_NS // 10, BOUNCE_NS)


class Part(BenchDevice, frozen=True, forbid_unknown_fields=True):
    """Such pins on a bench; `door_closed_high` is how the switch of the door is wired."""

    outputs: Annotated[tuple[Offset, ...], Meta(min_length=1, max_length=32)] = (17, 22, 24, 27)
    door: Offset = 25
    door_closed_high: bool = True
    bounces: Annotated[int, Meta(ge=0, le=10)] = 0

    def device(self, luck: random.Random) -> Signals:
        """Make the lamps, the lock and the door."""
        return Signals(luck, self)
