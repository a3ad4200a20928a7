"""A trial: whatever bytes come in whatever pieces and at whatever times, a driver keeps its promises."""

from collections.abc import Iterable, Iterator
from typing import Final, get_args

from edge.drivers.driver import Driver
from edge.drivers.profiles import load
from edge.drivers.registry import driver_for
from edge.readings import Nanoseconds, Reading
from tests.drivers.conformance.memory import held_bytes

# More than the longest frame of any device, and than a whole receipt that waits for its printer.
HELD_BYTES_MAX: Final = 128 * 1024
WEIGHED_FROM_BYTES: Final = 4096
MILLISECOND_NS: Final = 1_000_000

# Bytes that a device says, milliseconds that pass, or None where the port is opened anew.
Step = bytes | int | None

_READINGS: Final = get_args(Reading)


def check_steps(driver: Driver, steps: Iterable[Step]) -> None:
    """Take the steps one after the other; what is broken is an AssertionError, or what the driver raises."""
    now = Nanoseconds(0)
    received = 0
    for step in steps:
        match step:
            case bytes():
                received += len(step)
                _check(driver, driver.receive(step))
            case int():
                now = Nanoseconds(now + step * MILLISECOND_NS)
                _check(driver, driver.tick(now))
                assert driver.deadline_ns is None or driver.deadline_ns > now, "its loop would spin"
            case None:
                driver.opened(now)
                _check(driver, ())
    # To weigh a driver takes longer than a trial; what has received little holds little.
    assert received < WEIGHED_FROM_BYTES or held_bytes(driver) <= HELD_BYTES_MAX, "it holds too much"


def check_bytes(profile: str, data: bytes) -> None:
    """The same, the steps taken from bytes that somebody else chooses."""
    check_steps(driver_for(load(profile)), steps(data))


def steps(data: bytes) -> Iterator[Step]:
    """Each step begins with a byte: the length of a piece, or what else happens."""
    at = 0
    while at < len(data):
        match data[at]:
            case 0xFE:
                yield None
                at += 1
            case 0xFF:
                yield 10 * int.from_bytes(data[at + 1 : at + 2])
                at += 2
            case size:
                yield data[at + 1 : at + 1 + size]
                at += 1 + size


def as_bytes(said: bytes) -> bytes:
    """Whole frames as steps: the port is opened, they come in pieces, and some time passes."""
    pieces = (said[start : start + 200] for start in range(0, len(said), 200))
    return b"\xfe" + b"".join(bytes((len(piece),)) + piece for piece in pieces) + b"\xff\x20"


def _check(driver: Driver, readings: Iterable[Reading]) -> None:
    for reading in readings:
        assert isinstance(reading, _READINGS), f"{reading!r} is no reading"
    assert 0 <= driver.pending <= HELD_BYTES_MAX, f"{driver.pending} bytes are pending"
    assert len(driver.to_send()) <= HELD_BYTES_MAX, "it has too much to say"
