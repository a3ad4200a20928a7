"""A ledger that the agent cannot read: told to everybody, tried again, and no reason for an agent to end."""

import socket
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Final

import pytest

from cloud_sync.agent.carrier import UNREADABLE
from edge.offline_queue.reader import LedgerReader
from tests.agent.chunk_server import serving
from tests.agent.line_world import Broker, Cable, until
from tests.agent.process_world import World

LEDGER: Final = "ledger.db"
# The locks of a log's readers and writers, by their bytes: https://sqlite.org/walformat.html, 2.3.
_LOCKS: Final = (120, 8)
# https://sqlite.org/fileformat2.html, 4.1: the log's head, the head of each of its pages, a page of ours.
_HEAD, _FRAME_HEAD, _PAGE = 32, 24, 1024

HOLDER: Final = """
import fcntl, sys
with open(sys.argv[1], "r+b") as file:
    fcntl.lockf(file, fcntl.LOCK_EX, int(sys.argv[3]), int(sys.argv[2]))
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def locked(data: Path) -> Iterator[None]:
    """Another program holds the locks of the ledger."""
    offset, length = _LOCKS
    command = [sys.executable, "-c", HOLDER, str(data / f"{LEDGER}-shm"), str(offset), str(length)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        yield
        holder.communicate()


@contextmanager
def moved(data: Path) -> Iterator[None]:
    """Somebody has moved the ledger away; the runtime writes on where it is now."""
    (data / LEDGER).rename(data / "old.db")
    yield
    (data / "old.db").rename(data / LEDGER)


@contextmanager
def damaged(data: Path) -> Iterator[None]:
    """The card gives back other bytes for the pages of the entries than were written, for a while."""
    with closing(LedgerReader(data / LEDGER)) as reader:
        ((root,),) = reader.select("SELECT rootpage FROM sqlite_schema WHERE name = 'entry'")
    log = data / f"{LEDGER}-wal"
    was = log.read_bytes()
    spoilt = bytearray(was)
    for at in range(_HEAD, len(was) - _PAGE, _FRAME_HEAD + _PAGE):
        if struct.unpack_from(">I", was, at)[0] == root:
            spoilt[at + _FRAME_HEAD : at + _FRAME_HEAD + _PAGE] = b"\xff" * _PAGE
    assert spoilt != was
    log.write_bytes(spoilt)
    yield
    log.write_bytes(was)


Spoil = Callable[[Path], AbstractContextManager[None]]


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """A service manager's end of the line: what is started from here on tells it how it is."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.bind(str(tmp_path / "manager"))
        line.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "manager"))
        yield line


@pytest.fixture
def world(tmp_path: Path, broker: Broker, cable: Cable, manager: socket.socket) -> Iterator[World]:  # noqa: ARG001
    with serving() as chunks:
        running = World(tmp_path, broker, cable, chunks)
        yield running
        running.close()


def heard(manager: socket.socket) -> list[str]:
    """All that was said to the service manager since it was asked last."""
    said: list[str] = []
    while True:
        try:
            said += manager.recv(4096).decode().splitlines()
        except BlockingIOError:
            return said


def is_told(world: World) -> bool:
    """Whether hub and desk know that the ledger cannot be read, and that the object sells all the same."""
    state, desk = world.hub.states[-1:], world.agent_status()
    return bool(state) and state[0].online and state[0].faults == (UNREADABLE,) == desk.get("faults")


def everything_is_at_the_hub(world: World) -> bool:
    return world.hub.sales == world.runtime.sold and world.runtime.synced


@pytest.mark.parametrize("spoil", [moved, damaged])
def test_a_ledger_that_cannot_be_read_is_told_and_read_once_it_can_be(
    world: World, manager: socket.socket, spoil: Spoil
) -> None:
    world.runtime.sell(3)
    with spoil(world.data):
        agent = world.start_agent()
        until(lambda: is_told(world), "it is told")
        assert "run `opos doctor`" in str(world.agent_status()["trouble"])
        heard(manager)
        until(lambda: "WATCHDOG=1" in heard(manager), "it lives")
    until(lambda: everything_is_at_the_hub(world), "it is read again")
    until(lambda: world.hub.states[-1].faults == (), "nothing is wrong any more")
    assert world.agent_status()["trouble"] is None
    assert agent.poll() is None


def test_a_ledger_that_another_program_holds_is_told_although_nobody_buys(
    world: World, manager: socket.socket
) -> None:
    agent = world.start_agent()
    world.runtime.sell(3)
    until(lambda: everything_is_at_the_hub(world))
    with locked(world.data):
        until(lambda: is_told(world), "it is told")
        until(lambda: any("cannot be read" in word for word in heard(manager)), "systemctl shows it")
    until(lambda: world.hub.states[-1].faults == (), "it is read again")
    world.runtime.sell(3)
    until(lambda: everything_is_at_the_hub(world))
    assert agent.poll() is None
