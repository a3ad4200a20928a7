"""Runtime and agent of one object together, in the foreground: for machines where no systemd does it."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from edge.clock import Clock
from edge.config import ObjectConfig
from edge.provision.lone import alone_with

# A process that died is started again at once; one that dies again and again, less and less often.
_PAUSE_S_MIN: Final = 1.0
_PAUSE_S_MAX: Final = 30.0
# Who has worked for so long has started well: the next time begins with the short pause.
_WELL_S: Final = 60.0
# The runtime writes its last entry and the agent leaves the broker within a second or two.
_GOODBYE_S: Final = 10.0
_LOOK_S: Final = 0.2

_NS: Final = 1_000_000_000


class UpAlreadyError(Exception):
    """Somebody keeps this object up already: two would take each other's places."""


@contextmanager
def alone_up(config: ObjectConfig) -> Iterator[None]:
    """Be the only one who keeps the object of `config` up. Raises UpAlreadyError, OSError."""
    taken = UpAlreadyError(f"{config.object.id}: `opos object up` runs already: end that one first")
    with alone_with(config.data_dir / "up.lock", taken):
        yield


class Kept:
    """One program that is kept running: started, started again when it has died, ended with the object."""

    def __init__(self, name: str, command: Sequence[str], clock: Clock, say: Callable[[str], object]) -> None:
        self._name, self._command, self._clock, self._say = name, command, clock, say
        self._process: subprocess.Popen[bytes] | None = None
        self._pause_s = _PAUSE_S_MIN  # before the next start
        self._started_ns = 0
        self._due_ns = 0

    def look(self) -> None:
        """Start it if it is due; take note if it has died."""
        now_ns = self._clock.now_ns()
        if self._process is None:
            if now_ns >= self._due_ns:
                self._start(now_ns)
            return
        code = self._process.poll()
        if code is not None:
            self._process = None
            lived_s = (now_ns - self._started_ns) / _NS
            pause_s = _PAUSE_S_MIN if lived_s >= _WELL_S else self._pause_s
            self._pause_s = min(pause_s * 2, _PAUSE_S_MAX)
            self._due_ns = now_ns + int(pause_s * _NS)
            self._say(f"the {self._name} has ended ({_ended(code)}): starting it again in {pause_s:g} s")

    def tell_to_stop(self) -> None:
        """Ask it to end."""
        if self._process is not None:
            self._process.terminate()

    def wait(self) -> None:
        """Wait for its end; one that does not come is made."""
        if self._process is not None:
            try:
                self._process.wait(_GOODBYE_S)
            except subprocess.TimeoutExpired:
                self._say(f"the {self._name} does not end: it is killed, and its ledger is none the worse")
                self._process.kill()
                self._process.wait()

    def _start(self, now_ns: int) -> None:
        leash = (sys.executable, "-m", "edge.provision.leash", str(os.getpid()))
        # A session of its own: Ctrl-C reaches the supervisor alone, which ends both in order.
        self._process = subprocess.Popen([*leash, *self._command], start_new_session=True)  # noqa: S603 - no shell
        self._started_ns = now_ns


def keep_up(
    file: Path, stop: threading.Event, clock: Clock, say: Callable[[str], object], look: Callable[[], object]
) -> None:
    """Keep runtime and agent of the object in `file` running until `stop`; call `look` often."""
    opos = (sys.executable, "-m", "opos")
    runtime = Kept("runtime", (*opos, "object", "run", str(file)), clock, say)
    agent = Kept("agent", (*opos, "sync", "run", str(file)), clock, say)
    both = (runtime, agent)
    try:
        while not stop.is_set():
            for each in both:
                each.look()
            look()
            stop.wait(_LOOK_S)
    finally:
        for each in both:
            each.tell_to_stop()
        for each in both:
            each.wait()


def _ended(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"signal {-code}"
