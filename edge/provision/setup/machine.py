"""The machine that is set up: its root, its programs, and whether systemd runs it."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol

import msgspec

# The longest is the start of the runtime, which checks a ledger of a million entries first on a slow board.
_PATIENCE_S: Final = 180

_NOT_FOUND: Final = 127  # as a shell says it
_TIMED_OUT: Final = 124  # as timeout(1) says it


class Ran(msgspec.Struct, frozen=True):
    """What became of a program: its exit code, and what it said, errors too."""

    code: int
    said: str


class Machine(Protocol):
    """All that the steps ask of a machine."""

    @property
    def root(self) -> Path:
        """Where its file system begins: / for this one, another folder for an image."""
        ...

    @property
    def booted(self) -> bool:
        """Whether systemd runs it now."""
        ...

    @property
    def trusted(self) -> bool:
        """Whether we may give files to other users of it."""
        ...

    def run(self, command: Sequence[str]) -> Ran:
        """Run a program to its end."""
        ...


class ThisMachine:
    """The machine that we run on, or an image below a folder of it."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()

    @property
    def booted(self) -> bool:
        """As sd_booted(3) looks for it; what lies below another root does not run."""
        return self.root == Path("/") and Path("/run/systemd/system").is_dir()

    @property
    def trusted(self) -> bool:
        """Whether we are root."""
        return os.geteuid() == 0

    def run(self, command: Sequence[str]) -> Ran:
        """Run it; that it is not there or does not end is an exit code as a shell gives it."""
        try:
            done = subprocess.run(  # noqa: S603 - programs of the system, no shell, arguments of ours
                command, capture_output=True, text=True, timeout=_PATIENCE_S, check=False
            )
        except FileNotFoundError:
            return Ran(_NOT_FOUND, f"{command[0]} is not here")
        except subprocess.TimeoutExpired:
            return Ran(_TIMED_OUT, f"no end after {_PATIENCE_S} s")
        return Ran(done.returncode, f"{done.stdout}{done.stderr}".strip())


def below(machine: Machine, path: str) -> Path:
    """Where the absolute `path` of the machine lies on this one."""
    return machine.root / path.lstrip("/")
