"""A panel is calibrated by four touches: what it felt comes to lie where the picture is, however it hangs."""

import random
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.drivers.driver import Axis
from edge.drivers.profiles import load
from edge.drivers.touch.panel import Panel
from edge.drivers.touch.picture import PPM, Picture, Turn
from edge.provision.calibrate.keeping import keep, keep_rule, name_of
from edge.provision.calibrate.touch import TARGETS, Calibrated, Taps, TouchRefusedError, calibrated
from edge.readings import Nanoseconds, Touched, TouchPhase
from simulators.devices.catalogue import part

UNIT = Axis(0, PPM)

# What a panel reports for a place of the picture: shifted and stretched, mirrored, with its axes exchanged.
MOUNTED: dict[str, Callable[[int, int], tuple[int, int]]] = {
    "straight": lambda x, y: (x, y),
    "shifted": lambda x, y: (x * 9 // 10 + 30_000, y * 11 // 10 - 20_000),
    "mirrored": lambda x, y: (PPM - x, y),
    "exchanged": lambda x, y: (y, x),
    "sheared": lambda x, y: (x + y // 20, y - x // 30),
}


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
@pytest.mark.parametrize("mounted", MOUNTED)
def test_after_it_a_touch_lies_where_the_finger_was(mounted: str, turned: Turn) -> None:
    felt = MOUNTED[mounted]
    found = calibrated([felt(x, y) for x, y in TARGETS], turned)
    after = Picture(UNIT, UNIT, found.matrix_ppm, turned)
    for x, y in [(500_000, 500_000), (200_000, 700_000), (900_000, 300_000)]:
        placed = after.place(*felt(x, y))
        assert max(abs(placed[0] - x), abs(placed[1] - y)) < 50, (mounted, turned)


def test_fingers_that_tremble_are_levelled_out() -> None:
    luck = random.Random(4)
    touched = [(x + luck.randint(-5_000, 5_000), y + luck.randint(-5_000, 5_000)) for x, y in TARGETS]
    found = calibrated(touched)
    assert 0 < found.miss_ppm < 10_000


@pytest.mark.parametrize(
    "touched",
    [
        [(500_000, 500_000)] * 4,
        [(100_000, 100_000), (200_000, 200_000), (300_000, 300_000), (400_000, 400_000)],
        [TARGETS[0], TARGETS[2], TARGETS[1], TARGETS[3]],
        [*TARGETS[:3], (500_000, 500_000)],
    ],
)
def test_touches_that_no_matrix_explains_are_refused(touched: list[tuple[int, int]]) -> None:
    with pytest.raises(TouchRefusedError, match="touch"):
        calibrated(touched)


def _felt(*readings: Touched) -> list[tuple[int, int]]:
    taps = Taps()
    return [place for reading in readings for place in taps.hear(reading)]


def _touch(phase: TouchPhase, x: int, y: int, contact: int = 0) -> Touched:
    return Touched(contact, phase, x, y, 0)


def test_a_wipe_a_palm_and_a_second_finger_are_no_touch_of_a_cross() -> None:
    down, up, lost = TouchPhase.DOWN, TouchPhase.UP, TouchPhase.CANCELLED
    assert _felt(_touch(down, 10, 10), _touch(up, 200_000, 10)) == []
    assert _felt(_touch(down, 10, 10), _touch(lost, 10, 10)) == []
    assert _felt(_touch(down, 10, 10), _touch(down, 90, 90, 1), _touch(up, 10, 10)) == []
    assert _felt(_touch(down, 10, 10), _touch(up, 30, 50)) == [(20, 30)]


def test_a_simulated_panel_is_felt_through_its_own_driver() -> None:
    panel = part({"type": "touch", "name": "touch", "at": "pty:touch"}).device(random.Random(1))
    driver, taps, now = Panel(), Taps(), 0
    places: list[tuple[int, int]] = []
    driver.opened(Nanoseconds(0))
    for x_ppm, y_ppm in TARGETS:
        panel.obey({"verb": "tap", "x": x_ppm // 1000, "y": y_ppm // 1000}, now)
        for _ in range(100):
            now += 5_000_000
            for reading in driver.receive(b"".join(panel.speak(now))):
                places += taps.hear(reading)
    assert len(places) == len(TARGETS)
    assert calibrated(places).miss_ppm < 5_000


def test_the_matrix_is_kept_for_opos_and_for_the_browser(tmp_path: Path) -> None:
    found = Calibrated((PPM // 2, 0, -125_000, 0, PPM, 0), 0)
    profile = tomllib.loads(keep(load("touch"), found, 90, tmp_path).read_text())
    assert profile["settings"] == {"matrix_ppm": [*found.matrix_ppm], "turned": 90, "palm_size": 0}
    rule = keep_rule('Weida "Hi-Tech"', found, tmp_path).read_text()
    assert 'ATTRS{name}=="Weida ?Hi-Tech?"' in rule
    assert 'ENV{LIBINPUT_CALIBRATION_MATRIX}="0.500000 0.000000 -0.125000 0.000000 1.000000 0.000000"' in rule


def test_what_the_kernel_calls_a_panel_is_asked_of_the_kernel(tmp_path: Path) -> None:
    named = tmp_path / "class/input/event3/device"
    named.mkdir(parents=True)
    (named / "name").write_text("ILITEK Multi-Touch\n")
    assert name_of(Path("/dev/input/event3"), tmp_path) == "ILITEK Multi-Touch"
    assert name_of(Path("/dev/pts/4"), tmp_path) == ""
