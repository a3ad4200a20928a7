"""What a shelf, a mirror and a tray make of a thousand shoppers each, with the noise of real sensors."""

import resource
from collections.abc import Callable
from functools import cache
from typing import Final

from benchmarks.harness import Benchmark, Direction, Goal, Judged
from simulators.shoppers.run import drawn, run
from simulators.shoppers.table import Table

# Three days that no constant of the sensing was chosen by; at 99 % thirty sessions may go wrong.
SEEDS: Final = (101, 102, 103)
SESSIONS: Final = 1_000
# Nobody can be sure of a tag in fewer than two rounds of the reader.
TWO_ROUNDS_MS: Final = 100


@cache
def _tables(objects: str) -> tuple[Table, ...]:
    return tuple(run(objects, SESSIONS, seed) for seed in SEEDS)


def _percent(objects: str, count: Callable[[Table], int]) -> float:
    return sum(count(table) for table in _tables(objects)) * 100 / (len(SEEDS) * SESSIONS)


def _wrong(objects: str) -> int:
    return sum(table.wrong_charges for table in _tables(objects))


def shown_ms() -> int:
    """From the moment that a garment is held up to the event, for 99 of 100."""
    return max(table.shown_p99_ms or 0 for table in _tables("mirror"))


def cpu_s() -> float:
    """The CPU time of a thousand sessions before a shelf, of the shoppers and of the sensing."""
    before_s = _used_s()
    run("shelf", SESSIONS, SEEDS[0])
    return _used_s() - before_s


def playing_s() -> float:
    """The ceiling: the shoppers alone, and nobody hears what the sensors say."""
    before_s = _used_s()
    for number in range(SESSIONS):
        for _ in drawn("shelf", SEEDS[0], number).lines:
            pass
    return _used_s() - before_s


def _used_s() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def _figure(name: str, unit: str, goal: Goal, value: Callable[[], float], ceiling: float) -> Benchmark:
    """Chance comes from the seeds, which are all in one sample: a second one would say the same."""
    return Benchmark(name, unit, goal, value, lambda: ceiling, rounds=1)


def _at_least(limit: float) -> Goal:
    return Goal(Judged.VALUE, Direction.AT_LEAST, limit)


def _at_most(limit: float) -> Goal:
    return Goal(Judged.VALUE, Direction.AT_MOST, limit)


_ALL: Final = len(SEEDS) * SESSIONS

BENCHMARKS: Final = (
    _figure("shelf-right", "%", _at_least(99), lambda: _percent("shelf", lambda t: t.exact), 100),
    _figure("shelf-wrong", "sessions", _at_most(0), lambda: _wrong("shelf"), _ALL),
    _figure("shelf-asked", "%", _at_most(1), lambda: _percent("shelf", lambda t: t.ambiguous), 100),
    _figure("loose-right", "%", _at_least(99), lambda: _percent("loose", lambda t: t.exact), 100),
    _figure("loose-wrong", "sessions", _at_most(0), lambda: _wrong("loose"), _ALL),
    _figure("loose-asked", "%", _at_most(1), lambda: _percent("loose", lambda t: t.ambiguous), 100),
    _figure("alike-wrong", "sessions", _at_most(0), lambda: _wrong("alike"), _ALL),
    _figure("mirror-right", "%", _at_least(99), lambda: _percent("mirror", lambda t: t.exact + t.late), 100),
    _figure("mirror-wrong", "sessions", _at_most(0), lambda: _wrong("mirror"), _ALL),
    _figure("mirror-shown", "ms", _at_most(500), shown_ms, TWO_ROUNDS_MS),
    _figure("tray-right", "%", _at_least(99), lambda: _percent("tray", lambda t: t.exact), 100),
    _figure("tray-wrong", "sessions", _at_most(0), lambda: _wrong("tray"), _ALL),
    Benchmark("shoppers", "s CPU", _at_most(40), cpu_s, playing_s, rounds=1),
)
