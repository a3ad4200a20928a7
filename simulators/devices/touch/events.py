"""What an input device of Linux says: 24-byte events, each frame closed by SYN_REPORT.

Source: Linux Documentation/input/event-codes.rst, include/uapi/linux/input.h (struct input_event, 64 bits).
"""

import struct
from collections.abc import Iterable
from typing import Final

EVENT: Final = struct.Struct("<qqHHi")

EV_SYN, EV_KEY, EV_ABS, EV_MSC = 0x00, 0x01, 0x03, 0x04
SYN_REPORT, SYN_MT_REPORT = 0, 2
MSC_SCAN: Final = 0x04

Event = tuple[int, int, int]
"""Type, code and value."""

MICROSECONDS: Final = 1_000_000


def frame(events: Iterable[Event], at_ns: int) -> bytes:
    """The bytes of one frame, all events at the same time, with the SYN_REPORT that closes it."""
    seconds, micros = divmod(at_ns // 1000, MICROSECONDS)
    closed = (*events, (EV_SYN, SYN_REPORT, 0))
    return b"".join(EVENT.pack(seconds, micros, *event) for event in closed)


# How a frame ends, its time left aside: what is missing when a frame's end is lost.
FRAME_END: Final = struct.pack("<HHi", EV_SYN, SYN_REPORT, 0)
