"""A touch panel as Linux shows it: multitouch protocol A or B, or a single touch, with the hand's own verbs.

Source: Linux Documentation/input/multi-touch-protocol.rst; what infrared frames and optical panels do
differently is taken from the public recordings of github whot/evemu-devices (MIT).
"""

import random
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from simulators.devices.catalogue import BenchDevice
from simulators.devices.device import RefusedError, read_order, understood
from simulators.devices.personas import InputPersona
from simulators.devices.touch.events import (
    EV_ABS,
    EV_KEY,
    EV_SYN,
    FRAME_END,
    SYN_MT_REPORT,
    Event,
    frame,
)
from simulators.devices.touch.timeline import Timeline

ABS_X, ABS_Y = 0x00, 0x01
MT_SLOT, MT_TOUCH_MAJOR, MT_X, MT_Y, MT_TOOL_TYPE, MT_TRACKING_ID = 0x2F, 0x30, 0x35, 0x36, 0x37, 0x39
BTN_TOUCH: Final = 0x14A
TOOL_FINGER, TOOL_PALM = 0, 2
# A screen is touched where its picture is.
PROP_DIRECT: Final = 0x01
# The kernel's drivers count contacts up to here and begin again.
TRACKING_ID_MAX: Final = 0xFFFF

PERMILLE: Final = 1000
MS: Final = 1_000_000
# Ten fingers, and no panel of a shop tells more.
CONTACTS_MAX: Final = 10
# A fast tap of a person lasts 83 to 96 ms (recordings of an Atmel panel).
TAP_MS: Final = 90
# A finger is never quite still: so many thousandths of the panel.
TREMBLE_PERMILLE: Final = 2

Place = Annotated[int, Meta(ge=0, le=PERMILLE)]
Duration = Annotated[int, Meta(ge=1, le=20_000)]


class Tap(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="verb", tag="tap"):
    """A finger goes down, stays for `ms`, and comes up where it was."""

    x: Place
    y: Place
    ms: Duration = TAP_MS


class Drag(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="verb", tag="drag"):
    """A finger goes down at one place and comes up at another."""

    x: Place
    y: Place
    to_x: Place
    to_y: Place
    ms: Duration = 300


class Palm(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="verb", tag="palm"):
    """A hand leans on the glass: a wide contact."""

    x: Place
    y: Place
    ms: Duration = 400


class Fingers(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="verb", tag="fingers"):
    """Several fingers at once, as a child puts them on the glass."""

    count: Annotated[int, Meta(ge=2, le=CONTACTS_MAX)] = 2
    ms: Duration = TAP_MS


class Rest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="verb", tag="rest"):
    """A finger stays on the glass until `lift`."""

    x: Place
    y: Place


class Lift(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="verb", tag="lift"):
    """The finger that rests comes up."""


Hand = Tap | Drag | Palm | Fingers | Rest | Lift
VERBS: Final[tuple[str, ...]] = ("tap", "drag", "palm", "fingers", "rest", "lift")


class World(msgspec.Struct):
    """What stays when the power goes: a finger that rests on the glass, x and y in thousandths."""

    resting: tuple[Place, Place] | None = None


class Contact(msgspec.Struct, frozen=True):
    """One finger in one frame, in the panel's own units."""

    x: int
    y: int
    palm: bool = False


