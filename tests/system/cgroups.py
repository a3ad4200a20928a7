"""A control group for each machine: two systemds must never believe that they own the same one.

Where systemd runs this machine, the story runs in a scope of its own whose groups are handed over to it.
Where it does not, the groups are made by hand, and taken away by hand.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

_MOUNTED: Final = Path("/sys/fs/cgroup")
# What systemd itself looks after: its own hierarchy of version 1, and the one of version 2.
_OURS: Final = "opos-system"
# A machine's groups are four deep; whoever finds more has found a loop.
_DEPTH_MAX: Final = 16


def join(name: str) -> None:
    """Move this process into the group `name` of the story, in each hierarchy."""
    for group in _ours():
        own = group / name
        own.mkdir(parents=True, exist_ok=True)
        (own / "cgroup.procs").write_text("0")


def clear() -> None:
    """Take the groups of a story that has ended away; those in which something runs stay."""
    for group in _ours():
        _remove(group, _DEPTH_MAX)


def _ours() -> Iterator[Path]:
    if Path("/run/systemd/system").exists():
        yield from _handed_over()
    else:
        yield from (mounted / _OURS for mounted in _hierarchies())


def _hierarchies() -> Iterator[Path]:
    candidates = (_MOUNTED, _MOUNTED / "unified", _MOUNTED / "systemd")
    yield from (each for each in candidates if (each / "cgroup.procs").exists())


def _handed_over() -> Iterator[Path]:
    """The groups of this very process."""
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        number, names, path = line.split(":", 2)
        if number == "0" or names == "name=systemd":
            mounted = _MOUNTED / "systemd" if names else _MOUNTED
            yield (mounted if names or (mounted / "cgroup.procs").exists() else mounted / "unified") / path[
                1:
            ]


def _remove(group: Path, depth: int) -> None:
    if depth == 0 or not group.is_dir():
        return
    for below in group.iterdir():
        if below.is_dir():
            _remove(below, depth - 1)
    # The files in it cannot be removed, and need not be; where something just ends in it, it stays (EBUSY).
    with suppress(OSError):
        os.rmdir(group)  # noqa: PTH106
