"""The confusion table: what shoppers did, against what the sensing made of it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from simulators.shoppers.session import AMBIGUOUS, RIGHT, Outcome, Verdict


class Table(msgspec.Struct, frozen=True):
    """What came of all sessions of a run; every number but those in ms and s counts sessions or things."""

    objects: str
    sessions: int
    seed: int
    exact: int
    """All right at the end, and nobody was asked who did not have to be."""
    ambiguous: int
    """Somebody was asked without need, for a moment or until the end."""
    wrong_charges: int
    """A thing was charged, or shown, that nobody had."""
    missed: int
    flickered: int
    late: int
    untold: int
    exact_percent: float
    ambiguous_percent: float
    plays: dict[str, dict[str, int]]
    """Rows are what shoppers did, columns what came of it (`exact`, `asked`, `wrong` ...)."""
    things: dict[str, dict[str, int]]
    """Rows are what was done with a thing, columns what was said of it."""
    shown_p50_ms: int | None
    shown_p99_ms: int | None
    shown_max_ms: int | None
    """From an act to the event that tells of it."""
    examples: dict[str, tuple[int, ...]]
    """Of what did not come out right: play and outcome, and the numbers of the first sessions like that."""


# Enough to see one again with the same seed.
_EXAMPLES_MAX: Final = 5


class Judged(msgspec.Struct, frozen=True):
    """One session that is over."""

    number: int
    play: str
    verdict: Verdict


def table(objects: str, seed: int, judged: Sequence[Judged]) -> Table:
    """Count."""
    outcomes = Counter(each.verdict.outcome for each in judged)
    exact = sum(outcomes[outcome] for outcome in RIGHT)
    ambiguous = sum(outcomes[outcome] for outcome in AMBIGUOUS)
    shown_ms = sorted(delay_ms for each in judged for delay_ms in each.verdict.shown_ms)
    return Table(
        objects,
        len(judged),
        seed,
        exact,
        ambiguous,
        outcomes[Outcome.WRONG],
        outcomes[Outcome.MISSED],
        outcomes[Outcome.FLICKERED],
        outcomes[Outcome.LATE],
        outcomes[Outcome.UNTOLD],
        _percent(exact, len(judged)),
        _percent(ambiguous, len(judged)),
        _crossed((each.play, each.verdict.outcome.value) for each in judged),
        _crossed(thing for each in judged for thing in each.verdict.things),
        _percentile(shown_ms, 50),
        _percentile(shown_ms, 99),
        shown_ms[-1] if shown_ms else None,
        _examples(judged),
    )


def _crossed(pairs: Iterable[tuple[str, str]]) -> dict[str, dict[str, int]]:
    rows: dict[str, dict[str, int]] = {}
    for (row, column), times in sorted(Counter(pairs).items()):
        rows.setdefault(row, {})[column] = times
    return rows


def _examples(judged: Iterable[Judged]) -> dict[str, tuple[int, ...]]:
    numbers: dict[str, tuple[int, ...]] = {}
    for each in judged:
        if each.verdict.outcome not in RIGHT:
            key = f"{each.play}: {each.verdict.outcome.value}"
            numbers[key] = (*numbers.get(key, ()), each.number)[:_EXAMPLES_MAX]
    return numbers


def _percent(part: int, whole: int) -> float:
    return round(part * 100 / whole, 2)


def _percentile(sorted_ms: Sequence[int], percent: int) -> int | None:
    """The delay that so many of a hundred do not exceed (nearest rank); None of none."""
    return sorted_ms[-(-len(sorted_ms) * percent // 100) - 1] if sorted_ms else None
