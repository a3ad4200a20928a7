"""Runs `opos` as a process of its own, without paying for its imports: one that has them all forks for each.

Started as a program it holds a socket as its stdin. Each message is a command line, a folder and an
environment with three open files; it answers with the number of the process, and once that is over with how
it ended.
"""

import atexit
import gc
import json
import os
import resource
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, NamedTuple, NoReturn

from tests import masters_key
from tests.cli.terminal.tree import every

# What a message takes: a claim of a kilobyte and an environment are the largest part of it.
_MESSAGE_BYTES_MAX: Final = 65_536
# The whole of a command that is tried here: most take a tenth of a second, and the machine may be busy.
PATIENCE_S: Final = 60.0
# What a test may read of a command; none that is tried says half as much.
_SAID_BYTES_MAX: Final = 1 << 20
# A file of /dev/zero read without a limit would take the machine's memory: a command may have this much more.
_MEMORY_BYTES_MAX: Final = 1 << 30
# What would settle a question of looks before the terminal is asked.
_SETTLED: Final = {
    "COLUMNS",
    "LINES",
    "NO_COLOR",
    "FORCE_COLOR",
    "CLICOLOR_FORCE",
    "TTY_COMPATIBLE",
    "OPOS_BENCH",
}


class Ended(NamedTuple):
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str


class Running(NamedTuple):
    """A command that is at work."""

    pid: int
    door: socket.socket

    def kill(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def ended(self) -> int:
        """Its exit code; negative for the signal that killed it, as ours does where it never ends."""
        self.door.settimeout(PATIENCE_S)
        try:
            return int(self.door.recv(64))
        except TimeoutError:
            os.kill(self.pid, signal.SIGKILL)
            return int(self.door.recv(64))
        finally:
            self.door.close()


class Door:
    """A process with all of `opos` in its memory: `start` forks it."""

    def __enter__(self) -> "Door":
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            environment = {name: value for name, value in os.environ.items() if name not in _SETTLED}
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__], stdin=theirs.fileno(), env=environment
            )
        self._socket.settimeout(PATIENCE_S)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()
        assert self._process.wait(PATIENCE_S) == 0

    def start(
        self,
        words: Sequence[str],
        cwd: Path,
        files: tuple[IO[Any] | int, IO[Any] | int, IO[Any] | int],
        **environment: str,
    ) -> Running:
        """Begin one, with these as its stdin, stdout and stderr."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        numbers = [each if isinstance(each, int) else each.fileno() for each in files]
        with theirs:
            asked = json.dumps([list(words), str(cwd), environment]).encode()
            socket.send_fds(self._socket, [asked], [*numbers, theirs.fileno()])
        ours.settimeout(PATIENCE_S)
        return Running(int(ours.recv(64)), ours)

    def run(self, words: Sequence[str], cwd: Path, said: bytes = b"", **environment: str) -> Ended:
        """One from its beginning to its end, with pipes for a terminal."""
        (cwd / ".in").write_bytes(said)
        paths = cwd / ".out", cwd / ".err"
        with (cwd / ".in").open("rb") as stdin, paths[0].open("wb") as out, paths[1].open("wb") as err:
            code = self.start(words, cwd, (stdin, out, err), **environment).ended()
        texts = [path.read_bytes()[:_SAID_BYTES_MAX].decode() for path in paths]
        return Ended(code, *texts)


def _serve(door: socket.socket) -> None:
    """Fork for each message; in the parent this ends with the socket, in a child at once."""
    children: dict[int, socket.socket] = {}
    signal.signal(signal.SIGCHLD, lambda *_: None)
    wake, woken = socket.socketpair()
    for each in (wake, woken):
        each.setblocking(False)
    signal.set_wakeup_fd(wake.fileno())
    while True:
        ready, _, _ = select.select([door, woken], [], [])
        if woken in ready:
            woken.recv(4096)
            _reap(children)
        if door in ready:
            message, fds, _, _ = socket.recv_fds(door, _MESSAGE_BYTES_MAX, 4)
            if not message:
                for pid in children:
                    os.kill(pid, signal.SIGKILL)
                os._exit(0)
            words, cwd, environment = json.loads(message)
            pid = os.fork()
            if pid == 0:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                _become(fds, words, cwd, environment)
                for each in (door, wake, woken, *children.values()):
                    each.close()
                return
            for fd in fds[:3]:
                os.close(fd)
            children[pid] = socket.socket(fileno=fds[3])
            children[pid].send(str(pid).encode())


def _reap(children: dict[int, socket.socket]) -> None:
    while children:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        with children.pop(pid) as told:
            told.send(str(os.waitstatus_to_exitcode(status)).encode())


def _become(fds: Sequence[int], words: Sequence[str], cwd: str, environment: Mapping[str, str]) -> None:
    """In the child: be what a shell would have started."""
    for number, fd in enumerate(fds[:3]):
        os.dup2(fd, number)
    for fd in fds:
        os.close(fd)
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)
    os.chdir(cwd)
    os.environ.update(environment)
    # A suite that a shell has put into its background ignores Ctrl-C, and hands that down.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.argv = ["opos", *words]
    sys.modules["__main__"].__package__ = None  # click calls a program that was started by -m otherwise
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES_MAX, _MEMORY_BYTES_MAX))
    masters_key.give_away()


def _end(main: Callable[[], None]) -> NoReturn:
    """Run it, and end as Python does, but for taking apart all that was imported: most of its time."""
    code: object = 0
    try:
        main()
    except SystemExit as ended:
        code = ended.code
    threading._shutdown()  # type: ignore[attr-defined] # what Python itself calls here
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    from opos.__main__ import main

    every()
    gc.freeze()  # a child does not touch, and so copy, what it will never collect
    _serve(socket.socket(fileno=os.dup(0)))
    _end(main)
