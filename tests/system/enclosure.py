"""The enclosure in which the story is told: mounts, processes and a network that end with it.

Its first process is the story. When that is gone (told to its end, Ctrl-C, kill -9 of whoever started it),
the kernel ends everything that runs in it and takes away every mount that was made in it.
"""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.system import cgroups
from tests.system.debian import HUB_ADDRESS, MissingError

LINK: Final = "eth0"
"""The only link of the machines to each other and to the world, which ends in nothing."""

_LAST_RUN: Final = "run"
# What the first process of the enclosure is told, before it tells the story.
_UP: Final = f"""\
ip link set lo up
ip link add {LINK} type veth peer name world
ip address add {HUB_ADDRESS}/24 dev {LINK}
ip link set world up
ip link set {LINK} up
exec "$0" "$@"
"""


@contextmanager
def alone(folder: Path) -> Iterator[Path]:
    """Be the only story in `folder`, with an empty folder for this run; raises MissingError."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise MissingError(f"another one runs in {folder}: wait for its end") from None
        run = folder / _LAST_RUN
        _forget(run)
        run.mkdir()
        try:
            yield run
        finally:
            _forget(run)


def tell(module: str, *words: str) -> int:
    """Run a module as the first process of an enclosure: its exit code."""
    command = [*_scope(), *_namespaces(), "sh", "-ec", _UP, sys.executable, "-m", module, *words]
    # Ctrl-C reaches both: the story ends first, and says how far it came.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return subprocess.run(command, check=False, preexec_fn=_hear_interrupts).returncode
    finally:
        signal.signal(signal.SIGINT, before)


def _hear_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _namespaces() -> tuple[str, ...]:
    """Whoever started it takes it along: setpriv says so of unshare, and unshare of what is in it."""
    leash = ("setpriv", "--pdeathsig", "KILL")
    return (*leash, "unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc")


def _scope() -> tuple[str, ...]:
    """Where systemd runs this machine, it hands a part of its control groups over."""
    if not Path("/run/systemd/system").exists():
        return ()
    return ("systemd-run", "--quiet", "--scope", "--property=Delegate=yes", "--")


def _forget(run: Path) -> None:
    """Remove what a run left: its layers, never the ones below; a mount in it would be in our way."""
    cgroups.clear()
    if not run.exists():
        return
    mounted = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
    assert not [each for each in mounted if each.startswith(f"{os.fspath(run)}/")], (
        "mounts end with the enclosure"
    )
    shutil.rmtree(run)
