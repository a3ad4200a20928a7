"""Buttons on the pins of a board, as the kernel tells their edges; their contacts bounce.

Source: Linux include/uapi/linux/gpio.h (struct gpio_v2_line_event).
"""

import random
import struct
from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from simulators.devices.catalogue import BenchDevice
from simulators.devices.device import RefusedError, read_order, understood
from simulators.devices.touch.timeline import Timeline

EDGE: Final = struct.Struct("<QIIII24x")
RISING, FALLING = 1, 2
MS: Final = 1_000_000
# A contact of a cheap button chatters for some milliseconds.
BOUNCE_NS: Final = 1_500_000

Offset = Annotated[int, Meta(ge=0, le=255)]


class Press(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="verb", tag="press"):
    """A finger presses a button and lets it go after `ms`."""

    button: Offset
    ms: Annotated[int, Meta(ge=1, le=60_000)] = 120


class Hold(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="verb", tag="hold"):
    """A finger presses a button and keeps it down."""

    button: Offset


class Release(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="verb", tag="release"):
    """The finger that holds a button lets it go."""

    button: Offset


Hand = Press | Hold | Release
VERBS: Final[tuple[str, ...]] = ("press", "hold", "release")


class World(msgspec.Struct):
    """The buttons that are held down."""

    held: list[Offset] = []


class Buttons:
    """The buttons and their pins; `luck` decides how long a contact chatters."""

    kind = "gpio-buttons"
    baud = 115_200
    terminator = b""
    verbs: tuple[str, ...] = VERBS

    def __init__(self, luck: random.Random, setup: "Part") -> None:
        self._luck = luck
        self._setup = setup
        self._held: set[int] = set()
        self._timeline = Timeline()
        self.power_on(0)

    def power_on(self, _now_ns: int, /) -> None:
        """Start over: the kernel counts its events from one again."""
        self._timeline.clear()
        self._count = 0
        self._counts: dict[int, int] = {}

    def shake(self, _until_ns: int, /) -> None:
        """A button is down or up."""

    def obey(self, order: Mapping[str, Any], now_ns: int, /) -> None:
        """Do what a finger asks."""
        hand: Hand = read_order(order, VERBS, Hand)
        if hand.button not in self._setup.lines:
            known = ", ".join(map(str, self._setup.lines))
            raise RefusedError(f"no button hangs on the pin {hand.button}: there are {known}")
        at_ns = self._timeline.free_ns(now_ns)
        match hand:
            case Press(button=button, ms=ms):
                self._change(button, at_ns, down=True)
                self._change(button, at_ns + ms * MS, down=False)
            case Hold(button=button):
                self._held.add(button)
                self._change(button, at_ns, down=True)
            case Release(button=button):
                self._held.discard(button)
                self._change(button, at_ns, down=False)

    def world(self) -> dict[str, Any]:
        """Say which buttons are held down."""
        return {"held": sorted(self._held)}

    def restore(self, world: Mapping[str, Any], _now_ns: int, /) -> None:
        """Hold them again; a level is no edge, so nothing is said."""
        kept: World = understood(world, World, "the buttons")
        self._held = set(kept.held)

    @property
    def wakes_ns(self) -> int | None:
        """When the next edge is due."""
        return self._timeline.wakes_ns

    def hear(self, _data: bytes, _now_ns: int, /) -> None:
        """Inputs take no levels."""

    def speak(self, now_ns: int, /) -> list[bytes]:
        """Give the edges that are due."""
        return self._timeline.due(now_ns)

    def _change(self, button: int, at_ns: int, *, down: bool) -> None:
        """Chatter, and end at the new level."""
        high = down != self._setup.active_low
        for each in range(2 * self._setup.bounces + 1):
            rising = high if each % 2 == 0 else not high
            self._edge(button, at_ns, rising=rising)
            at_ns += self._luck.randint(BOUNCE_NS // 10, BOUNCE_NS)

    def _edge(self, button: int, at_ns: int, *, rising: bool) -> None:
        self._count += 1
        self._counts[button] = self._counts.get(button, 0) + 1
        edge = EDGE.pack(at_ns, RISING if rising else FALLING, button, self._count, self._counts[button])
        self._timeline.plan(max(at_ns, self._timeline.free_ns(at_ns)), edge)


class Part(BenchDevice, frozen=True, forbid_unknown_fields=True):
    """Such buttons on a bench; a touch pad (TTP223) does not bounce and is high while it is touched."""

    lines: Annotated[tuple[Offset, ...], Meta(min_length=1, max_length=32)] = (17,)
    active_low: bool = False
    bounces: Annotated[int, Meta(ge=0, le=10)] = 0

    def device(self, luck: random.Random) -> Buttons:
        """Make the buttons."""
        return Buttons(luck, self)
