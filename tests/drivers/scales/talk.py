"""What the tests of scales share: moments, faults by their codes, and a look at what is asked."""

from collections.abc import Iterable

from edge.drivers.driver import Driver
from edge.readings import DeviceFault, Milligrams, Nanoseconds, Reading, Weighed

SECOND = 1_000_000_000


def at(seconds: float) -> Nanoseconds:
    return Nanoseconds(round(seconds * SECOND))


def weighed(weight_mg: int, *, steady: bool = True, net: bool = False) -> Weighed:
    return Weighed(Milligrams(weight_mg), steady, net)


def codes(readings: Iterable[Reading]) -> list[str]:
    return [reading.code for reading in readings if isinstance(reading, DeviceFault)]


def asked(driver: Driver, now: Nanoseconds) -> bytes:
    list(driver.tick(now))
    return driver.to_send()


def next_question(driver: Driver) -> bytes:
    """What the driver asks next; it does not say anything before."""
    said, question = _asks(driver)
    assert said == []
    return question


def answered(driver: Driver, *answers: bytes) -> list[Reading]:
    """What is heard when the driver asks and these are the answers, one after the other."""
    heard: list[Reading] = []
    for answer in answers:
        heard += [*_asks(driver)[0], *driver.receive(answer)]
    return heard


def _asks(driver: Driver) -> tuple[list[Reading], bytes]:
    """Turn the time to when the driver asks next: what it says until then, and what it asks."""
    said: list[Reading] = []
    for _ in range(10):
        deadline = driver.deadline_ns
        assert deadline is not None
        said += driver.tick(deadline)
        if question := driver.to_send():
            return said, question
    raise AssertionError("it asks no more")
