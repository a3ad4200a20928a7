"""A mirror shows what is before its glass, by how strongly and by which antenna it is heard."""

import random
from collections.abc import Iterable

import pytest

from edge.events import Event, Left, Presented
from edge.readings import Heard, Nanoseconds, Reading, RoundEnded, TagSeen
from edge.sensors.mirror import MirrorSense

SHIRT, SCARF = "30AA", "30BB"
ROUND_MS = 40
AWAKE_MS = 3_000


class Glass:
    """A mirror whose rounds hear what is said."""

    def __init__(self, sense: MirrorSense) -> None:
        self.sense = sense
        self.ms = 0
        self.events: list[Event] = []

    def rounds(self, count: int, *seen: TagSeen) -> None:
        for _ in range(count):
            self.ms += ROUND_MS
            self._hear((*seen, RoundEnded()))

    def _hear(self, readings: Iterable[Reading]) -> None:
        at_ns = Nanoseconds(self.ms * 1_000_000)
        for reading in readings:
            self.events += self.sense.hear(Heard("reader", at_ns, reading))


def awake() -> Glass:
    """A mirror whose reader has heard nothing for so long that whatever comes was not there before."""
    glass = Glass(MirrorSense())
    glass.rounds(AWAKE_MS // ROUND_MS)
    return glass


def test_a_garment_on_the_next_rail_is_not_mine() -> None:
    glass = Glass(MirrorSense())
    glass.rounds(100, TagSeen(SHIRT, -68))
    assert glass.events == []


def test_a_garment_that_is_taken_from_the_rail_and_held_up_is_shown_and_leaves_when_hung_back() -> None:
    glass = Glass(MirrorSense())
    glass.rounds(50, TagSeen(SHIRT, -68))
    glass.rounds(12, TagSeen(SHIRT, -48))
    assert glass.events == [Presented(SHIRT)]
    glass.rounds(60, TagSeen(SHIRT, -68))
    assert glass.events == [Presented(SHIRT), Left(SHIRT)]


def test_a_garment_that_is_held_up_a_second_time_is_shown_once_more_and_does_not_flicker() -> None:
    glass = awake()
    for _ in range(2):
        glass.rounds(12, TagSeen(SHIRT, -48))
        glass.rounds(60, TagSeen(SHIRT, -70))
    assert glass.events == [Presented(SHIRT), Left(SHIRT)] * 2


def test_a_garment_that_comes_from_afar_is_shown_before_its_way_here_is_forgotten() -> None:
    glass = awake()
    glass.rounds(10, TagSeen(SHIRT, -66))
    glass.rounds(6, TagSeen(SHIRT, -56))
    assert glass.events == [Presented(SHIRT)]


def test_the_weaker_a_garment_is_heard_the_more_sightings_it_takes_to_show_it() -> None:
    taken = []
    for level_dbm in (-45, -50, -54, -57, -58):
        glass = awake()
        while not glass.events:
            glass.rounds(1, TagSeen(SHIRT, level_dbm))
        taken.append((glass.ms - AWAKE_MS) // ROUND_MS)
    assert taken == [2, 2, 2, 4, 8]


def test_one_sighting_is_a_reflection_however_strong_it_is() -> None:
    glass = awake()
    glass.rounds(20, TagSeen(SHIRT, -68))
    glass.rounds(1, TagSeen(SHIRT, -30))
    glass.rounds(20, TagSeen(SHIRT, -68))
    assert glass.events == []


@pytest.mark.parametrize("seed", range(5))
def test_a_garment_that_hangs_at_the_edge_for_minutes_is_not_held_up_by_chance(
    seed: int,
) -> None:
    luck, glass = random.Random(seed), awake()
    for _ in range(3 * 60_000 // ROUND_MS):
        glass.rounds(1, TagSeen(SHIRT, round(luck.gauss(-62, 3))))
    assert glass.events == []


def test_a_garment_that_hangs_at_the_edge_when_the_reader_wakes_is_not_held_up() -> None:
    glass = Glass(MirrorSense())
    glass.rounds(250, TagSeen(SHIRT, -58))
    assert glass.events == []
    glass.rounds(6, TagSeen(SHIRT, -50))
    assert glass.events == [Presented(SHIRT)]


def test_beside_one_that_is_held_up_another_one_at_the_edge_has_to_be_clearer() -> None:
    glass = awake()
    glass.rounds(10, TagSeen(SHIRT, -48))
    glass.rounds(12, TagSeen(SHIRT, -48), TagSeen(SCARF, -58))
    assert glass.events == [Presented(SHIRT)]
    glass.rounds(6, TagSeen(SHIRT, -48), TagSeen(SCARF, -56))
    assert glass.events == [Presented(SHIRT), Presented(SCARF)]


def test_a_garment_that_is_brought_near_very_slowly_is_shown_in_the_end() -> None:
    glass = awake()
    for level_dbm in range(-70, -53):
        glass.rounds(40, TagSeen(SHIRT, level_dbm))
    assert glass.events == [Presented(SHIRT)]


def test_a_turn_before_the_glass_is_no_farewell() -> None:
    glass = Glass(MirrorSense())
    glass.rounds(20, TagSeen(SHIRT, -50))
    glass.rounds(15, TagSeen(SHIRT, -67))
    glass.rounds(20, TagSeen(SHIRT, -50))
    assert glass.events == [Presented(SHIRT)]


def test_two_garments_in_two_hands_are_both_shown_however_near_they_are() -> None:
    glass = Glass(MirrorSense())
    glass.rounds(20, TagSeen(SHIRT, -40), TagSeen(SCARF, -54))
    assert set(glass.events) == {Presented(SHIRT), Presented(SCARF)}


def test_a_rail_that_is_pushed_before_the_glass_is_not_held_up_and_hides_nothing_that_is() -> None:
    rail = [TagSeen(f"30CC{n:02X}", -56 + n % 3) for n in range(20)]
    glass = Glass(MirrorSense())
    glass.rounds(30, *rail)
    shown = len(glass.events)
    glass.rounds(30, *rail, TagSeen(SHIRT, -40))
    assert glass.events[shown:] == [Presented(SHIRT)]


def test_what_an_antenna_beside_the_glass_hears_better_is_beside_the_glass() -> None:
    glass = Glass(MirrorSense(antennas=[1]))
    glass.rounds(
        20, TagSeen(SHIRT, -55, 1), TagSeen(SHIRT, -45, 2), TagSeen(SCARF, -45, 1), TagSeen(SCARF, -60, 2)
    )
    assert glass.events == [Presented(SCARF)]
