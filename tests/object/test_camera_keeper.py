"""The camera's process as the object keeps it: on demand, ended after a while, started again, not trusted."""

import asyncio
import json
import os
import random
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from edge.readings import DeviceFault, DeviceReady, Nanoseconds
from edge.runtime.camera import ASKED_NS, CameraKeeper, CameraSaid, camera_plan
from edge.runtime.camera_worker import CameraPlan
from edge.sensors.votes import Accepted, Nothing, Voted
from tests.camera.conftest import drawn

__all__ = ["drawn"]

CODE: Final = Accepted(Voted("EAN13", "4006381333931", "04006381333931", 2, accepted=True))
SAID: Final = (
    {"type": "DeviceReady"},
    {
        "type": "Accepted",
        "code": {**{name: getattr(CODE.code, name) for name in CODE.code.__struct_fields__}},
    },
)
PATIENCE_S: Final = 30

# A camera that says each of its lines and then waits for the end of its input, as edge.camera does.
PAPER: Final = """
import os, sys
with open(sys.argv[1], "a") as lives:
    lives.write(f"{os.getpid()} {open(sys.argv[2]).read().split()}\\n")
for line in sys.argv[3:]:
    print(line, flush=True)
if sys.argv[3:] and sys.argv[-1] != "end":
    sys.stdin.read()
"""


class Desk:
    """A keeper with a paper camera, and the clock in a test's hand."""

    def __init__(self, directory: Path, *lines: str) -> None:
        self.directory = directory
        self.lives = directory / "lives"
        catalogue = directory / "gtins"
        command = (sys.executable, "-c", PAPER, str(self.lives), str(catalogue), *lines)
        self.gtins = ["04006381333931"]
        self.ns = 10**15
        self.said: list[CameraSaid] = []
        self.fresh = asyncio.Event()
        plan = CameraPlan(command, catalogue, lambda: self.gtins)
        self.keeper = CameraKeeper(plan, self.hear, lambda: Nanoseconds(self.ns), random.Random(1))

    def hear(self, said: CameraSaid) -> None:
        self.said.append(said)
        self.fresh.set()

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not holds():
                self.fresh.clear()
                await asyncio.wait({asyncio.ensure_future(self.fresh.wait())}, timeout=0.05)

    @property
    def pids(self) -> list[int]:
        text = self.lives.read_text(encoding="utf-8") if self.lives.exists() else ""
        return [int(line.split()[0]) for line in text.splitlines()]


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def day(desk: Desk, happens: Callable[[Desk], Any]) -> None:
    """Run the keeper while `happens` does; it leaves no process behind."""

    async def run() -> None:
        keeping = asyncio.ensure_future(desk.keeper.run())
        try:
            await happens(desk)
        finally:
            keeping.cancel()
            await asyncio.wait({keeping})
        assert keeping.cancelled()
        await desk.until(lambda: all(map(is_gone, desk.pids)))

    asyncio.run(run())


LINES: Final = tuple(json.dumps(said) for said in SAID)


def test_it_is_started_when_somebody_is_there_and_says_what_it_sees(tmp_path: Path) -> None:
    async def happens(desk: Desk) -> None:
        assert not desk.lives.exists()
        desk.keeper.ask()
        await desk.until(lambda: len(desk.said) == 2)

    desk = Desk(tmp_path, *LINES)
    day(desk, happens)
    assert desk.said == [DeviceReady(), CODE]
    assert "04006381333931" in desk.lives.read_text(), "it knows what the shop sells"


def test_a_minute_after_the_last_shopper_it_is_ended_and_that_is_no_fault(tmp_path: Path) -> None:
    async def happens(desk: Desk) -> None:
        desk.keeper.ask()
        await desk.until(lambda: len(desk.said) == 2)
        desk.ns += ASKED_NS
        await desk.until(lambda: is_gone(desk.pids[0]))
        desk.keeper.ask()
        await desk.until(lambda: len(desk.said) == 5)

    desk = Desk(tmp_path, *LINES)
    day(desk, happens)
    assert desk.said == [DeviceReady(), CODE, Nothing(), DeviceReady(), CODE]
    assert len(desk.pids) == 2


def test_one_that_dies_is_a_fault_and_is_started_again(tmp_path: Path) -> None:
    async def happens(desk: Desk) -> None:
        desk.keeper.ask()
        await desk.until(lambda: len(desk.said) == 2)
        os.kill(desk.pids[0], signal.SIGKILL)
        await desk.until(lambda: len(desk.said) == 5)

    desk = Desk(tmp_path, *LINES)
    day(desk, happens)
    assert isinstance(desk.said[2], DeviceFault)
    assert desk.said[2].code == "camera.gone"
    assert desk.said[3:] == [DeviceReady(), CODE]


