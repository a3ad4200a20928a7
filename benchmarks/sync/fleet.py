"""Many objects at once: 16 come back with 120 sales each, and 1,000 sell once a minute."""

import subprocess
from functools import cache
from typing import Final

import msgspec

from benchmarks.harness import Benchmark, Direction, Goal, Judged, SkippedError
from simulators.demo.errands import opos
from simulators.fleet.report import Report

STORM: Final = ("16", "--rate", "0", "--offline", "120")
FLEET: Final = ("1000", "--rate", "1", "--minutes", "1")


def spent(*words: str) -> Report:
    """What a fleet says of its day."""
    command = opos("sim", "fleet", *words, "--json")
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)  # noqa: S603 - of this file
    if not done.stdout:
        raise SkippedError("the fleet did not sell: it says above why")
    return msgspec.json.decode(done.stdout, type=Report)


@cache
def storm() -> Report:
    """One storm that several figures look at."""
    return spent(*STORM)


@cache
def fleet() -> Report:
    """One day of the large fleet."""
    return spent(*FLEET)


def wrong(report: Report) -> float:
    """Sales that were refused, lost or counted twice; one more if the money differs."""
    return report.rejected + report.lost + report.doubled + (not report.money_equal)


def broker_ms() -> float:
    """The ceiling of the fleet's receipts: what the broker alone took to acknowledge, p99."""
    taken_ms = fleet().broker_p99_ms
    assert taken_ms is not None
    return taken_ms


def receipt_ms() -> float:
    """The fleet's receipts, p99."""
    waited_ms = fleet().receipt_p99_ms
    if waited_ms is None:
        raise SkippedError("no sale of the fleet has a receipt")
    return waited_ms


_NONE: Final = Goal(Judged.VALUE, Direction.AT_MOST, 0)

BENCHMARKS: Final = (
    Benchmark(
        name="storm",
        unit="s",
        goal=Goal(Judged.VALUE, Direction.AT_MOST, 2),
        value=lambda: spent(*STORM).complete_s,
        ceiling=lambda: spent(*STORM).linked_s,  # nobody sells to a hub without a line
        rounds=3,
    ),
    Benchmark(
        name="storm-wrong",
        unit="sales",
        goal=_NONE,
        value=lambda: wrong(storm()),
        ceiling=lambda: float(storm().sales),
        rounds=1,
    ),
    Benchmark(
        name="fleet-receipt-p99",
        unit="ms",
        goal=Goal(Judged.VALUE, Direction.AT_MOST, 1_000),
        value=receipt_ms,
        ceiling=broker_ms,
        rounds=1,
    ),
    Benchmark(
        name="fleet-wrong",
        unit="sales",
        goal=_NONE,
        value=lambda: wrong(fleet()),
        ceiling=lambda: float(fleet().sales),
        rounds=1,
    ),
    Benchmark(
        name="fleet-return",
        unit="s",
        goal=None,
        value=lambda: fleet().confirmed_s,
        ceiling=lambda: fleet().linked_s,
        rounds=1,
    ),
)
