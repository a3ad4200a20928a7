"""The length of a ledger: what a start costs when there are a million entries, and what memory they take."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from benchmarks.harness import Benchmark, Direction, Goal, Judged
from benchmarks.journal.ledgers import BARE, kept, made, made_with_bare
from benchmarks.opening import LEDGER

PYTHON: Final = sys.executable
OPOS: Final = str(Path(PYTHON).with_name("opos"))
SHORT, LONG, LONGEST = 10_000, 200_000, 1_000_000

# One durable commit in a database of another's making, which is the least that a start can do.
BARE_START: Final = """
import sys, apsw
db = apsw.Connection(sys.argv[1])
db.execute("PRAGMA synchronous = FULL")
db.execute("INSERT INTO fact (body) VALUES (zeroblob(700))")
print("ready", flush=True)
"""
# The kernel lets a child begin with the peak of its parent, so that a small process stands between.
PEAK: Final = """
import os, sys
quiet = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=quiet)
_, status, usage = os.wait4(child, 0)
print(usage.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))
"""


def seconds_to_ready(directory: Path, *command: str) -> float:
    """Return how long a new process takes to say that it is ready, with its files on the disk alone."""
    for file in directory.iterdir():
        _forget(file)
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:  # noqa: S603 - commands of this file
        assert process.stdout is not None
        said = process.stdout.readline()
        took = time.perf_counter() - began
        process.stdout.read()
    assert (said, process.returncode) == (b"ready\n", 0), f"{command} failed: it says above why"
    return took


def _forget(file: Path) -> None:
    """Make the kernel drop what it holds of a file, as after a power cut."""
    descriptor = os.open(file, os.O_RDONLY)
    try:
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(descriptor)


def peak_mib(*command: str) -> float:
    """Return the most memory that a process had at one time (peak RSS), from its start to its end."""
    said = subprocess.run([PYTHON, "-c", PEAK, *command], check=True, capture_output=True)  # noqa: S603
    return int(said.stdout) / 1024


def start_s() -> float:
    """Until the till has its books and the journal has written that it started."""
    directory = kept(LONGEST)
    return seconds_to_ready(directory, PYTHON, "-m", "benchmarks.opening", str(directory))


def bare_start_s() -> float:
    """The ceiling: a database of the same size, and one durable commit."""
    directory = kept(LONGEST)
    return seconds_to_ready(directory, PYTHON, "-c", BARE_START, str(directory / BARE))


def open_mib(entries: int) -> float:
    """What a start takes with so many entries."""
    return peak_mib(PYTHON, "-m", "benchmarks.opening", str(kept(entries)))


def verify_mib(entries: int) -> float:
    """What `opos ledger verify` takes with so many entries."""
    return peak_mib(OPOS, "ledger", "verify", "--json", str(kept(entries) / LEDGER))


FLAT: Final = Goal(Judged.RATIO, Direction.AT_MOST, 1.1)

BENCHMARKS: Final = (
    Benchmark(
        name="start-1m",
        unit="s",
        goal=Goal(Judged.VALUE, Direction.AT_MOST, 3),
        value=start_s,
        ceiling=bare_start_s,
        rounds=5,
        prepare=made_with_bare(LONGEST),
    ),
    Benchmark(
        name="start-memory",
        unit="MiB",
        goal=FLAT,
        value=lambda: open_mib(LONGEST),
        ceiling=lambda: open_mib(SHORT),  # the same work over a hundredth of the entries
        rounds=3,
        prepare=made(SHORT, LONGEST),
    ),
    Benchmark(
        name="verify-memory",
        unit="MiB",
        goal=FLAT,
        value=lambda: verify_mib(LONG),
        ceiling=lambda: verify_mib(SHORT),  # the same work over a twentieth of the entries
        rounds=1,  # some twenty seconds; memory repeats itself far better than time
        prepare=made(SHORT, LONG),
    ),
)
