"""Real processes to be measured: what they use of a core and of memory, as the kernel counts it."""

import os
from pathlib import Path
from typing import Final

_TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")


def cpu_s(pid: int) -> float:
    """The CPU time of a process so far, user and system, all threads (proc(5), stat)."""
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S


def exact_cpu_s(pid: int) -> float:
    """The same to the nanosecond, of a process with one thread (proc(5), schedstat)."""
    return int(Path(f"/proc/{pid}/schedstat").read_text("utf-8").split()[0]) / 1e9


def rss_mb(pid: int, *, peak: bool = False) -> float:
    """The memory of a process in millions of bytes: now, or the most that it had (proc(5), status)."""
    name = "VmHWM:" if peak else "VmRSS:"
    for line in Path(f"/proc/{pid}/status").read_text("utf-8").splitlines():
        if line.startswith(name):
            return int(line.split()[1]) * 1024 / 1e6
    raise ProcessLookupError(f"process {pid} has ended")
