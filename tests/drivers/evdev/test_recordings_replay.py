"""Recordings of real panels and keyboards, through the drivers: as bytes, and through a mocked kernel."""

import random
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

from edge.drivers.scanners.wedge import Wedge
from edge.drivers.touch.panel import Panel
from edge.events import LongPressed, Tapped
from edge.readings import Garbled, Heard, Nanoseconds, Reading, Touched, TouchPhase
from edge.sensors.taps import TapSense
from tests.drivers.evdev.recordings import ROOT, Recording, recorded

CheckSlices = Callable[[Callable[[], Panel], bytes, Sequence[Reading]], None]

MAXTOUCH = "touch/Atmel maXTouch Touchscreen."
NTRIG = "touch/N-Trig MultiTouch."

# Files, contacts at once, how often one came down, how often one moved, and what a shopper meant by it.
RECORDINGS = [
    ((MAXTOUCH + "1-finger-fast-taps.events",), 1, 9, 0, [Tapped(425531, 505219)]),
    ((MAXTOUCH + "1-finger-drag-up-down.events",), 1, 1, 148, []),
    ((MAXTOUCH + "2-fingers-touch-release.events",), 2, 2, 14, []),
    ((MAXTOUCH + "4-finger-drag-down.events",), 4, 4, 98, []),
    ((NTRIG + "desc", NTRIG + "1-finger-drag-NW-SE.events"), 1, 1, 105, []),
    ((NTRIG + "desc", NTRIG + "2-fingers-touch-release.events"), 2, 2, 261, []),
]


def panel(recording: Recording) -> Panel:
    made = Panel()
    made.informed(recording.facts)
    made.opened(Nanoseconds(0))
    list(made.tick(Nanoseconds(0)))
    return made


def touches(recording: Recording) -> list[Touched]:
    heard = [*panel(recording).receive(recording.data)]
    assert all(isinstance(each, Touched) for each in heard)
    return [each for each in heard if isinstance(each, Touched)]


@pytest.mark.parametrize(("names", "at_once", "downs", "moves", "meant"), RECORDINGS)
def test_a_recorded_panel_says_what_the_fingers_did(
    names: tuple[str, ...], at_once: int, downs: int, moves: int, meant: list[Tapped | LongPressed]
) -> None:
    heard = touches(recorded(*names))
    phases = Counter(each.phase for each in heard)
    assert phases == {TouchPhase.DOWN: downs, TouchPhase.UP: downs} | (
        {TouchPhase.MOVED: moves} if moves else {}
    )
    assert {each.contact for each in heard} == set(range(at_once))
    assert [each.at_us for each in heard] == sorted(each.at_us for each in heard)
    sense = TapSense("panel")
    told = [tap for each in heard for tap in sense.hear(Heard("panel", Nanoseconds(0), each))]
    assert told[:1] == meant[:1]
    assert bool(told) == bool(meant)


def test_of_nine_fast_taps_those_within_half_a_second_of_one_that_counted_do_not() -> None:
    sense = TapSense("panel")
    taps = [
        each.at_us
        for each in touches(recorded(MAXTOUCH + "1-finger-fast-taps.events"))
        for _ in sense.hear(Heard("panel", Nanoseconds(0), each))
    ]
    assert len(taps) == 3
    assert all(after - before >= 500_000 for before, after in pairwise(taps))


@pytest.mark.parametrize("names", [names for names, *_ in RECORDINGS])
def test_a_recording_is_the_same_however_it_is_cut_and_noise_between_its_events_is_told(
    check_slices: CheckSlices, names: tuple[str, ...]
) -> None:
    recording = recorded(*names)
    whole = touches(recording)
    luck = random.Random(len(recording.data))
    cut, noisy = panel(recording), panel(recording)
    data = memoryview(recording.data)
    in_pieces: list[Reading] = []
    while data:
        size = luck.randrange(1, 60)
        in_pieces += cut.receive(bytes(data[:size]))
        data = data[size:]
    assert in_pieces == whole
    noise = b"\xff" * luck.randrange(1, 60)
    with_noise = [*noisy.receive(recording.data.replace(recording.data[:24], noise + recording.data[:24], 1))]
    assert [each for each in with_noise if not isinstance(each, Garbled)] == whole
    assert len(with_noise) == len(whole) + 1
    check_slices(lambda: panel(recording), recording.data[: 30 * 24], touches(_first(recording, 30)))


def _first(recording: Recording, events: int) -> Recording:
    return msgspec.structs.replace(recording, events=recording.events[:events])


def test_a_person_at_a_keyboard_is_no_scanner() -> None:
    recording = recorded("keyboards/Lenovo ThinkPad Compact USB Keyboard with TrackPoint.keyboard.events")
    wedge = Wedge()
    assert [*wedge.receive(recording.data)] == []


@pytest.mark.skipif(shutil.which("umockdev-run") is None, reason="umockdev is not installed")
def test_a_recorded_panel_behind_a_mocked_kernel_says_the_same(tmp_path: Path) -> None:
    recording = recorded(MAXTOUCH + "1-finger-fast-taps.events")
    command = ["umockdev-run", *recording.mock(tmp_path / "panel"), "--"]
    child = [sys.executable, "-m", "tests.drivers.evdev.listen", str(len(recording.events))]
    done = subprocess.run([*command, *child], cwd=ROOT, capture_output=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
    heard = msgspec.json.decode(done.stdout, type=list[Touched])
    told = [(each.contact, each.phase, each.x_ppm, each.y_ppm) for each in heard]
    assert told == [(each.contact, each.phase, each.x_ppm, each.y_ppm) for each in touches(recording)]