def test_one_that_never_starts_is_a_fault_and_is_left_alone_when_nobody_is_there(tmp_path: Path) -> None:
    async def happens(desk: Desk) -> None:
        desk.keeper.ask()
        await desk.until(lambda: len(desk.said) >= 2)
        desk.ns += ASKED_NS

    desk = Desk(tmp_path)
    day(desk, happens)
    assert {type(said) for said in desk.said} == {DeviceFault}


def test_a_program_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    said: list[CameraSaid] = []

    async def run() -> None:
        heard = asyncio.Event()

        def hear(what: CameraSaid) -> None:
            said.append(what)
            heard.set()

        plan = CameraPlan((str(tmp_path / "none"),), tmp_path / "gtins", list)
        keeper = CameraKeeper(plan, hear, lambda: Nanoseconds(0), random.Random(1))
        keeper.ask()
        keeping = asyncio.ensure_future(keeper.run())
        await asyncio.wait_for(heard.wait(), PATIENCE_S)
        keeping.cancel()
        await asyncio.wait({keeping})

    asyncio.run(run())
    assert isinstance(said[0], DeviceFault)


ODD = [
    "no JSON",
    '{"type": "Paid"}',
    '{"type": "Accepted"}',
    '{"type": "Nothing", "x": "' + "9" * 100 + '"} {"type": "Nothing"}',
    "[" * 5000,
]


@pytest.mark.parametrize("line", ODD, ids=range(len(ODD)))
def test_one_that_talks_nonsense_is_ended(line: str, tmp_path: Path) -> None:
    async def happens(desk: Desk) -> None:
        desk.keeper.ask()
        await desk.until(lambda: any(isinstance(said, DeviceFault) for said in desk.said))

    desk = Desk(tmp_path, LINES[0], line)
    day(desk, happens)
    assert not any(isinstance(said, Accepted) for said in desk.said)


def test_a_line_without_end_is_not_kept(tmp_path: Path) -> None:
    async def happens(desk: Desk) -> None:
        desk.keeper.ask()
        await desk.until(lambda: any(isinstance(said, DeviceFault) for said in desk.said))

    endless = "import sys\nwhile True: sys.stdout.write('9' * 65536)\n"
    desk = Desk(tmp_path)
    plan = CameraPlan((sys.executable, "-c", endless), tmp_path / "gtins", list)
    desk.keeper = CameraKeeper(plan, desk.hear, lambda: Nanoseconds(desk.ns), random.Random(1))
    day(desk, happens)
    assert not any(isinstance(said, DeviceReady | Nothing) for said in desk.said)


def test_another_price_book_is_another_catalogue(tmp_path: Path) -> None:
    async def happens(desk: Desk) -> None:
        desk.keeper.ask()
        await desk.until(lambda: len(desk.said) == 2)
        desk.gtins = ["09520001100307"]
        desk.keeper.forget()
        await desk.until(lambda: len(desk.said) == 4)

    desk = Desk(tmp_path, *LINES)
    day(desk, happens)
    assert "09520001100307" in desk.lives.read_text().splitlines()[1]
    assert not any(isinstance(said, DeviceFault) for said in desk.said)


def test_a_folder_of_pictures_is_looked_through_by_the_real_process(
    drawn: Callable[[str], Any], tmp_path: Path
) -> None:
    cv2 = pytest.importorskip("cv2", reason="the extra `camera` is not installed")
    pytest.importorskip("pyzbar.wrapper", reason="the extra `camera` (or Debian's libzbar0) is not installed")
    for number in range(4):
        cv2.imwrite(str(tmp_path / f"{number:03}.png"), drawn("4006381333931"))

    async def happens(desk: Desk) -> None:
        desk.keeper.ask()
        await desk.until(lambda: any(isinstance(said, DeviceFault) for said in desk.said))

    desk = Desk(tmp_path)
    plan = camera_plan(f"camera:{tmp_path}/%03d.png", tmp_path / "gtins", lambda: ["04006381333931"])
    desk.keeper = CameraKeeper(plan, desk.hear, lambda: Nanoseconds(desk.ns), random.Random(1))
    day(desk, happens)
    assert [type(said) for said in desk.said[:3]] == [DeviceReady, Accepted, DeviceFault]
    assert Nothing() not in desk.said
