"""An object at rest: whoever needs a device that it holds has it stopped, and started again afterwards."""

import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import Final

UNIT: Final = "opos-edge.service"
_AGENT: Final = "opos-sync.service"

# A machine that systemd runs has this (sd_booted(3)).
_BOOTED: Final = Path("/run/systemd/system")
# The unit has a sale end first, and systemd kills what takes longer than its TimeoutStopSec.
_PATIENCE_S: Final = 60.0
_TIMED_OUT: Final = 124  # as timeout(1) says it

Systemctl = Callable[[Sequence[str]], int]
"""Runs systemctl with these words; its exit code."""


class Standing(Enum):
    """Whether an object's unit is at work."""

    RUNS = "runs"
    RESTS = "rests"


class StillRunsError(Exception):
    """The object holds its devices, and may not be stopped, or was not."""


def systemctl(words: Sequence[str]) -> int:
    """The machine's own; where no systemd runs no unit is ever active."""
    if not _BOOTED.is_dir():
        return 1
    try:
        done = subprocess.run(  # noqa: S603 - words of our own, and no shell
            ("/usr/bin/systemctl", *words), check=False, capture_output=True, timeout=_PATIENCE_S
        )
    except subprocess.TimeoutExpired:
        return _TIMED_OUT
    return done.returncode


def standing(control: Systemctl = systemctl) -> Standing:
    """Whether the object is at work under systemd."""
    return Standing.RUNS if control(("is-active", "--quiet", UNIT)) == 0 else Standing.RESTS


def start_what_rests(control: Systemctl = systemctl) -> tuple[str, ...]:
    """Start the object's units that are not at work, and wait until they are: which of them did start."""
    resting = [unit for unit in (UNIT, _AGENT) if control(("is-active", "--quiet", unit)) != 0]
    return tuple(unit for unit in resting if control(("restart", unit)) == 0)


@contextmanager
def at_rest(may_stop: Callable[[], bool], control: Systemctl = systemctl) -> Iterator[None]:
    """Have the object rest meanwhile; `may_stop` is asked only if it runs. Raises StillRunsError."""
    if standing(control) is Standing.RESTS:
        yield
        return
    if not may_stop():
        raise StillRunsError(
            "the object is at work and holds the device: give --stop-object, and it is started again"
            f" afterwards, or stop it yourself (`sudo systemctl stop {UNIT}`)"
        )
    try:
        if control(("stop", UNIT)) != 0:
            raise StillRunsError(f"the object could not be stopped: `sudo systemctl stop {UNIT}` says why")
        yield
    finally:  # one that stops late, after all, is started again as well
        control(("start", "--no-block", UNIT))
