"""Buttons on pins and electrodes behind glass, read by the kernel's and the chip's own rules."""

import random
import struct

import pytest

from simulators.devices.device import RefusedError
from simulators.devices.touch import gpio, mpr121

MS = 1_000_000


def _edges(buttons: gpio.Buttons) -> list[tuple[int, int, int, int, int]]:
    edges = []
    while buttons.wakes_ns is not None:
        edges += [struct.unpack("<QIIII24x", said) for said in buttons.speak(buttons.wakes_ns)]
    return edges


def _buttons(**setup: object) -> gpio.Buttons:
    return gpio.Part(name="b", at="pty:b", lines=(17, 27), **setup).device(random.Random(1))  # type: ignore[arg-type]


def test_a_press_is_a_rising_and_a_falling_edge() -> None:
    buttons = _buttons()
    buttons.obey({"verb": "press", "button": 27, "ms": 100}, 5 * MS)
    assert _edges(buttons) == [(5 * MS, 1, 27, 1, 1), (105 * MS, 2, 27, 2, 2)]


def test_a_button_that_pulls_low_falls_first() -> None:
    buttons = _buttons(active_low=True)
    buttons.obey({"verb": "hold", "button": 17}, 0)
    assert [edge[1] for edge in _edges(buttons)] == [2]
    assert buttons.world() == {"held": [17]}


def test_a_contact_that_chatters_ends_where_the_finger_is() -> None:
    buttons = _buttons(bounces=3)
    buttons.obey({"verb": "hold", "button": 17}, 0)
    edges = _edges(buttons)
    assert [edge[1] for edge in edges] == [1, 2, 1, 2, 1, 2, 1]
    assert edges == sorted(edges)
    assert edges[-1][0] < 15 * MS


def test_a_pin_without_a_button_is_refused() -> None:
    with pytest.raises(RefusedError, match="there are 17, 27"):
        _buttons().obey({"verb": "press", "button": 4}, 0)


def _asked(chip: mpr121.Mpr121, *records: tuple[bytes, int]) -> list[bytes]:
    for written, read in records:
        chip.hear(bytes((len(written), read)) + written, 0)
    said = chip.speak(0)
    assert all(answer[0] == 0 and answer[1] == len(answer) - 2 for answer in said)
    return [answer[2:] for answer in said]


def _chip() -> mpr121.Mpr121:
    return mpr121.Part(name="m", at="pty:m").device(random.Random(1))


RUN = ((b"\x80\x63", 0), (b"\x5e\x00", 0), (b"\x41" + b"\x0c\x06" * 12, 0), (b"\x5e\x8c", 0))


def test_a_chip_that_was_reset_says_so_by_its_second_configuration() -> None:
    assert _asked(_chip(), (b"\x80\x63", 0), (b"\x5d", 1)) == [b"", b"\x24"]


def test_an_electrode_is_felt_while_the_chip_runs() -> None:
    chip = _chip()
    chip.obey({"verb": "touch", "button": 3}, 0)
    assert _asked(chip, (b"\x00", 2)) == [b"\x00\x00"]
    assert _asked(chip, *RUN, (b"\x00", 2))[-1] == b"\x08\x00"
    chip.obey({"verb": "release", "button": 3}, 0)
    assert _asked(chip, (b"\x00", 2)) == [b"\x00\x00"]


def test_a_running_chip_takes_no_configuration() -> None:
    chip = _chip()
    assert _asked(chip, *RUN, (b"\x5d\x20", 0), (b"\x5d", 1))[-1] == b"\x24"
    assert _asked(chip, (b"\x5e\x00", 0), (b"\x5d\x20", 0), (b"\x5d", 1))[-1] == b"\x20"


def test_an_electrode_without_a_threshold_feels_nothing() -> None:
    chip = _chip()
    chip.obey({"verb": "touch", "button": 0}, 0)
    assert _asked(chip, (b"\x5e\x8c", 0), (b"\x00", 2))[-1] == b"\x00\x00"


def test_water_is_over_current() -> None:
    chip = _chip()
    chip.obey({"verb": "short"}, 0)
    assert _asked(chip, *RUN, (b"\x00", 2))[-1] == b"\x00\x80"


def test_records_may_be_cut_anywhere() -> None:
    whole = _chip()
    stream = b"".join(bytes((len(written), read)) + written for written, read in (*RUN, (b"\x00", 2)))
    whole.hear(stream, 0)
    said = whole.speak(0)
    chip = _chip()
    for place in range(len(stream)):
        chip.hear(stream[place : place + 1], 0)
    assert chip.speak(0) == said


def test_a_power_cut_stops_the_chip_and_leaves_the_finger() -> None:
    chip = _chip()
    _asked(chip, *RUN)
    chip.obey({"verb": "touch", "button": 1}, 0)
    chip.power_on(0)
    assert _asked(chip, (b"\x00", 2)) == [b"\x00\x00"]
    assert chip.world() == {"touched": [1], "wet": False}
