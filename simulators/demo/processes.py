"""The supervisor of the shop's processes: starts them, revives the dead, and stops all of them in order."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Coroutine, Iterable
from contextlib import suppress
from enum import Enum
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from simulators.demo.bad_days import BadDayError
from simulators.demo.logs import Log

_T = TypeVar("_T")

LEASH: Final = str(Path(__file__).with_name("leash.py"))

# How long to wait before the second, third, ... start in a row: the first must feel like no pause at all.
_PAUSES_S: Final = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
# A process that ends by itself sooner than this never got to work.
_AT_ONCE_S: Final = 3.0
# So many falls in a row are no accident: somebody has to look.
_FALLS_MAX: Final = 6
# Time to finish a transaction and say goodbye; after it the process is killed, which loses nothing either.
_GRACE_S: Final = 5.0
_LOG_WATCH_S: Final = 5.0


class HopelessError(BadDayError):
    """A program ended at once, again and again."""

    def __init__(self, name: str, log: Log) -> None:
        last = log.tail() or "(nothing)"
        super().__init__(
            f"{name} ended {_FALLS_MAX} times right after its start: "
            f"see `less {log.path}`, which ends with:\n{last}"
        )


class Program(msgspec.Struct, frozen=True):
    """One program of the shop: its name, its command, and its floor; floor 0 is stopped last.

    `plugs` are the links to its ptys, pulled as soon as it has ended, as udev does when a device is gone.
    The kernel gives the number of a dead pty to the next one that is opened, so a link that stayed would lead
    to another device, even to one of another shop.
    """

    name: str
    command: tuple[str, ...]
    floor: int
    plugs: tuple[Path, ...] = ()


class Condition(Enum):
    """How a child is."""

    RUNNING = "running"
    RESTARTING = "restarting"
    STOPPED = "stopped"


class Child:
    """A program as a process that is kept alive: in a session of its own, with its own log, on a leash."""

    def __init__(self, program: Program, logs: Path) -> None:
        self.program = program
        self.log = Log(logs, program.name)
        self.restarts = 0
        self.condition = Condition.STOPPED
        self._process: asyncio.subprocess.Process | None = None
        self._stopping = False

    @property
    def pid(self) -> int | None:
        """The process's id while it runs."""
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    async def keep(self) -> None:
        """Run the program again and again until it is told to stop; raises HopelessError."""
        falls = 0
        while not self._stopping:
            began_s = time.monotonic()
            await self._run()
            if self._stopping:
                break
            falls = self._fallen(falls, time.monotonic() - began_s)
            if falls >= _FALLS_MAX:
                self.condition = Condition.STOPPED
                raise HopelessError(self.program.name, self.log)
            self.condition = Condition.RESTARTING
            self.restarts += 1
            await asyncio.sleep(_PAUSES_S[falls])
        self.condition = Condition.STOPPED

    def send(self, number: signal.Signals) -> None:
        """Signal the process and all that it started, if it runs."""
        if (pid := self.pid) is not None:
            with suppress(ProcessLookupError):  # it has just ended, and nobody has told us yet
                os.killpg(pid, number)

    async def stop(self, grace_s: float) -> None:
        """Ask the process to end, and end it after `grace_s`."""
        self._stopping = True
        if self._process is None:
            return
        self.send(signal.SIGTERM)
        try:
            await asyncio.wait_for(self._process.wait(), grace_s)
        except TimeoutError:
            self.send(signal.SIGKILL)
            await self._process.wait()

    async def _run(self) -> None:
        self._process = await spawn(self.program.command, self.log)
        self.condition = Condition.RUNNING
        if self._stopping:
            self.send(signal.SIGKILL)
        await self._process.wait()
        for plug in self.program.plugs:
            plug.unlink(missing_ok=True)

    def _fallen(self, falls: int, lived_s: float) -> int:
        # Whoever was killed from outside did not fall: it may be killed fifty times and comes back at once.
        assert self._process is not None
        if self._process.returncode == -signal.SIGKILL or lived_s >= _AT_ONCE_S:
            return 0
        return falls + 1


class Supervisor:
    """All children of the shop."""

    def __init__(self, logs: Path) -> None:
        self.children: dict[str, Child] = {}
        self._logs = logs
        self._tasks: set[asyncio.Task[None]] = set()
        self._trouble: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._watch = asyncio.create_task(self._watch_logs())

    def start(self, programs: Iterable[Program]) -> None:
        """Start `programs`, all at once."""
        for program in programs:
            child = Child(program, self._logs)
            self.children[program.name] = child
            task = asyncio.create_task(child.keep(), name=program.name)
            self._tasks.add(task)
            task.add_done_callback(self._ended)

    async def while_well(self, work: Coroutine[Any, Any, _T]) -> _T:
        """The result of `work`, unless a child turns out to be hopeless first: then that is raised."""
        task = asyncio.create_task(work)
        try:
            either: set[asyncio.Future[Any]] = {task, self._trouble}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if self._trouble.done():
                self._trouble.result()
            return await task
        finally:
            task.cancel()
            await asyncio.wait({task})

    def kill(self, name: str) -> None:
        """Kill a child without a word (SIGKILL): it is started again."""
        self.children[name].send(signal.SIGKILL)

    async def stop(self, grace_s: float = _GRACE_S) -> None:
        """Stop every child, the highest floor first."""
        self._watch.cancel()
        floors = sorted({child.program.floor for child in self.children.values()}, reverse=True)
        for floor in floors:
            these = [child for child in self.children.values() if child.program.floor == floor]
            await asyncio.gather(*(child.stop(grace_s) for child in these))
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._trouble.done():
            self._trouble.exception()

    def _ended(self, task: asyncio.Task[None]) -> None:
        if task.cancelled():
            return
        error = task.exception()
        if error is not None and not self._trouble.done():
            self._trouble.set_exception(error)

    async def _watch_logs(self) -> None:
        while True:
            await asyncio.sleep(_LOG_WATCH_S)
            for child in self.children.values():
                child.log.cut()


async def spawn(command: tuple[str, ...], log: Log) -> asyncio.subprocess.Process:
    """Start `command` on a leash, in a session of its own, writing to `log`."""
    log.turn_over()
    with log.path.open("ab") as output:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-I", "-S", LEASH, str(os.getpid()), *command,
            stdin=asyncio.subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
        )  # fmt: skip
