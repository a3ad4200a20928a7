"""The camera's process: started on demand, fed with a folder of frames, ended with its standard input."""

import json
import subprocess
import sys
from collections.abc import Iterator
from itertools import count as counting
from pathlib import Path
from typing import Any

import pytest

from edge.readings import CodeSeen
from edge.sensors.votes import Accepted, Nothing, Watch
from tests.camera.conftest import Drawn

cv2 = pytest.importorskip("cv2", reason="the extra `camera` is not installed")
pytest.importorskip("pyzbar.wrapper", reason="the extra `camera` (or Debian's libzbar0) is not installed")

from edge.camera import BUDGET_NS, SURE_FRAMES, watch  # noqa: E402 - only where the extra is
from edge.drivers.camera.looks import Eyes  # noqa: E402

FRAMES = 4


@pytest.fixture
def film(drawn: Drawn, tmp_path: Path) -> str:
    for number in range(FRAMES):
        cv2.imwrite(str(tmp_path / f"{number:03}.png"), drawn("4006381333931"))
    return str(tmp_path / "%03d.png")


def started(film: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "edge.camera", film]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def test_a_film_is_told_once_and_its_end_as_a_fault(film: str) -> None:
    with started(film) as camera:
        assert camera.stdout is not None
        lines: list[Any] = [json.loads(line) for line in camera.stdout]
        assert camera.wait(30) == 0
    assert [line["type"] for line in lines] == ["DeviceReady", "Accepted", "DeviceFault"]
    assert lines[1]["code"]["gtin14"] == "04006381333931"
    assert lines[2]["code"] == "camera.gone"


def test_the_process_ends_when_nobody_asks_any_more(film: str) -> None:
    with started(film) as camera:
        out, _ = camera.communicate(timeout=30)  # closes its standard input at once
        assert camera.returncode == 0
    assert b"Garbled" not in out


class SlowEyes(Eyes):
    """Eyes whose every look takes a whole frame's time and sees one more reader's vote."""

    def __init__(self) -> None:
        super().__init__()
        self.turns: list[int] = []

    def looks(self, picture: Any, turn: int = 0) -> Iterator[list[CodeSeen]]:
        assert picture.ndim == 2, "a frame comes as grey"
        self.turns.append(turn)
        yield [CodeSeen("EAN13", "4006381333931", "04006381333931", "measure", "frame")]
        yield [CodeSeen("EAN13", "4006381333931", "04006381333931", "zxing", "frame")]


def test_a_slow_machine_spreads_its_looks_over_the_frames(drawn: Drawn) -> None:
    eyes = SlowEyes()
    picture = drawn("4006381333931")
    clock = counting(0, BUDGET_NS).__next__
    verdicts = list(watch(iter([picture] * 3), eyes, Watch(lambda _: True), clock))
    eyes.close()
    assert [type(verdict).__name__ for verdict in verdicts] == ["HoldStill", "Accepted"]
    assert isinstance(verdicts[-1], Accepted)
    assert eyes.turns == [0, 1, 2]


class Blind(Eyes):
    """Eyes before which nothing is."""

    def looks(self, picture: Any, turn: int = 0) -> Iterator[list[CodeSeen]]:  # noqa: ARG002  a look's own words
        yield []


def test_a_worker_before_which_nothing_is_says_so_once_it_is_sure(drawn: Drawn) -> None:
    """The worker before it may have been killed with a pack in view, which would be in view for ever."""

    def seen(frames: int) -> list[str]:
        verdicts = watch(iter([picture] * frames), eyes, Watch(lambda _: True), counting(0, 1).__next__)
        return [type(verdict).__name__ for verdict in verdicts]

    eyes, picture = Blind(), drawn("4006381333931")
    assert seen(SURE_FRAMES) == []
    assert seen(SURE_FRAMES * 3) == [Nothing.__name__]
    eyes.close()
