"""The installer's hour: booted machines from the first package to a kill -9, beside what nobody can avoid."""

from collections.abc import Callable
from typing import Final

from benchmarks.harness import Benchmark, Direction, Goal, Judged
from benchmarks.installer import bare
from benchmarks.installer.machines import Machines

_MACHINES: Final = Machines()


def _benchmark(name: str, unit: str, at_most: float, ceiling: Callable[[], float]) -> Benchmark:
    goal = Goal(Judged.VALUE, Direction.AT_MOST, at_most)
    # A sample is a story of a minute and a half.
    return Benchmark(name, unit, goal, _MACHINES.figure(name), ceiling, rounds=1)


BENCHMARKS: Final = (
    _benchmark("first-sale", "s", 180, bare.unpacked_s),
    _benchmark("doctor", "s", 10, bare.imported_s),
    _benchmark("boot", "s", 5, bare.served_s),
    _benchmark("unit-killed", "s", 3, bare.served_s),
    _benchmark("object-at-rest", "% of a core", 2, bare.asking_percent),
)
