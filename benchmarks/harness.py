"""The harness: takes value and ceiling in turns, and says by a goal whether the value is good enough."""

from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from statistics import median
from typing import Final, Protocol

import msgspec

# Enough for a median that one hiccup cannot move; a subject with long samples asks for fewer.
ROUNDS: Final = 7


class Direction(Enum):
    """Which way is better."""

    AT_MOST = "<="
    AT_LEAST = ">="


class Judged(Enum):
    """What a goal speaks of."""

    VALUE = "value"  # the value itself, in its unit
    RATIO = "ratio"  # value / ceiling: what we add to what nobody can avoid


class Goal(msgspec.Struct, frozen=True):
    """A sentence of three words, such as `value <= 150` or `ratio >= 0.85`."""

    judged: Judged
    direction: Direction
    limit: float

    def __str__(self) -> str:
        return f"{self.judged.value} {self.direction.value} {self.limit:g}"

    def met(self, value: float, ratio: float) -> bool:
        """Say whether the figure is good enough; exactly at the limit it is."""
        measured = value if self.judged is Judged.VALUE else ratio
        return measured <= self.limit if self.direction is Direction.AT_MOST else measured >= self.limit


class SkippedError(Exception):
    """A figure cannot be taken on this machine as it is: why, and what would help."""


class Track(Protocol):
    """Shows a person how far a long work is: goes through `steps`, of which there are `total`."""

    def __call__(self, steps: Iterable[object], /, *, total: int, description: str) -> Iterable[object]:
        """The same steps, each shown when it is done."""
        ...


class Benchmark(msgspec.Struct, frozen=True):
    """One figure and how to take it: `value` and `ceiling` each take one sample, in `unit`, when called.

    Any of its three callables may raise SkippedError. Without a goal the figure is for information.
    """

    name: str
    unit: str
    goal: Goal | None
    value: Callable[[], float]
    ceiling: Callable[[], float]
    """The same work with nothing of ours in it: the bare library, disk or process."""
    rounds: int = ROUNDS
    prepare: Callable[[Track], object] | None = None
    """What takes long and is made once, before the first sample."""


class Figure(msgspec.Struct, frozen=True):
    """What a benchmark found: the medians of all rounds, as one line of JSON."""

    name: str
    unit: str
    value: float
    ceiling: float
    ratio: float
    """value / ceiling."""
    goal: str
    """Empty when the figure is for information; then it is met."""
    met: bool
    rounds: int
    spread: float
    """(largest - smallest value) / median value: how far this machine is to be believed."""


class Skipped(msgspec.Struct, frozen=True):
    """A figure that was not taken: nobody knows whether its goal is met, so it is not."""

    name: str
    unit: str
    goal: str
    skipped: str
    """Why."""
    met: bool = False


class Sample(msgspec.Struct, frozen=True):
    """What one round took."""

    value: float
    ceiling: float


def samples(benchmark: Benchmark) -> Iterator[Sample]:
    """Take value and ceiling in turns, and without end: what slows the machine down slows both.

    Who goes first changes with every round, so that neither always finds the caches warm.
    """
    while True:
        value = benchmark.value()
        yield Sample(value, ceiling=benchmark.ceiling())
        ceiling = benchmark.ceiling()
        yield Sample(benchmark.value(), ceiling)


def figure(benchmark: Benchmark, taken: list[Sample]) -> Figure:
    """Sum up the rounds of one benchmark; there is at least one."""
    values = [sample.value for sample in taken]
    value, ceiling = median(values), median(sample.ceiling for sample in taken)
    assert ceiling > 0, f"{benchmark.name}: a ceiling is never free"
    ratio = value / ceiling
    return Figure(
        name=benchmark.name,
        unit=benchmark.unit,
        value=_readable(value),
        ceiling=_readable(ceiling),
        ratio=_readable(ratio),
        goal=wanted(benchmark),
        met=benchmark.goal is None or benchmark.goal.met(value, ratio),
        rounds=len(taken),
        spread=_readable((max(values) - min(values)) / value) if value else 0.0,
    )


def wanted(benchmark: Benchmark) -> str:
    """The goal of a benchmark as a sentence; empty if it has none."""
    return str(benchmark.goal or "")


def _readable(number: float) -> float:
    """Keep four digits: more than any machine repeats."""
    return float(f"{number:.4g}")
