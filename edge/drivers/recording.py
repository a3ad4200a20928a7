"""A recording of a device: what it said, what it was told and what we made of it, with the times.

The first line is a Recording, every other one a Moment. A recording of real hardware is worth keeping: `opos
replay` shows what today's driver makes of it, and a bench can play the device's end of it.
"""

from collections.abc import Iterator
from typing import Annotated, BinaryIO, Final, Protocol

import msgspec
from msgspec import Meta

from edge.commands import Command
from edge.drivers.driver import Commanded, Driver, Informed, InputFacts
from edge.drivers.profiles import Profile, ProfileError
from edge.readings import Nanoseconds, Reading

VERSION: Final = 1
# A line holds what one read of a port brings, 4 KiB in hexadecimal, or a reading.
LINE_BYTES_MAX: Final = 65_536

# What a payment terminal says may hold the whole number of a card, if it is a careless one, in fields and on
# printed lines; of a dialogue with those masked nobody could tell what a driver makes of the real one.
_HAS_CARDS: Final = frozenset({"zvt", "nexo"})

Hex = Annotated[str, Meta(pattern="^([0-9A-F]{2})*$")]


class Recording(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whose recording it is; `began` is the wall clock in UTC, for people."""

    recording: Annotated[int, Meta(ge=VERSION, le=VERSION)]
    uri: str
    profile: str
    began: str = ""


class Moment(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What happened so many microseconds after the beginning: exactly one of the others."""

    us: Annotated[int, Meta(ge=0)]
    opened: bool = False
    device: Hex = ""
    host: Hex = ""
    facts: InputFacts | None = None
    reading: Reading | None = None


class NoRecordingError(ValueError):
    """A file that is no recording; the message says in which line, and what was expected."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(f"line {line}: {what}")


class NotRecordedError(ProfileError):
    """A device whose bytes must not be kept."""

    def __init__(self, profile: Profile) -> None:
        super().__init__(
            f"profile {profile.name!r}: a payment terminal is not recorded, since numbers of cards would be "
            "in the file: use `opos listen`, or a terminal of `opos sim`"
        )


def check_recordable(profile: Profile) -> None:
    """Raise NotRecordedError for a device that people pay at."""
    if profile.protocol in _HAS_CARDS:
        raise NotRecordedError(profile)


class Now(Protocol):
    """All that a recording asks of time."""

    def now_ns(self) -> Nanoseconds:
        """Monotonic time."""
        ...


class Recorded:
    """A driver that is overheard: everything that goes in and out of it is written down first."""

    def __init__(self, driver: Driver, file: BinaryIO, clock: Now) -> None:
        self._driver = driver
        self._file = file
        self._clock = clock
        self._began_ns = clock.now_ns()

    @property
    def pending(self) -> int:
        """As the driver says."""
        return self._driver.pending

    @property
    def deadline_ns(self) -> Nanoseconds | None:
        """As the driver says."""
        return self._driver.deadline_ns

    def informed(self, facts: InputFacts) -> None:
        """Note the facts; not every driver asks for them."""
        self._note(facts=facts)
        if isinstance(self._driver, Informed):
            self._driver.informed(facts)

    def opened(self, now_ns: Nanoseconds) -> None:
        """Note that the port was opened."""
        self._note(opened=True)
        self._driver.opened(now_ns)

    def command(self, command: Command) -> None:
        """Hand it on; what the driver makes of it is heard when it sends."""
        if isinstance(self._driver, Commanded):
            self._driver.command(command)

    def receive(self, data: bytes) -> Iterator[Reading]:
        """Note what the device said, and each reading that it completes."""
        self._note(device=data.hex().upper())
        yield from self._noted(self._driver.receive(data))

    def to_send(self) -> bytes:
        """Note what the device is told."""
        outgoing = self._driver.to_send()
        if outgoing:
            self._note(host=outgoing.hex().upper())
        return outgoing

    def tick(self, now_ns: Nanoseconds) -> Iterator[Reading]:
        """Note the readings that time alone brings."""
        yield from self._noted(self._driver.tick(now_ns))

    def _noted(self, readings: Iterator[Reading]) -> Iterator[Reading]:
        for reading in readings:
            self._note(reading=reading)
            yield reading

    def _note(
        self,
        *,
        opened: bool = False,
        device: Hex = "",
        host: Hex = "",
        facts: InputFacts | None = None,
        reading: Reading | None = None,
    ) -> None:
        us = (self._clock.now_ns() - self._began_ns) // 1000
        write(self._file, Moment(us, opened, device, host, facts, reading))


def write(file: BinaryIO, line: Recording | Moment) -> None:
    """Put one line into the file, whole: a recording that is cut off ends with a whole line."""
    file.write(msgspec.json.encode(line) + b"\n")


def read(file: BinaryIO) -> tuple[Recording, Iterator[Moment]]:
    """The head of a recording, and its moments as they are read; raises NoRecordingError, later too."""
    head = file.readline(LINE_BYTES_MAX)
    try:
        return msgspec.json.decode(head, type=Recording), _moments(file)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NoRecordingError(1, f"expected the head of a recording: {error}") from error


def _moments(file: BinaryIO) -> Iterator[Moment]:
    decoder = msgspec.json.Decoder(Moment)
    number = 1
    while line := file.readline(LINE_BYTES_MAX):
        number += 1
        try:
            yield decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise NoRecordingError(number, f"expected a moment of a recording: {error}") from error


def replay(driver: Driver, moments: Iterator[Moment]) -> Iterator[tuple[Moment, Reading]]:
    """What `driver` makes of a recording, in the recording's own time: each reading with its moment."""
    for moment in moments:
        now_ns = Nanoseconds(moment.us * 1000)
        yield from ((moment, reading) for reading in _until(driver, now_ns))
        driver.to_send()  # what it would ask today: the recorded device cannot answer it
        if moment.facts is not None and isinstance(driver, Informed):
            driver.informed(moment.facts)
        if moment.opened:
            driver.opened(now_ns)
        yield from ((moment, reading) for reading in driver.receive(bytes.fromhex(moment.device)))
        yield from ((moment, reading) for reading in driver.tick(now_ns))


# Between two moments a driver has a handful of deadlines; one that has always another is stuck in time.
_DEADLINES_MAX: Final = 100_000


def _until(driver: Driver, now_ns: Nanoseconds) -> Iterator[Reading]:
    """Let time pass for the driver up to a moment, from deadline to deadline."""
    for _ in range(_DEADLINES_MAX):
        due_ns = driver.deadline_ns
        if due_ns is None or due_ns >= now_ns:
            return
        yield from driver.tick(due_ns)
        if driver.deadline_ns == due_ns:
            return
