"""The command line: what a person waits for before `opos` says its first word."""

import os
import subprocess
import sys
from pathlib import Path

from benchmarks.harness import Benchmark, Direction, Goal, Judged

PYTHON = sys.executable
OPOS = str(Path(PYTHON).with_name("opos"))


def cpu_ms(*command: str) -> float:
    """Return the CPU time of a whole process, user and system, from its start to its end."""
    quiet = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    child = os.posix_spawn(command[0], command, os.environ, file_actions=quiet)
    _, status, usage = os.wait4(child, 0)
    if status:
        raise subprocess.CalledProcessError(os.waitstatus_to_exitcode(status), command)
    return (usage.ru_utime + usage.ru_stime) * 1000


BENCHMARKS = (
    Benchmark(
        name="opos-help",
        unit="ms CPU",
        goal=Goal(Judged.VALUE, Direction.AT_MOST, 150),
        value=lambda: cpu_ms(OPOS, "--help"),
        # What any command line made with click costs before it does anything.
        ceiling=lambda: cpu_ms(PYTHON, "-c", "import click"),
        rounds=11,  # a sample takes a tenth of a second
    ),
)
