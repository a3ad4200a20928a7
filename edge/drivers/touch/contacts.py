"""The contacts on a panel, frame by frame, from input events of either multitouch protocol, or of neither.

Source: the kernel's documentation, input/multi-touch-protocol.rst. Protocol B names a slot and tells what has
changed in it; protocol A lists all contacts in every frame, without names. A panel for one finger has
BTN_TOUCH and ABS_X, ABS_Y alone; a multitouch panel tells these too, for one of its contacts, or does not
(infrared frames), so there they are not listened to.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

import msgspec

from edge.drivers.input_events import (
    ABS,
    ABS_MT_DISTANCE,
    ABS_MT_POSITION_X,
    ABS_MT_POSITION_Y,
    ABS_MT_SLOT,
    ABS_MT_TOOL_TYPE,
    ABS_MT_TOUCH_MAJOR,
    ABS_MT_TRACKING_ID,
    ABS_X,
    ABS_Y,
    BTN_LEFT,
    BTN_TOUCH,
    DOWN,
    KEY,
    MT_TOOL_PALM,
    SYN,
    SYN_MT_REPORT,
    InputEvent,
)

# Large infrared frames follow 40 contacts; a slot beyond these is noise.
SLOTS_MAX: Final = 64
# Protocol A is the older one: its panels follow the ten fingers of a person, or fewer.
LISTED_MAX: Final = 16
# A hand sweeps a whole picture in a quarter of a second at most, and frames come every 15 ms: what is a fifth
# of the picture away from where a contact was is another contact.
JUMP_PPM: Final = 200_000

_MULTITOUCH: Final = range(ABS_MT_SLOT, 0x3E)  # up to ABS_MT_TOOL_Y
_ONE_FINGER: Final = {ABS_X: ABS_MT_POSITION_X, ABS_Y: ABS_MT_POSITION_Y}
_LIFTED: Final = -1

_Values = dict[int, int]
"""What a panel has said of one contact, by ABS_MT code: only changes are told, so old values stay."""


Place = Callable[[int, int], tuple[int, int]]
"""From a panel's numbers to millionths of the picture."""


class Spot(msgspec.Struct, frozen=True, gc=False):
    """One contact in one frame; `key` stays the same for as long as it is the same contact."""

    key: int
    x_ppm: int
    y_ppm: int
    palm: bool = False


class Contacts:
    """Events in, and at the end of a frame the contacts that are on the panel, each by its number."""

    def __init__(self, place: Place, palm_size: int, multitouch: bool) -> None:
        self._place = place
        self._palm_size = palm_size
        self._multitouch = multitouch
        self._slots: dict[int, _Values] = {}
        self._slot = 0
        self._finger: _Values = {}
        self._fingers = 0
        # The contacts that a frame of protocol A has listed so far; None when it has listed nothing.
        self._listed: list[_Values] | None = None
        self._lists = False
        self._blind = False
        self._spots: dict[int, Spot] = {}

    def note(self, event: InputEvent) -> None:
        """Take over one event."""
        if event.kind == ABS and event.code in _MULTITOUCH:
            self._multitouch = True
            self._note_slot(event.code, event.value)
        elif event.kind == ABS and event.code in _ONE_FINGER:
            self._finger[_ONE_FINGER[event.code]] = event.value
        elif event.kind == KEY and event.code in {BTN_TOUCH, BTN_LEFT}:
            self._note_button(event.value == DOWN)
        elif (event.kind, event.code) == (SYN, SYN_MT_REPORT):
            self._note_listed()

    def frame(self) -> Mapping[int, Spot]:
        """The frame is complete: what is on the panel now."""
        if not self._multitouch:
            self._spots = dict(self._seen({0: self._finger}))
        elif not self._lists:
            self._spots = dict(self._seen(self._slots))
        elif self._listed is not None:
            spots = [spot for _, spot in self._seen(dict(enumerate(self._listed)))]
            self._blind = self._blind and bool(spots)
            self._spots = {} if self._blind else _named(self._spots, spots)
            self._listed = None
        return self._spots

    def lost(self) -> None:
        """Frames were lost: what was on the panel is not known any more; only a new contact counts.

        Whether the slot has changed meanwhile is not known either. A number may then be taken for another,
        which costs one gesture; a contact that began before is not told of again.
        """
        for values in (*self._slots.values(), self._finger):
            values[ABS_MT_TRACKING_ID] = _LIFTED
        self._spots = {}
        self._listed = None
        self._blind = True

    def _note_slot(self, code: int, value: int) -> None:
        if code == ABS_MT_SLOT:
            self._slot = value
        elif 0 <= self._slot < SLOTS_MAX:
            self._slots.setdefault(self._slot, {})[code] = value

    def _note_button(self, down: bool) -> None:
        self._fingers += down
        self._finger[ABS_MT_TRACKING_ID] = self._fingers if down else _LIFTED
        if not down and self._lists:
            self._listed = []

    def _note_listed(self) -> None:
        self._multitouch = self._lists = True
        self._listed = self._listed or []
        values = self._slots.pop(0, {})
        if len(self._listed) < LISTED_MAX:
            self._listed.append({ABS_MT_TRACKING_ID: 0} | values)

    def _seen(self, contacts: Mapping[int, _Values]) -> Iterator[tuple[int, Spot]]:
        """Those that touch: one that hovers does not, and one without a place is not known well enough."""
        for number, values in contacts.items():
            x, y = values.get(ABS_MT_POSITION_X), values.get(ABS_MT_POSITION_Y)
            key = values.get(ABS_MT_TRACKING_ID, _LIFTED)
            if x is not None and y is not None and key >= 0 and values.get(ABS_MT_DISTANCE, 0) <= 0:
                yield number, Spot(key, *self._place(x, y), self._is_palm(values))

    def _is_palm(self, values: _Values) -> bool:
        if values.get(ABS_MT_TOOL_TYPE) == MT_TOOL_PALM:
            return True
        return 0 < self._palm_size <= values.get(ABS_MT_TOUCH_MAJOR, 0)


def _named(before: Mapping[int, Spot], now: Iterable[Spot]) -> dict[int, Spot]:
    """Contacts without names take those of the nearest contacts before, and what is left takes new ones."""
    spots = list(now)
    near = sorted(
        (max(abs(old.x_ppm - new.x_ppm), abs(old.y_ppm - new.y_ppm)), number, place)
        for number, old in before.items()
        for place, new in enumerate(spots)
        if old.key == new.key
    )
    named: dict[int, Spot] = {}
    left = dict(enumerate(spots))
    for distance_ppm, number, place in near:
        if distance_ppm < JUMP_PPM and number not in named and place in left:
            named[number] = left.pop(place)
    free = (number for number in range(2 * LISTED_MAX) if number not in named and number not in before)
    named.update(zip(free, left.values(), strict=False))
    return named
