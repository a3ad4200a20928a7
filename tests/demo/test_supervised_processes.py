"""The supervisor: it revives what dies, stops what it started, and leaves nothing behind, however it ends."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from simulators.demo.logs import LOG_BYTES_MAX, Log
from simulators.demo.processes import Child, HopelessError, Program, Supervisor

PATIENCE_S = 60.0

SLEEPER = "import time\nwhile True: time.sleep(60)"
STUBBORN = "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('up', flush=True)\n" + (
    "while True: time.sleep(60)"
)
PARENT = "import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'import time; time.sleep(600)'])"
CLUMSY = "print('no bread today'); raise SystemExit(3)"


def _program(name: str, code: str, floor: int = 0) -> Program:
    return Program(name, (sys.executable, "-c", code), floor)


async def _until(holds: Callable[[], object]) -> None:
    until_s = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < until_s, "it never came to that"
        await asyncio.sleep(0.01)


async def _restarted(child: Child, lives: int) -> None:
    await _until(lambda: child.restarts > lives)


def _alive(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_the_plugs_of_a_killed_bench_are_pulled_before_it_is_started_again(tmp_path: Path) -> None:
    """A link that stayed would lead to whatever opens the next pty: another device, another shop."""
    plug = tmp_path / "reader"
    code = "import os, sys, time\nassert not os.path.lexists(sys.argv[1])\n"
    code += "os.symlink('/dev/pts/0', sys.argv[1])\nwhile True: time.sleep(60)"
    bench = Program("bench", (sys.executable, "-c", code, str(plug)), 0, (plug, tmp_path / "scale"))

    async def day() -> None:
        supervisor = Supervisor(tmp_path)
        supervisor.start([bench])
        child = supervisor.children["bench"]
        for _ in range(3):
            await _until(plug.is_symlink)
            lives = child.restarts
            supervisor.kill("bench")
            await _restarted(child, lives)
        await _until(plug.is_symlink)
        assert child.restarts == 3, "a link that stayed would have ended it once more"
        await supervisor.stop()
        assert not plug.is_symlink()

    asyncio.run(day())


def test_a_child_that_is_killed_is_started_again_and_counted(tmp_path: Path) -> None:
    async def day() -> None:
        supervisor = Supervisor(tmp_path)
        supervisor.start([_program("till", SLEEPER)])
        till = supervisor.children["till"]
        pids = set()
        for again in range(5):
            await _until(lambda: till.pid is not None and till.pid not in pids)
            assert till.restarts == again
            pids.add(till.pid)
            supervisor.kill("till")
        await supervisor.stop()
        assert not any(_alive(pid) for pid in pids if pid is not None)

    asyncio.run(day())


def test_a_child_that_fails_at_once_again_and_again_ends_the_day_with_its_last_words(tmp_path: Path) -> None:
    async def day() -> None:
        supervisor = Supervisor(tmp_path)
        supervisor.start([_program("baker", CLUMSY), _program("till", SLEEPER)])
        try:
            with pytest.raises(HopelessError) as told:
                await supervisor.while_well(asyncio.sleep(PATIENCE_S))
        finally:
            await supervisor.stop()
        assert "baker ended 6 times right after its start" in told.value.sentence
        assert str(tmp_path / "baker.log") in told.value.sentence
        assert "no bread today" in told.value.sentence
        assert supervisor.children["till"].pid is None

    asyncio.run(day())


def test_upper_floors_are_stopped_before_the_floors_that_they_stand_on(tmp_path: Path) -> None:
    code = "import signal, sys, time\nprint('up', flush=True)\n" + (
        "def end(*_): open(sys.argv[1], 'a').write(sys.argv[2]); sys.exit()\n"
        "signal.signal(signal.SIGTERM, end)\nwhile True: time.sleep(60)"
    )
    order = tmp_path / "order"
    programs = [
        Program(name, (sys.executable, "-c", code, str(order), name), floor)
        for name, floor in (("b", 0), ("h", 1), ("r", 2))
    ]

    async def day() -> None:
        supervisor = Supervisor(tmp_path)
        supervisor.start(programs)
        await _until(lambda: all("up" in child.log.tail() for child in supervisor.children.values()))
        await supervisor.stop()

    asyncio.run(day())
    assert order.read_text(encoding="utf-8") == "rhb"


def test_a_child_that_does_not_listen_is_killed_after_a_grace(tmp_path: Path) -> None:
    async def day() -> int:
        supervisor = Supervisor(tmp_path)
        supervisor.start([_program("stubborn", STUBBORN)])
        child = supervisor.children["stubborn"]
        await _until(lambda: "up" in child.log.tail())
        pid = child.pid
        assert pid is not None
        await supervisor.stop(grace_s=0.1)
        return pid

    assert not _alive(asyncio.run(day()))


def test_what_a_child_started_dies_with_it(tmp_path: Path) -> None:
    async def day() -> list[int]:
        supervisor = Supervisor(tmp_path)
        supervisor.start([_program("parent", PARENT)])
        child = supervisor.children["parent"]
        await _until(lambda: child.pid is not None and _children(child.pid))
        assert child.pid is not None
        grandchildren = _children(child.pid)
        await supervisor.stop()
        return grandchildren

    grandchildren = asyncio.run(day())
    asyncio.run(_until(lambda: not any(_alive(pid) for pid in grandchildren)))


def test_work_that_is_done_while_all_is_well_gives_its_result(tmp_path: Path) -> None:
    async def day() -> str:
        supervisor = Supervisor(tmp_path)
        try:
            return await supervisor.while_well(asyncio.sleep(0, "done"))
        finally:
            await supervisor.stop()

    assert asyncio.run(day()) == "done"


SUPERVISOR = """
import asyncio, sys
from pathlib import Path
from simulators.demo.processes import Program, Supervisor

async def main():
    supervisor = Supervisor(Path(sys.argv[1]))
    sleeper = (sys.executable, "-c", "import time\\nwhile True: time.sleep(60)")
    supervisor.start([Program(str(n), sleeper, n) for n in range(3)])
    while not all(child.pid for child in supervisor.children.values()):
        await asyncio.sleep(0.01)
    print(*(child.pid for child in supervisor.children.values()), flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


@contextmanager
def _supervisor(directory: Path) -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
    command = [sys.executable, "-c", SUPERVISOR, str(directory)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process, [int(pid) for pid in process.stdout.readline().split()]
        process.kill()


def test_a_supervisor_that_is_killed_leaves_nothing_running(tmp_path: Path) -> None:
    with _supervisor(tmp_path) as (process, pids):
        assert len(pids) == 3
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        asyncio.run(_until(lambda: not any(_alive(pid) for pid in pids)))


def test_a_log_never_grows_beyond_its_limit(tmp_path: Path) -> None:
    log = Log(tmp_path, "chatty")
    with log.path.open("ab") as file:
        file.write(b"x" * (LOG_BYTES_MAX + 1))
        file.flush()
        log.cut()
        file.write(b"and on\n")
    assert log.path.read_bytes() == b"and on\n"
    assert log.tail() == "and on"
    log.path.write_bytes(b"y" * (LOG_BYTES_MAX + 1))
    log.turn_over()
    assert not log.path.exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["chatty.log.1"]


def _children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in listed.read_text(encoding="utf-8").split()] if listed.exists() else []
