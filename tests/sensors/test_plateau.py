"""A load is at rest when its readings are steady and agree; its weight is their mean."""

import random
from collections.abc import Sequence

import pytest

from edge.readings import DeviceReady, LoadMoving, Milligrams, Nanoseconds, Reading, Weighed
from edge.sensors.plateau import Plateau, Still

TICK_NS = 100_000_000


def weigh(
    plateau: Plateau, weights_mg: Sequence[int], *, steady: bool = True, first: int = 0
) -> Still | None:
    for at, weight_mg in enumerate(weights_mg, first):
        plateau.hear(Weighed(Milligrams(weight_mg), steady), Nanoseconds(at * TICK_NS))
    return plateau.still


def test_a_load_rests_after_four_readings_and_is_weighed_better_by_each_more() -> None:
    plateau = Plateau()
    assert weigh(plateau, [1_000] * 3) is None
    assert weigh(plateau, [1_000], first=3) == Still(1_000, 3_000, Nanoseconds(0), 4)
    assert weigh(plateau, [1_000] * 50, first=4) == Still(1_000, 1_500, Nanoseconds(0), 16)


@pytest.mark.parametrize("seed", range(10))
def test_the_mean_of_noisy_readings_is_within_its_error(seed: int) -> None:
    luck = random.Random(seed)
    still = weigh(Plateau(), [round(luck.gauss(500_000, 1_500)) for _ in range(40)])
    assert still is not None
    assert abs(still.weight_mg - 500_000) <= still.error_mg


@pytest.mark.parametrize("reading", [LoadMoving(), DeviceReady(), Weighed(Milligrams(1_000), steady=False)])
def test_whatever_moves_ends_the_rest(reading: Reading) -> None:
    plateau = Plateau()
    weigh(plateau, [1_000] * 8)
    plateau.hear(reading, Nanoseconds(8 * TICK_NS))
    assert plateau.still is None


def test_a_scale_that_blinks_over_the_same_load_has_not_moved() -> None:
    plateau = Plateau()
    weigh(plateau, [100_000] * 8)
    weigh(plateau, [100_500], steady=False, first=8)
    still = weigh(plateau, [100_000] * 4, first=9)
    assert still is not None
    assert still.since_ns == 0
