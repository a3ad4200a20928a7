"""A session: what sensors hear of one play, line by line, and the truth, which only the judge is told."""

from collections.abc import Callable, Iterator
from enum import Enum, StrEnum
from typing import Any, Final

import msgspec

from simulators.shoppers.stage import Act

# Before anybody comes the sensors have time to learn what lies there; afterwards they may take as long as a
# shopper who pays by card at once.
BEFORE_MS: Final = 4_000
AFTER_MS: Final = 10_000


class Outcome(StrEnum):
    """What came of a session, the best first."""

    EXACT = "exact"
    ASKED_RIGHTLY = "asked_rightly"
    """Nobody could have known: somebody was asked, and nothing was charged wrongly."""
    ASKED_IN_PASSING = "asked_in_passing"
    """Somebody was asked for a moment without need; in the end all was right."""
    ASKED = "asked"
    """Somebody was asked without need, and at the end still is."""
    UNTOLD = "untold"
    """What had to be named was not: a strange thing, a swapped one."""
    LATE = "late"
    """The right thing was shown, and not soon enough."""
    FLICKERED = "flickered"
    """What was held up all the time vanished for a moment."""
    MISSED = "missed"
    """Somebody has what is on no bill, or sees nothing of what he holds up."""
    WRONG = "wrong"
    """A thing is charged, or shown, that nobody has."""


RIGHT: Final = frozenset({Outcome.EXACT, Outcome.ASKED_RIGHTLY})
AMBIGUOUS: Final = frozenset({Outcome.ASKED, Outcome.ASKED_IN_PASSING})


class Asks(Enum):
    """Whether an honest sensing may ask in a play."""

    NEVER = "never"
    IN_PASSING = "in passing"
    ALWAYS_ALLOWED = "always allowed"
    MUST = "must"


class Said(msgspec.Struct, frozen=True):
    """One event of the sensing."""

    session: str
    at_ns: int
    event: dict[str, Any]

    @property
    def kind(self) -> str:
        """The name of the event."""
        return str(self.event["type"])

    @property
    def at_ms(self) -> float:
        """When it was said."""
        return self.at_ns / 1_000_000


class Span(msgspec.Struct):
    """From when until when something was so; `until_ms` is None while it is."""

    since_ms: int
    until_ms: int | None = None

    @property
    def is_open(self) -> bool:
        """Whether it is so now."""
        return self.until_ms is None

    def meets(self, since_ms: float, until_ms: float) -> bool:
        """Whether it was so at any moment between the two."""
        return self.since_ms <= until_ms and (self.until_ms is None or self.until_ms >= since_ms)


class Expected(msgspec.Struct, frozen=True):
    """What an object is told about a thing that it sells."""

    mass_mg: int
    tolerance_mg: int


class Heap(msgspec.Struct, frozen=True):
    """What an object is told of a kind without tags: what each unit weighs, and how many there are."""

    pack: Expected
    units: int


class Verdict(msgspec.Struct, frozen=True):
    """What a judge says of one session; `shown_ms` are the delays from an act to its first event."""

    outcome: Outcome
    things: tuple[tuple[str, str], ...] = ()
    """For each thing, what was done with it and what was said of it."""
    shown_ms: tuple[int, ...] = ()


class Session(msgspec.Struct, frozen=True):
    """One play. `judge` may be asked only when all of `lines` are heard: the truth grows with them."""

    play: str
    goods: dict[str, Expected]
    known: dict[str, Expected]
    """What belongs there, and what the shop has elsewhere."""
    lines: Iterator[bytes]
    diary: list[Act]
    """What was done, once it is."""
    judge: Callable[[list[Said]], Verdict]
    loose: dict[str, Heap] = {}
    """What belongs there and has no tags, by its GTIN."""
