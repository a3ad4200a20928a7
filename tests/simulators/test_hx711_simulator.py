"""The simulated load cell: conversions as the kernel's file shows them, one for each time that it is read."""

from typing import Any

import pytest

from simulators.devices.device import Device
from tests.simulators.scale_hands import SECOND_NS, do, scale

KIND = "hx711"
MIDDLE = 8_388_608


def read(simulated: Device, now_ns: int = 2 * SECOND_NS) -> int:
    """What the file says to a reader that begins then, and waits."""
    simulated.hear(b"\n", now_ns)
    ready = simulated.wakes_ns
    assert ready is not None
    assert simulated.speak(ready - 1) == []
    (text,) = simulated.speak(ready)
    assert text.endswith(b"\n")
    assert simulated.wakes_ns is None
    return int(text)


COUNTS = [
    ({}, 0, MIDDLE + 100_000),
    ({}, 1_000_000, MIDDLE + 500_000),
    ({"counts_per_g": 800, "empty_counts": -50_000}, 500_000, MIDDLE + 350_000),
    ({"signed": True}, 1_000_000, 500_000),
]


@pytest.mark.parametrize(("options", "mass_mg", "counts"), COUNTS)
def test_a_load_is_counts_above_those_of_an_empty_cell(
    options: dict[str, Any], mass_mg: int, counts: int
) -> None:
    assert read(scale(KIND, mass_mg=mass_mg, **options)) == pytest.approx(counts, abs=2000)


SATURATED = [
    ({"mass_mg": 45_000_000}, False, 16_777_215),
    ({"lean_mg": -45_000_000}, False, 0),
    ({"mass_mg": 45_000_000}, True, 8_388_607),
    ({"lean_mg": -45_000_000}, True, -8_388_608),
    ({"broken": "cell"}, False, 16_777_215),
]


@pytest.mark.parametrize(("world", "signed", "counts"), SATURATED)
def test_too_much_load_and_a_broken_cell_are_the_ends_of_the_range(
    world: dict[str, object],
    signed: bool,
    counts: int,
) -> None:
    simulated = scale(KIND, signed=signed)
    simulated.restore(world, 0)
    assert read(simulated) == counts


@pytest.mark.parametrize(("rate_hz", "period_ns"), [(10, 100_000_000), (80, 12_500_000)])
def test_a_reader_waits_for_the_conversion_under_way(rate_hz: int, period_ns: int) -> None:
    simulated = scale(KIND, rate_hz=rate_hz)
    simulated.hear(b"\n\n", SECOND_NS + 1)
    assert simulated.wakes_ns == SECOND_NS + period_ns
    assert len(simulated.speak(SECOND_NS + period_ns)) == 1
    assert simulated.wakes_ns == SECOND_NS + 2 * period_ns


def test_the_first_conversions_after_power_up_are_wrong() -> None:
    simulated = scale(KIND, mass_mg=10_000_000)
    simulated.power_on(10 * SECOND_NS)
    first = read(simulated, 10 * SECOND_NS)
    assert first < MIDDLE + 4_000_000
    assert read(simulated, 11 * SECOND_NS) == pytest.approx(MIDDLE + 4_100_000, abs=2000)


def test_a_broken_wire_leaves_every_reader_without_a_text() -> None:
    simulated = scale(KIND)
    do(simulated, "break", part="wire")
    simulated.hear(b"\n", SECOND_NS)
    assert simulated.wakes_ns is None
    do(simulated, "mend")
    assert read(simulated) > MIDDLE


def test_a_crowd_of_readers_is_not_served_for_ever() -> None:
    simulated = scale(KIND)
    simulated.hear(b"\n" * 1000, SECOND_NS)
    served = 0
    while (ready := simulated.wakes_ns) is not None:
        served += len(simulated.speak(ready))
    assert served == 16


def test_it_has_no_keys() -> None:
    assert "press" not in scale(KIND).verbs
