"""A scanner that pretends to be a keyboard: it types what it reads, some thousand strokes a second.

Sources: Linux Documentation/input/event-codes.rst; the pace, the roll-over and the Alt mode are those of
public logs of a Honeywell MS7580 and a Datalogic GFS4400.
"""

import random
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from simulators.devices.catalogue import BenchDevice
from simulators.devices.device import RefusedError, read_order
from simulators.devices.personas import InputPersona
from simulators.devices.scanners import keys
from simulators.devices.scanners.keys import Stroke
from simulators.devices.touch.events import EV_KEY, EV_MSC, FRAME_END, MSC_SCAN, frame
from simulators.devices.touch.timeline import Timeline

GS: Final = "\x1d"
US: Final = 1_000
# A QR code holds no more digits.
TEXT_MAX: Final = 7089
# The time between a code and the next: a person aims.
PAUSE_NS: Final = 150_000_000
# What a key sends beside its code is its HID usage; nothing reads it, so any number in its page will do.
USAGE_PAGE: Final = 0x70000


class Scan(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="verb", tag="scan"):
    """A person holds a code before the scanner; a group separator in it is U+001D."""

    text: Annotated[str, Meta(min_length=1, max_length=TEXT_MAX)]
    symbology: Annotated[str, Meta(max_length=3)] = ""


class WedgeScanner:
    """The scanner itself; it needs no luck: what it reads it types."""

    kind = "wedge"
    baud = 115_200
    terminator = FRAME_END
    verbs: tuple[str, ...] = ("scan",)

    def __init__(self, _luck: random.Random, setup: "Part") -> None:
        self._setup = setup
        self._table = keys.strokes(setup.country)
        self._timeline = Timeline()

    def power_on(self, _now_ns: int, /) -> None:
        """Start over: what it was typing is lost."""
        self._timeline.clear()

    def shake(self, _until_ns: int, /) -> None:
        """A code is read, or it is not: there is nothing unsteady to type."""

    def obey(self, order: Mapping[str, Any], now_ns: int, /) -> None:
        """Type a code, after the one before."""
        scan: Scan = read_order(order, self.verbs, Scan)
        prefix = scan.symbology if self._setup.aim else ""
        typed = list(self._typed(prefix + scan.text))  # refused before the first stroke, or typed whole
        at_ns = self._timeline.free_ns(now_ns) + (PAUSE_NS if self._timeline.wakes_ns is not None else 0)
        for key, down in typed:
            events = [(EV_MSC, MSC_SCAN, USAGE_PAGE + key), (EV_KEY, key, int(down))]
            self._timeline.plan(at_ns, frame(events, at_ns))
            at_ns += self._setup.stroke_us * US

    def world(self) -> dict[str, Any]:
        """Nothing stays before a scanner."""
        return {}

    def restore(self, _world: Mapping[str, Any], _now_ns: int, /) -> None:
        """Nothing was there."""

    @property
    def input_persona(self) -> InputPersona:
        """What the kernel is told of it: the keys of a keyboard up to its right Alt."""
        return InputPersona("OPOS barcode scanner", tuple(range(1, keys.RIGHT_ALT + 1)))

    @property
    def wakes_ns(self) -> int | None:
        """When the next stroke is due."""
        return self._timeline.wakes_ns

    def hear(self, _data: bytes, _now_ns: int, /) -> None:
        """A keyboard that scans has no lamps."""

    def speak(self, now_ns: int, /) -> list[bytes]:
        """Give the strokes that are due."""
        return self._timeline.due(now_ns)

    def _typed(self, text: str) -> Iterator[tuple[int, bool]]:
        """Each key that goes down or up, in order."""
        strokes: list[tuple[int, bool]] = []
        for character in text:
            strokes += self._by_number(character) if self._setup.mode == "alt" else self._by_key(character)
        if self._setup.suffix != "none":
            strokes += _pressed(Stroke(keys.ENTER if self._setup.suffix == "enter" else keys.TAB))
        return iter(_rolled_over(strokes) if self._setup.roll_over else strokes)

    def _by_key(self, character: str) -> list[tuple[int, bool]]:
        if character == GS:
            return self._separator()
        stroke = self._table.get(character)
        if stroke is None:
            raise RefusedError(f"a keyboard of the layout {self._setup.country} has no key for {character!r}")
        return _pressed(stroke)

    def _separator(self) -> list[tuple[int, bool]]:
        match self._setup.separator:
            case "ctrl-bracket":
                return _pressed(Stroke(keys.RIGHT_BRACKET, (keys.LEFT_CTRL,)))
            case "f8":
                return _pressed(Stroke(keys.F8))
            case "alt":
                return self._by_number(GS)

    def _by_number(self, character: str) -> list[tuple[int, bool]]:
        """Alt is held while three digits are typed on the keypad; the character comes when it is let go."""
        encoded = character.encode("cp1252", "replace")[0]
        digits = [_pressed(Stroke(keys.KEYPAD[digit])) for digit in f"{encoded:03d}"]
        return [(keys.LEFT_ALT, True), *(key for digit in digits for key in digit), (keys.LEFT_ALT, False)]


def _pressed(stroke: Stroke) -> list[tuple[int, bool]]:
    held = [(key, True) for key in stroke.held]
    let_go = [(key, False) for key in reversed(stroke.held)]
    return [*held, (stroke.key, True), (stroke.key, False), *let_go]


def _rolled_over(strokes: list[tuple[int, bool]]) -> list[tuple[int, bool]]:
    """Each key comes up only after the next one has gone down, where nothing is held."""
    rolled = list(strokes)
    for place in range(1, len(rolled) - 1):
        (key, down), (after, next_down) = rolled[place], rolled[place + 1]
        plain = not {key, after} & {keys.LEFT_SHIFT, keys.LEFT_CTRL, keys.LEFT_ALT, keys.RIGHT_ALT}
        if not down and next_down and after != key and plain and rolled[place - 1] == (key, True):
            rolled[place], rolled[place + 1] = rolled[place + 1], rolled[place]
    return rolled


class Part(BenchDevice, frozen=True, forbid_unknown_fields=True):
    """Such a scanner on a bench; `aim` types the AIM identifier before the code."""

    country: Literal["us", "de", "fr"] = "us"
    suffix: Literal["enter", "tab", "none"] = "enter"
    separator: Literal["ctrl-bracket", "f8", "alt"] = "f8"
    mode: Literal["keys", "alt"] = "keys"
    aim: bool = False
    roll_over: bool = False
    stroke_us: Annotated[int, Meta(ge=1, le=100_000)] = 500

    def device(self, luck: random.Random) -> WedgeScanner:
        """Make the scanner."""
        return WedgeScanner(luck, self)
