"""Bent words at the hub's doors: nothing is written but counts and alarms, and the lane goes on."""

import random
import tracemalloc

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cloud_sync.contract.signing import SoftwareKey
from tests.hostile.bending import BOMBS, LIES
from tests.hostile.hub_doors import DOORS, JournalDoor
from tests.hostile.trial import check_attempt
from tests.hub.hub_world import HubWorld

SEEDS = st.integers(0, 2**32)
TRIALS = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    # One hub for all trials of a door: what they leave behind must not harm the next one either.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.mark.parametrize("name", DOORS)
def test_whatever_comes_nothing_is_kept_of_it_and_the_next_good_word_is_taken(
    hub: HubWorld, keys: list[SoftwareKey], name: str
) -> None:
    door = DOORS[name](hub, keys)

    @TRIALS
    @given(seed=SEEDS)
    def trial(seed: int) -> None:
        check_attempt(door, random.Random(seed))

    trial()


# What the longest honest batch needs, several times over, and far below what the bombs become.
_BYTES_MAX = 4 * 1024 * 1024


@pytest.mark.parametrize("name", DOORS)
def test_a_bomb_does_not_become_large(hub: HubWorld, keys: list[SoftwareKey], name: str) -> None:
    door = DOORS[name](hub, keys)
    door.prove()
    tracemalloc.start()
    try:
        for payload in (*BOMBS, *LIES):
            if name != "group":
                door.knock(payload)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < _BYTES_MAX
    door.prove()


def test_a_flood_of_names_is_a_few_rows(hub: HubWorld, keys: list[SoftwareKey]) -> None:
    """Who invents names, topics and keys fills no table: alarms are counted under names that we gave."""
    door = JournalDoor(hub, keys[0])
    frame = door.mirror.frame(1, 3)
    strange = [(f"opos/1/demo/{n % 64}/corner/stranger-{n}/up/journal", frame) for n in range(200)]
    hub.intake.take_many([*strange, *((f"nonsense/{n}", frame) for n in range(200))])
    assert 0 < len(hub.rows("alarm")) <= 2
    assert sum(row[4] for row in hub.rows("alarm")) == 400
    door.prove()
