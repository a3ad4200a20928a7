"""Runtime and agent together: one that dies comes back, and both end with the one who started them."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner

from edge.cli.object import object_
from edge.clock import SystemClock
from edge.config import load
from edge.provision import up
from edge.provision.up import Kept, alone_up, keep_up
from tests.object.test_config import write

DEADLINE_S: Final = 30.0
# A program that says who it is, and stays until it is told to end.
STAYS: Final = (
    "import os, signal, sys, pathlib\n"
    "{}pathlib.Path(sys.argv[1]).open('a').write(f'{{os.getpid()}}\\n')\n"
    "signal.pause()\n"
)


def eventually(true: Callable[[], bool], what: str) -> None:
    end, pause = time.monotonic() + DEADLINE_S, threading.Event()
    while not true():
        assert time.monotonic() < end, f"in {DEADLINE_S:g} s it did not come true that {what}"
        pause.wait(0.02)


def pids(book: Path) -> list[int]:
    return [int(line) for line in book.read_text().splitlines()] if book.exists() else []


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


class Crew:
    """Two programs that are kept up in a thread of their own."""

    def __init__(self, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.stop = threading.Event()
        self.said: list[str] = []
        self.books = {"object": directory / "runtime", "sync": directory / "agent"}
        self._file = directory / "object.toml"
        monkeypatch.setattr(up, "_PAUSE_S_MIN", 0.05)
        monkeypatch.setattr(up, "_LOOK_S", 0.02)
        monkeypatch.setattr(up, "Kept", self._kept)
        self._thread = threading.Thread(target=self._run)

    def start(self) -> None:
        self._thread.start()

    def end(self) -> None:
        self.stop.set()
        self._thread.join()

    def both(self) -> list[int]:
        return [pids(book)[-1] for book in self.books.values()]

    def up(self) -> bool:
        return all(map(pids, self.books.values()))

    def _kept(self, name: str, command: tuple[str, ...], *rest: object) -> Kept:
        assert command[:3] == (sys.executable, "-m", "opos")
        assert command[3:] == (command[3], "run", str(self._file))
        program = (sys.executable, "-c", STAYS.format(""), str(self.books[command[3]]))
        return Kept(name, program, *rest)  # type: ignore[arg-type]

    def _run(self) -> None:
        keep_up(self._file, self.stop, SystemClock(), self.said.append, lambda: None)


@pytest.fixture
def crew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Crew]:
    crew = Crew(tmp_path, monkeypatch)
    crew.start()
    eventually(crew.up, "both run")
    try:
        yield crew
    finally:
        crew.end()


def test_both_run_and_end_together(crew: Crew) -> None:
    both = crew.both()
    assert all(map(lives, both))
    crew.end()
    assert not any(map(lives, both))
    assert crew.said == []


@pytest.mark.parametrize("who", ["object", "sync"])
def test_one_that_dies_is_started_again_and_the_other_goes_on(crew: Crew, who: str) -> None:
    book = crew.books[who]
    before = crew.both()
    os.kill(pids(book)[-1], signal.SIGKILL)
    eventually(lambda: len(pids(book)) == 2, "it is started again")
    assert len(set(crew.both()) & set(before)) == 1
    name = {"object": "runtime", "sync": "agent"}[who]
    assert crew.said == [f"the {name} has ended (signal 9): starting it again in 0.05 s"]


class PaperClock(SystemClock):
    """A clock that a test moves."""

    def __init__(self) -> None:
        super().__init__()
        self.s = 0.0

    def now_ns(self):  # type: ignore[no-untyped-def]
        return int(self.s * 1e9)


def _looked(kept: Kept, said: list[str]) -> list[str]:
    kept.look()
    return said


def test_one_that_dies_at_once_is_started_less_and_less_often(tmp_path: Path) -> None:
    clock, said = PaperClock(), list[str]()
    book = tmp_path / "book"
    kept = Kept(
        "agent", (sys.executable, "-c", f"open({str(book)!r}, 'a').write('1\\n')"), clock, said.append
    )
    pauses = []
    for start in range(1, 9):
        kept.look()
        eventually(lambda: len(_looked(kept, said)) == start, "its end is seen")  # noqa: B023 - waited for here
        pauses.append(float(said[-1].split()[-2]))
        kept.look()
        assert len(pids(book)) == start, "it is not due yet"
        clock.s += pauses[-1]
    assert pauses == [1, 2, 4, 8, 16, 30, 30, 30]


def test_an_object_is_kept_up_once(tmp_path: Path) -> None:
    config = load(write(tmp_path))
    with alone_up(config):
        done = CliRunner().invoke(object_, ["up", str(tmp_path / "object.toml")])
    assert done.exit_code == 1
    assert "runs already" in done.output


def test_one_that_does_not_end_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(up, "_GOODBYE_S", 0.2)
    said: list[str] = []
    deaf = STAYS.format("signal.signal(signal.SIGTERM, signal.SIG_IGN)\n").replace(
        "signal.pause()", "while True: signal.pause()"
    )
    kept = Kept("runtime", (sys.executable, "-c", deaf, str(tmp_path / "book")), SystemClock(), said.append)
    kept.look()
    eventually(lambda: bool(pids(tmp_path / "book")), "it runs")
    kept.tell_to_stop()
    kept.wait()
    assert not lives(pids(tmp_path / "book")[0])
    assert said == ["the runtime does not end: it is killed, and its ledger is none the worse"]


def test_nothing_outlives_a_supervisor_that_was_killed(tmp_path: Path) -> None:
    book = tmp_path / "book"
    program = [sys.executable, "-c", STAYS.format(""), str(book)]
    script = (
        "import sys, threading; from edge.clock import SystemClock; from edge.provision.up import Kept\n"
        f"Kept('agent', {program!r}, SystemClock(), print).look()\n"
        "threading.Event().wait()\n"
    )
    with subprocess.Popen([sys.executable, "-c", script]) as supervisor:
        eventually(lambda: bool(pids(book)), "the agent runs")
        supervisor.kill()
    (pid,) = pids(book)
    eventually(lambda: not lives(pid), "the agent is gone")
    assert pids(book) == [pid]
