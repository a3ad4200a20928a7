"""Bad days of an uplink, each from one seed: lost, doubled, late and shuffled messages, hubs that forget."""

import pytest

from cloud_sync.agent.uplink import Stage
from tests.agent.uplink_world import World

STEPS = 2_000
# Two minutes of the world's time: many times the longest patience.
EVENING = 24_000


@pytest.mark.parametrize("seed", range(150))
def test_every_entry_reaches_the_hub_once_and_in_order(seed: int) -> None:
    world = World(seed)
    world.bad_day(STEPS)
    world.quiet_evening(EVENING)
    assert world.hub.taken == list(range(1, world.journal.entries + 1))
    assert world.uplink.acked == world.journal.entries
    assert world.uplink.stage is Stage.FLOWING
