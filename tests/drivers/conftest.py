"""What the tests of the drivers share: every way to cut a stream, and a clock that a test turns."""

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import pytest

from edge.readings import Nanoseconds, Reading

SECOND_NS = 1_000_000_000


class Receives(Protocol):
    """All that a cut needs of a driver."""

    def receive(self, data: bytes) -> Iterator[Reading]: ...


CheckSlices = Callable[[Callable[[], Receives], bytes, Sequence[Reading]], None]


def _slices(stream: bytes) -> Iterator[list[bytes]]:
    yield [stream]
    yield [bytes([byte]) for byte in stream]
    for place in range(1, len(stream)):
        yield [stream[:place], stream[place:]]


@pytest.fixture
def check_slices() -> CheckSlices:
    """A check that a stream is the same readings whole, byte by byte, and cut at every place."""

    def check(fresh: Callable[[], Receives], stream: bytes, readings: Sequence[Reading]) -> None:
        for parts in _slices(stream):
            driver = fresh()
            assert [r for part in parts for r in driver.receive(part)] == list(readings), parts

    return check


class TurnedClock:
    """Time that stands still until a test turns it on."""

    def __init__(self) -> None:
        self.ns = 0

    def now_ns(self) -> Nanoseconds:
        return Nanoseconds(self.ns)


@pytest.fixture
def clock() -> TurnedClock:
    """A clock that a test turns."""
    return TurnedClock()