class Panel:
    """The panel itself; `luck` decides how a finger trembles."""

    kind = "touch"
    baud = 115_200
    terminator = FRAME_END
    verbs: tuple[str, ...] = VERBS

    def __init__(self, luck: random.Random, setup: "Part") -> None:
        self._luck = luck
        self._setup = setup
        self._world = World()
        self._timeline = Timeline()
        self.power_on(0)

    def power_on(self, _now_ns: int, /) -> None:
        """Start over: a finger that rests is told anew by the next hand."""
        self._timeline.clear()
        self._next_id = 0
        self._down: dict[int, tuple[int, Contact]] = {}
        self._slot = 0
        # The kernel does not tell again what has not changed.
        self._seen: dict[tuple[int, int], int] = {}

    def shake(self, _until_ns: int, /) -> None:
        """A panel does not measure badly; what is unsteady about it are hands."""

    def obey(self, order: Mapping[str, Any], now_ns: int, /) -> None:
        """Do what a hand asks, after all that it was asked before."""
        hand: Hand = read_order(order, VERBS, Hand)
        at_ns = self._timeline.free_ns(now_ns)
        match hand:
            case Tap(x=x, y=y, ms=ms):
                self._stay([(x, y)], ms, at_ns, palm=False)
            case Palm(x=x, y=y, ms=ms):
                self._stay([(x, y)], ms, at_ns, palm=True)
            case Fingers(count=count, ms=ms):
                self._stay([((each + 1) * PERMILLE // (count + 1), 500) for each in range(count)], ms, at_ns)
            case Drag():
                self._drag(hand, at_ns)
            case Rest(x=x, y=y):
                self._rest(x, y, at_ns)
            case Lift():
                self._lift(at_ns)

    def world(self) -> dict[str, Any]:
        """Say where a finger rests."""
        return msgspec.structs.asdict(self._world)

    def restore(self, world: Mapping[str, Any], now_ns: int, /) -> None:
        """Put the finger back."""
        self._world = World()
        kept: World = understood(world, World, "the hand on the panel")
        if kept.resting is not None:
            self._rest(*kept.resting, now_ns)

    @property
    def input_persona(self) -> InputPersona:
        """What the kernel is told of it."""
        wide, high = (0, self._setup.width - 1), (0, self._setup.height - 1)
        axes = {ABS_X: wide, ABS_Y: high} if self._setup.btn_touch else {}
        if self._setup.protocol != "single":
            axes |= {MT_X: wide, MT_Y: high}
        if self._setup.protocol == "b":
            axes |= {MT_SLOT: (0, CONTACTS_MAX - 1), MT_TRACKING_ID: (0, TRACKING_ID_MAX)}
        nature: dict[str, dict[int, tuple[int, int]]] = {
            "tool": {MT_TOOL_TYPE: (0, TOOL_PALM)},
            "size": {MT_TOUCH_MAJOR: wide},
            "none": {},
        }
        keys = (BTN_TOUCH,) if self._setup.btn_touch else ()
        return InputPersona("OPOS touch panel", keys, axes | nature[self._setup.palms], (PROP_DIRECT,))

    @property
    def wakes_ns(self) -> int | None:
        """When the next frame is due."""
        return self._timeline.wakes_ns

    def hear(self, _data: bytes, _now_ns: int, /) -> None:
        """A panel takes no commands here."""

    def speak(self, now_ns: int, /) -> list[bytes]:
        """Give the frames that are due."""
        return self._timeline.due(now_ns)

    # The hand, frame by frame.

    def _stay(self, places: list[tuple[int, int]], ms: int, at_ns: int, *, palm: bool = False) -> None:
        for now_ns in range(at_ns, at_ns + ms * MS, self._setup.frame_ms * MS):
            self._say({slot: self._contact(*place, palm=palm) for slot, place in enumerate(places)}, now_ns)
        self._say({}, at_ns + ms * MS)

    def _drag(self, drag: Drag, at_ns: int) -> None:
        frames = max(1, drag.ms // self._setup.frame_ms)
        for count in range(frames + 1):
            x = drag.x + (drag.to_x - drag.x) * count // frames
            y = drag.y + (drag.to_y - drag.y) * count // frames
            self._say({0: self._contact(x, y, palm=False)}, at_ns + count * self._setup.frame_ms * MS)
        self._say({}, at_ns + (frames + 1) * self._setup.frame_ms * MS)

    def _rest(self, x: int, y: int, at_ns: int) -> None:
        if self._world.resting is not None:
            raise RefusedError("a finger rests on the glass already: lift it first")
        self._world.resting = (x, y)
        self._say({0: self._contact(x, y, palm=False)}, at_ns)

    def _lift(self, at_ns: int) -> None:
        if self._world.resting is None:
            raise RefusedError("no finger rests on the glass")
        self._world.resting = None
        self._say({}, at_ns)

    def _contact(self, x: int, y: int, *, palm: bool) -> Contact:
        return Contact(self._trembled(x, self._setup.width), self._trembled(y, self._setup.height), palm)

    def _trembled(self, permille: int, size: int) -> int:
        near = permille + self._luck.randint(-TREMBLE_PERMILLE, TREMBLE_PERMILLE)
        return min(max(near, 0), PERMILLE) * (size - 1) // PERMILLE

    # What the kernel says of it.

    def _say(self, contacts: dict[int, Contact], at_ns: int) -> None:
        events = {"a": self._protocol_a, "b": self._protocol_b, "single": self._single}[self._setup.protocol]
        self._timeline.plan(at_ns, frame(events(contacts), at_ns))

    def _protocol_b(self, contacts: dict[int, Contact]) -> list[Event]:
        """Slots keep their contact between frames; only what changes is told."""
        events: list[Event] = []
        for slot in [slot for slot in self._down if slot not in contacts]:
            events += [*self._turn_to(slot), (EV_ABS, MT_TRACKING_ID, -1)]
            del self._down[slot]
        for slot, contact in contacts.items():
            events += [*self._turn_to(slot), *self._changes(slot, contact)]
        return events + self._oldest(contacts)

    def _turn_to(self, slot: int) -> list[Event]:
        if slot == self._slot:
            return []
        self._slot = slot
        return [(EV_ABS, MT_SLOT, slot)]

    def _changes(self, slot: int, contact: Contact) -> list[Event]:
        events: list[Event] = []
        known, before = self._down.get(slot, (None, None))
        if known is None:
            known = self._next_id
            self._next_id = (self._next_id + 1) % (TRACKING_ID_MAX + 1)
            events += [(EV_ABS, MT_TRACKING_ID, known), *self._nature(contact)]
        if before is None or before.x != contact.x:
            events.append((EV_ABS, MT_X, contact.x))
        if before is None or before.y != contact.y:
            events.append((EV_ABS, MT_Y, contact.y))
        self._down[slot] = (known, contact)
        return events

    def _nature(self, contact: Contact) -> list[Event]:
        match self._setup.palms:
            case "tool":
                return [(EV_ABS, MT_TOOL_TYPE, TOOL_PALM if contact.palm else TOOL_FINGER)]
            case "size":
                # A fingertip covers some 2 % of a panel, a palm ten times as much.
                return [(EV_ABS, MT_TOUCH_MAJOR, self._setup.width * (20 if contact.palm else 2) // 100)]
            case "none":
                return []

    def _oldest(self, contacts: dict[int, Contact]) -> list[Event]:
        """The contact that programs without multitouch see."""
        if not self._setup.btn_touch:
            return []
        first = next(iter(contacts.values()), None)
        said: list[Event] = [(EV_KEY, BTN_TOUCH, int(first is not None))]
        if first is not None:
            said += [(EV_ABS, ABS_X, first.x), (EV_ABS, ABS_Y, first.y)]
        news = [event for event in said if self._seen.get(event[:2]) != event[2]]
        self._seen |= {event[:2]: event[2] for event in news}
        return news

    def _protocol_a(self, contacts: dict[int, Contact]) -> list[Event]:
        """Every frame tells every contact; a frame without one tells that all are gone."""
        events: list[Event] = []
        for contact in contacts.values():
            events += [*self._nature(contact), (EV_ABS, MT_X, contact.x), (EV_ABS, MT_Y, contact.y)]
            events.append((EV_SYN, SYN_MT_REPORT, 0))
        if not contacts:
            events.append((EV_SYN, SYN_MT_REPORT, 0))
        return events

    def _single(self, contacts: dict[int, Contact]) -> list[Event]:
        return self._oldest(contacts)


class Part(BenchDevice, frozen=True, forbid_unknown_fields=True):
    """Such a panel on a bench; `palms` is how it tells a palm from a finger."""

    protocol: Literal["a", "b", "single"] = "b"
    width: Annotated[int, Meta(ge=2, le=65_536)] = 4096
    height: Annotated[int, Meta(ge=2, le=65_536)] = 4096
    btn_touch: bool = True
    palms: Literal["tool", "size", "none"] = "tool"
    frame_ms: Annotated[int, Meta(ge=1, le=100)] = 8

    def __post_init__(self) -> None:
        """A single-touch panel has nothing but BTN_TOUCH to say that it is touched."""
        if self.protocol == "single" and not self.btn_touch:
            raise ValueError("a single-touch panel without btn_touch could not say that it is touched")

    def device(self, luck: random.Random) -> Panel:
        """Make the panel."""
        return Panel(luck, self)
