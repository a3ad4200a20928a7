"""The simulated relay board, bytes alone: four bytes switch, whatever stands between them."""

import random
from typing import Any

import pytest

from simulators.devices.device import RefusedError
from simulators.devices.outputs.relay import Part, Relays

MS = 1_000_000
ON, OFF = bytes.fromhex("a00101a2"), bytes.fromhex("a00100a1")


def board(**options: Any) -> Relays:
    return Part(name="r", at="pty:r", **options).device(random.Random(1))


def on(it: Relays) -> list[bool]:
    return [relay["on"] for relay in it.world()["relays"]]


# What is sent to a board of four that is off, and which of its relays are on then.
COMMANDS = [
    ("a00101a2", [True, False, False, False]),
    ("a00301a4", [False, False, True, False]),
    ("a00101a2 a00401a5", [True, False, False, True]),
    ("a00101a2 a00100a1", [False, False, False, False]),
    # No such relay, a wrong sum, a level that is none.
    ("a00501a6", [False, False, False, False]),
    ("a00001a1", [False, False, False, False]),
    ("a00101a3", [False, False, False, False]),
    ("a00102a3", [False, False, False, False]),
    # Noise before it, and a beginning that is none.
    ("00ff13 a00101a2", [True, False, False, False]),
    ("a0a001 a00101a2", [True, False, False, False]),
]


@pytest.mark.parametrize(("sent", "relays"), COMMANDS)
def test_a_command_switches_its_relay_however_it_is_cut(sent: str, relays: list[bool]) -> None:
    data = bytes.fromhex(sent)
    for place in range(len(data)):
        it = board(channels=4)
        it.hear(data[:place], 0)
        it.hear(data[place:], 0)
        assert on(it) == relays
        assert it.speak(0) == []


def test_it_counts_how_often_it_went_on_and_for_how_long() -> None:
    it = board()
    for at_ms, command in ((0, ON), (100, ON), (3000, OFF), (4000, OFF), (5000, ON), (5250, OFF)):
        it.hear(command, at_ms * MS)
    assert it.world() == {"relays": [{"on": False, "switches": 2, "last_on_ms": 250}]}


def test_a_power_cut_lets_go() -> None:
    it = board()
    it.hear(ON, 0)
    it.hear(ON[:2], 0)
    it.power_on(700 * MS)
    assert it.world() == {"relays": [{"on": False, "switches": 1, "last_on_ms": 700}]}
    it.hear(ON[2:], 0)
    assert on(it) == [False]


def test_a_board_of_several_tells_how_they_stand() -> None:
    it = board(channels=4, answers=True)
    it.hear(bytes.fromhex("a00201a3 ff"), 0)
    assert it.speak(0) == [bytes((0, 1, 0, 0))]
    assert it.speak(0) == []


def test_a_bench_that_comes_back_knows_the_counts_and_is_off() -> None:
    it, other = board(), board()
    it.hear(ON, 0)
    other.restore(it.world(), 0)
    assert other.world() == {"relays": [{"on": False, "switches": 1, "last_on_ms": 0}]}
    with pytest.raises(RefusedError, match="has 2 relays, not 1"):
        board(channels=2).restore(it.world(), 0)


def test_there_is_nothing_for_a_hand() -> None:
    with pytest.raises(RefusedError, match="only its host"):
        board().obey({"verb": "press"}, 0)
