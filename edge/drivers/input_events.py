"""The kernel's input events: `struct input_event` of 64-bit Linux, and the few codes that our drivers know.

Source: the kernel's documentation, input/input.rst and input/event-codes.rst, and its header
linux/input-event-codes.h. python-evdev knows all codes, but costs 11 MB of memory to import.
"""

from collections.abc import Iterator
from struct import Struct
from typing import Final

import msgspec

from edge.drivers.records import RecordCutter
from edge.readings import Garbled, Nanoseconds

SYN: Final = 0x00
KEY: Final = 0x01
ABS: Final = 0x03
LED: Final = 0x11

SYN_REPORT: Final = 0
SYN_MT_REPORT: Final = 2
SYN_DROPPED: Final = 3

UP: Final = 0
DOWN: Final = 1
REPEAT: Final = 2

BTN_LEFT: Final = 0x110
BTN_TOUCH: Final = 0x14A

ABS_X: Final = 0x00
ABS_Y: Final = 0x01
ABS_MT_SLOT: Final = 0x2F
ABS_MT_TOUCH_MAJOR: Final = 0x30
ABS_MT_POSITION_X: Final = 0x35
ABS_MT_POSITION_Y: Final = 0x36
ABS_MT_TOOL_TYPE: Final = 0x37
ABS_MT_TRACKING_ID: Final = 0x39
ABS_MT_DISTANCE: Final = 0x3B

MT_TOOL_PALM: Final = 2

EVENT_BYTES: Final = 24

_LAYOUT: Final = Struct("<QQHHi")
# A second of any clock before the year 2242; more is noise.
_SECONDS_MAX: Final = 1 << 33
_MICROSECONDS: Final = 1_000_000
# Type of event -> its highest code: EV_SYN, KEY, REL, ABS, MSC, SW, LED, SND, REP, FF, PWR, FF_STATUS.
_CODE_MAX: Final = {
    SYN: SYN_DROPPED, KEY: 0x2FF, 0x02: 0x0F, ABS: 0x3F, 0x04: 0x07, 0x05: 0x11,
    LED: 0x0F, 0x12: 0x07, 0x14: 0x01, 0x15: 0x7F, 0x16: 0x00, 0x17: 0x01,
}  # fmt: skip
# Type of event -> its highest value, where it has one.
_VALUE_MAX: Final = {SYN: 1, KEY: REPEAT, LED: 1}


class InputEvent(msgspec.Struct, frozen=True, gc=False):
    """One event; `at_us` is the kernel's time of it in microseconds, by whatever clock its port is set to."""

    at_us: int
    kind: int
    code: int
    value: int


class EventCutter:
    """Cuts events out of a stream.

    After a SYN_DROPPED, which it hands on, it is silent up to the next report: what stands between the two
    is the rest of what the kernel had no room for.
    """

    def __init__(self) -> None:
        self._records = RecordCutter(EVENT_BYTES, _plausible)
        self._dropping = False

    @property
    def pending(self) -> int:
        """Bytes that are not, or not yet, an event and of which nothing has been said."""
        return self._records.pending

    @property
    def deadline_ns(self) -> Nanoseconds | None:
        """When half an event is given up."""
        return self._records.deadline_ns

    def cut(self, data: bytes) -> Iterator[InputEvent | Garbled]:
        """The events that `data` completes, each after the noise before it."""
        for record in self._records.cut(data):
            if isinstance(record, Garbled):
                yield record
            else:
                yield from self._event(record)

    def tick(self, now_ns: Nanoseconds) -> Iterator[Garbled]:
        """Take note of the time; half an event is noise."""
        yield from self._records.tick(now_ns)

    def _event(self, record: bytes) -> Iterator[InputEvent]:
        seconds, microseconds, kind, code, value = _LAYOUT.unpack(record)
        event = InputEvent(seconds * _MICROSECONDS + microseconds, kind, code, value)
        if (kind, code) == (SYN, SYN_DROPPED):
            self._dropping = True
            yield event
        elif not self._dropping:
            yield event
        elif (kind, code) == (SYN, SYN_REPORT):
            self._dropping = False


def _plausible(record: bytes) -> bool:
    seconds, microseconds, kind, code, value = _LAYOUT.unpack(record)
    if seconds >= _SECONDS_MAX or microseconds >= _MICROSECONDS or code > _CODE_MAX.get(kind, -1):
        return False
    return kind not in _VALUE_MAX or 0 <= value <= _VALUE_MAX[kind]
