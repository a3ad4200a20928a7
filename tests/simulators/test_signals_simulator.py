"""Simulated lamps, lock and door on pins: levels come in pairs, edges go out as the kernel tells them."""

import random
import struct
from typing import Any

import pytest

from simulators.devices.device import RefusedError
from simulators.devices.outputs.signals import Part, Signals

MS = 1_000_000


def signals(**options: Any) -> Signals:
    return Part(name="s", at="pty:s", **options).device(random.Random(1))


def on(it: Signals) -> list[str]:
    return [offset for offset, pin in it.world()["levels"].items() if pin["on"]]


def edges(it: Signals) -> list[tuple[int, ...]]:
    said = []
    while it.wakes_ns is not None:
        said += [struct.unpack("<QIIII24x", frame) for frame in it.speak(it.wakes_ns)]
    return said


# Pairs of offset and level, and which pins are high then.
LEVELS = [
    (b"\x11\x01", ["17"]),
    (b"\x11\x01\x16\x01", ["17", "22"]),
    (b"\x11\x01\x16\x01\x11\x00", ["22"]),
    (b"\x05\x01", []),
]


@pytest.mark.parametrize(("sent", "high"), LEVELS)
def test_a_pin_has_the_level_that_it_was_given_however_it_is_cut(sent: bytes, high: list[str]) -> None:
    for place in range(len(sent)):
        it = signals()
        it.hear(sent[:place], 0)
        it.hear(sent[place:], 0)
        assert on(it) == high


def test_how_long_a_lock_was_open_can_be_seen() -> None:
    it = signals(outputs=(5,))
    it.hear(b"\x05\x01", 100 * MS)
    it.hear(b"\x05\x00", 3100 * MS)
    assert it.world()["levels"] == {"5": {"on": False, "switches": 1, "last_on_ms": 3000}}


# How the switch is wired, and the edges of a door that opens and closes: 1 rises, 2 falls.
DOORS = [({"door_closed_high": False}, [1, 2]), ({}, [2, 1])]


@pytest.mark.parametrize(("wiring", "directions"), DOORS)
def test_a_door_that_moves_is_an_edge(wiring: dict[str, Any], directions: list[int]) -> None:
    it = signals(door=6, **wiring)
    it.obey({"verb": "door", "closed": False}, 5 * MS)
    it.obey({"verb": "door", "closed": False}, 6 * MS)
    it.obey({"verb": "door", "closed": True}, 9 * MS)
    assert edges(it) == [
        (5 * MS, directions[0], 6, 1, 1),
        (9 * MS, directions[1], 6, 2, 2),
    ]
    assert it.world()["door_closed"]


def test_a_switch_that_chatters_ends_where_the_door_is() -> None:
    it = signals(bounces=2)
    it.obey({"verb": "door", "closed": False}, 0)
    it.obey({"verb": "door", "closed": True}, 0)
    said = edges(it)
    assert [edge[1] for edge in said] == [2, 1, 2, 1, 2, 1, 2, 1, 2, 1]
    times = [edge[0] for edge in said]
    assert times == sorted(times)
    assert [edge[3] for edge in said] == list(range(1, 11))


def test_a_power_cut_makes_every_pin_an_input() -> None:
    it = signals()
    it.hear(b"\x11\x01\x16", 0)
    it.obey({"verb": "door", "closed": False}, 0)
    it.power_on(MS)
    assert on(it) == []
    assert it.wakes_ns is None
    assert not it.world()["door_closed"]
    it.hear(b"\x16\x01", MS)
    assert on(it) == ["22"]


def test_a_bench_that_comes_back_has_the_door_as_it_was() -> None:
    it, other = signals(), signals()
    it.hear(b"\x11\x01", 0)
    it.obey({"verb": "door", "closed": False}, 0)
    other.restore(it.world(), 0)
    assert not other.world()["door_closed"]
    assert other.world()["levels"]["17"] == {"on": False, "switches": 1, "last_on_ms": 0}
    assert other.wakes_ns is None


def test_what_a_hand_cannot_do_is_told_in_a_sentence() -> None:
    with pytest.raises(RefusedError, match="the verbs are door"):
        signals().obey({"verb": "press"}, 0)
    with pytest.raises(RefusedError, match="missing required field `closed`"):
        signals().obey({"verb": "door"}, 0)
