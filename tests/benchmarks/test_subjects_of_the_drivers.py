"""What the drivers' figures are taken with: goals, tags with a stamp, the counting of what is lost."""

import pytest

from benchmarks.drivers import BENCHMARKS, crowd, farside
from edge.drivers.profiles import load
from edge.drivers.registry import driver_for
from edge.readings import DeviceFault, Garbled, Milligrams, Reading, TagSeen, Weighed

# The numbers that were promised, said here once more: a goal that is moved shows.
PROMISED = {
    "serial-cost": "value <= 2",
    "byte-to-reading-p99": "value <= 2",
    "crowd-lost": "value <= 0",
    "idle-wakes": "ratio <= 1.2",
}


def test_every_promised_number_stands_beside_its_goal() -> None:
    goals = {each.name: str(each.goal) for each in BENCHMARKS if each.goal is not None}
    assert PROMISED.items() <= goals.items()


def test_a_stamped_tag_is_heard_with_its_number_and_its_moment() -> None:
    heard = [*driver_for(load("r200")).receive(farside.tag(7, 123_456_789))]
    assert [farside.stamp(each.epc) for each in heard if isinstance(each, TagSeen)] == [(7, 123_456_789)]
    assert len(heard) == 1


def test_the_crowd_is_that_of_the_promise() -> None:
    assert crowd.READERS + crowd.SCALES == 16


FULL = [TagSeen(f"{number:024X}") for number in range(crowd.TAGS_A_READER)]


LOSSES: list[tuple[str, list[Reading], int]] = [
    ("whole rounds", [*FULL * 3], 0),
    ("a round under way", [*FULL * 3, *FULL[:7]], 0),
    ("a tag that missed a round", [*FULL * 3, *FULL[1:] * 2], 1),
    ("a tag never heard", [*FULL[1:]], 1),
    ("a scale", [Weighed(Milligrams(0), steady=True)], 0),
    ("noise and a fault", [Weighed(Milligrams(0), steady=True), Garbled("", ""), DeviceFault("", "")], 2),
    ("silence", [], 1),
]


@pytest.mark.parametrize(
    ("readings", "lost"), [loss[1:] for loss in LOSSES], ids=[loss[0] for loss in LOSSES]
)
def test_what_a_crowd_lost_is_counted(readings: list[Reading], lost: int) -> None:
    told = crowd.Told()
    for reading in readings:
        told(reading)
    assert told.lost() == lost
