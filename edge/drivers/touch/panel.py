"""The driver of touch panels, as the kernel's input device tells of them.

A panel's numbers are not the picture's: they are scaled by the range that the profile gives, else by the one
that the kernel knows, then calibrated and turned. A contact that is no finger is CANCELLED: a palm, by what
the panel calls it or by its size, and one that was lost sight of because the kernel had to drop events.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from edge.drivers.driver import Axis, InputFacts
from edge.drivers.input_events import (
    ABS_MT_POSITION_X,
    ABS_MT_POSITION_Y,
    ABS_X,
    ABS_Y,
    SYN,
    SYN_DROPPED,
    SYN_REPORT,
    EventCutter,
    InputEvent,
)
from edge.drivers.touch.contacts import Contacts, Spot
from edge.drivers.touch.picture import STRAIGHT, Matrix, Picture, Turn
from edge.readings import Garbled, Nanoseconds, Reading, Touched, TouchPhase

# What most USB panels report, infrared frames among them; only a port that knows nothing (a pty) needs it.
_USUAL: Final = Axis(0, 32767)

Range = tuple[int, int]


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a panel is mounted, and what of it the kernel cannot know."""

    x_range: Range | None = None
    """Lowest and highest number from left to right; None takes what the kernel knows."""
    y_range: Range | None = None
    """The same from top to bottom."""
    matrix_ppm: Matrix = STRAIGHT
    """libinput's calibration matrix in millionths, row by row; applied before the turn."""
    turned: Turn = 0
    """How far the picture is turned clockwise, in degrees."""
    palm_size: Annotated[int, Meta(ge=0)] = 0
    """A contact as large as this (ABS_MT_TOUCH_MAJOR) is a palm; 0 where the panel tells no sizes."""

    def __post_init__(self) -> None:
        """A range without an extent could not be divided by."""
        for name, numbers in (("x_range", self.x_range), ("y_range", self.y_range)):
            if numbers is not None and numbers[0] >= numbers[1]:
                raise ValueError(f"{name}: expected the lower number first, got {list(numbers)}")


class Panel:
    """A Touched for each change of a contact; a panel may be silent for ever, so its silence is no fault."""

    def __init__(self, settings: Settings | None = None) -> None:
        self._settings = settings or Settings()
        self._facts = InputFacts("")
        self._reopened = False
        self._last_us = 0
        self._down: Mapping[int, Spot] = {}
        self._start()

    @property
    def pending(self) -> int:
        """Bytes that are no whole event."""
        return self._events.pending

    @property
    def deadline_ns(self) -> Nanoseconds | None:
        """When `tick` has something to do."""
        return self._events.deadline_ns

    def informed(self, facts: InputFacts) -> None:
        """Take note of what the kernel knows of the panel: above all the range of its numbers."""
        self._facts = facts

    def opened(self, now_ns: Nanoseconds) -> None:  # noqa: ARG002 - nothing is due before the first touch
        """Start over on a device that has just been opened."""
        self._start()
        self._reopened = True

    def receive(self, data: bytes) -> Iterator[Reading]:
        """What these events change."""
        for piece in self._events.cut(data):
            if isinstance(piece, Garbled):
                yield piece
            else:
                yield from self._heard(piece)

    def to_send(self) -> bytes:
        """Nothing: a panel is not asked."""
        return b""

    def tick(self, now_ns: Nanoseconds) -> Iterator[Reading]:
        """Take note of the time: half an event is none, and what touched a lost panel is forgotten."""
        if self._reopened:
            self._reopened = False
            yield from self._lost()
        yield from self._events.tick(now_ns)

    def _start(self) -> None:
        self._events = EventCutter()
        settings, axes = self._settings, self._facts.axes
        x = _axis(settings.x_range, axes, ABS_MT_POSITION_X, ABS_X)
        y = _axis(settings.y_range, axes, ABS_MT_POSITION_Y, ABS_Y)
        picture = Picture(x, y, settings.matrix_ppm, settings.turned)
        self._contacts = Contacts(picture.place, settings.palm_size, multitouch=ABS_MT_POSITION_X in axes)

    def _heard(self, event: InputEvent) -> Iterator[Touched]:
        if (event.kind, event.code) == (SYN, SYN_REPORT):
            self._last_us = event.at_us
            yield from self._frame()
        elif (event.kind, event.code) == (SYN, SYN_DROPPED):
            self._last_us = event.at_us
            self._contacts.lost()
            yield from self._lost()
        else:
            self._contacts.note(event)

    def _frame(self) -> Iterator[Touched]:
        before, self._down = self._down, {}
        now = dict(self._contacts.frame())
        for number in sorted(before.keys() | now.keys()):
            old, new = before.get(number), now.get(number)
            yield from self._changed(number, old, new)
            if old and new and old.key == new.key and old.palm:
                now[number] = msgspec.structs.replace(new, palm=True)  # once a palm, a palm until it lifts
        self._down = now

    def _changed(self, number: int, old: Spot | None, new: Spot | None) -> Iterator[Touched]:
        if old is not None and (new is None or new.key != old.key):
            if not old.palm:
                yield self._touched(number, TouchPhase.CANCELLED if new else TouchPhase.UP, old)
            old = None
        if new is None or (old is not None and old.palm):
            return
        if old is None:
            yield self._touched(number, TouchPhase.DOWN, new)
        if new.palm:
            yield self._touched(number, TouchPhase.CANCELLED, new)
        elif old is not None and new != old:
            yield self._touched(number, TouchPhase.MOVED, new)

    def _lost(self) -> Iterator[Touched]:
        down, self._down = self._down, {}
        for number, spot in down.items():
            if not spot.palm:
                yield self._touched(number, TouchPhase.CANCELLED, spot)

    def _touched(self, number: int, phase: TouchPhase, spot: Spot) -> Touched:
        return Touched(number, phase, spot.x_ppm, spot.y_ppm, self._last_us)


def _axis(numbers: Range | None, known: Mapping[int, Axis], *codes: int) -> Axis:
    if numbers is not None:
        return Axis(*numbers)
    axes = (known[code] for code in codes if code in known)
    return next((axis for axis in axes if axis.lowest < axis.highest), _USUAL)


def driver(settings: Mapping[str, Any]) -> Panel:
    """A new driver, set as a profile says."""
    return Panel(msgspec.convert(settings, Settings))
