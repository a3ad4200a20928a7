"""Bad days without end: one seed is one day, and what kind of day it is; a soak plays as many as it likes."""

from collections.abc import Callable
from typing import Final

import apsw

from tests.offline_queue.faults.flips import flip_world
from tests.offline_queue.faults.kills import kill_world
from tests.offline_queue.faults.lying import lying_world
from tests.offline_queue.faults.machine import model_world
from tests.offline_queue.faults.one_fault import any_fault_world

WORLDS: Final[tuple[Callable[[int], object], ...]] = (
    any_fault_world,
    flip_world,
    lying_world,
    kill_world,
    model_world,
)


def play(seed: int) -> str | None:
    """Play the day of a seed; the promise that was broken and how to play it again, None if all were kept."""
    world = WORLDS[seed % len(WORLDS)]
    try:
        world(seed)
    except (AssertionError, apsw.Error, ValueError) as error:
        return f"{world.__name__}({seed}): {error!r}"
    return None
