"""The glass: what a finger waits for, how soon it is back after a kill, what a crowd leaves."""

from benchmarks.glass import crowd
from benchmarks.glass.looks import Looks, take
from benchmarks.harness import Benchmark, Direction, Goal, Judged

_LOOKS = Looks(take)
ROUNDS = 3  # a sample is a look of fifty shoppers


def _benchmark(name: str, unit: str, at_most: float, figure: str) -> Benchmark:
    goal = Goal(Judged.VALUE, Direction.AT_MOST, at_most)
    return Benchmark(name, unit, goal, _LOOKS.ours(figure), _LOOKS.bare(figure), ROUNDS)


BENCHMARKS = (
    _benchmark("press-painted", "ms p95", 50, "press_ms"),
    _benchmark("tap-to-frame", "ms p95", 300, "result_ms"),
    _benchmark("restart-to-basket", "ms", 1000, "restart_ms"),
    _benchmark("page-size", "KB gz", 60, "page_kb"),
    _benchmark("runtime-memory", "MB", 72, "memory_mb"),
    *crowd.BENCHMARKS,
)
