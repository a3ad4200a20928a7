"""What a simulated LLRP reader says unasked: events with the time, reports, keepalives."""

from enum import IntEnum
from typing import Final

from simulators.devices.rfid.llrp.wire import text, tlv

# The clock of a reader that nobody has set begins here: 1 January 2020, in microseconds since 1970.
CLOCK_BEGINS_US: Final = 1_577_836_800_000_000
ROSPEC_STARTED, ROSPEC_ENDED = 0, 1


class Kind(IntEnum):
    """The kinds of events that a host can want or not (EventNotificationState)."""

    HOPPING = 0
    ROSPEC = 2
    EXCEPTION = 4
    AISPEC = 6
    ANTENNA = 8


class Attempt(IntEnum):
    """How the attempt of a host to connect ended."""

    SUCCESS = 0
    HOST_IS_HERE = 2


def clock_us(now_ns: int) -> int:
    """What its clock shows."""
    return CLOCK_BEGINS_US + now_ns // 1000


def event(now_us: int, what: bytes, *, has_utc: bool) -> bytes:
    """Build the ReaderEventNotificationData of one event."""
    return tlv(246, tlv(128 if has_utc else 129, now_us.to_bytes(8)), what)


def attempt(how: Attempt) -> bytes:
    """Build a ConnectionAttemptEvent."""
    return tlv(256, how.to_bytes(2))


def hopped(channel: int) -> bytes:
    """Build a HoppingEvent of hop table 1."""
    return tlv(247, (1).to_bytes(2), channel.to_bytes(2))


def rospec(what: int, number: int) -> bytes:
    """Build a ROSpecEvent; nothing ever preempts the only ROSpec."""
    return tlv(249, bytes((what,)), number.to_bytes(4), bytes(4))


def overflow() -> bytes:
    """Build a ReportBufferOverflowErrorEvent."""
    return tlv(251)


def exception(sentence: str) -> bytes:
    """Build a ReaderExceptionEvent."""
    return tlv(252, text(sentence))


def aispec_ended(rospec: int, spec: int) -> bytes:
    """Build an AISpecEvent."""
    return tlv(254, b"\x00", rospec.to_bytes(4), spec.to_bytes(2))


def antenna(number: int, *, connected: bool) -> bytes:
    """Build an AntennaEvent."""
    return tlv(255, bytes((connected,)), number.to_bytes(2))


def closing() -> bytes:
    """Build a ConnectionCloseEvent."""
    return tlv(257)
