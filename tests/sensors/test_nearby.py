"""A tag lies in the tray if it is heard strongly, often, and better than when it was beside it."""

import pytest

from edge.readings import Heard, Nanoseconds, RoundEnded, TagSeen
from edge.sensors.nearby import Nearby

ROUND_MS = 50
SHIRT = "30AA"


class Reader:
    """A reader whose rounds hear one tag with a level, and as often as `hears` says, or do not."""

    def __init__(self) -> None:
        self.nearby = Nearby()
        self.now_ns = Nanoseconds(0)
        self.nearby.hear(Heard("reader", self.now_ns, RoundEnded()))

    def listen(self, rounds: int, level_dbm: int | None = None, hears: int = 1, of: int = 1) -> None:
        for number in range(rounds):
            self.now_ns = Nanoseconds(self.now_ns + ROUND_MS * 1_000_000)
            if number % of < hears:
                self.nearby.hear(Heard("reader", self.now_ns, TagSeen(SHIRT, level_dbm)))
            assert self.nearby.hear(Heard("reader", self.now_ns, RoundEnded()))

    def restart(self) -> None:
        self.nearby.restart(Nanoseconds(self.now_ns + 1))


LEVELS = {
    "in the tray": (-45, 1, 1, 30, 99),
    "under a tin": (-55, 1, 2, 5, 30),
    "at the edge": (-58, 1, 3, -15, 10),
    "in the queue": (-65, 1, 4, -99, -25),
    "a reader that tells no level": (None, 1, 1, 30, 99),
}


@pytest.mark.parametrize(("level_dbm", "hears", "of", "least", "most"), LEVELS.values(), ids=LEVELS)
def test_a_strong_tag_that_is_heard_often_is_inside(
    level_dbm: int | None, hears: int, of: int, least: int, most: int
) -> None:
    reader = Reader()
    reader.restart()
    reader.listen(48, level_dbm, hears, of)
    assert least <= reader.nearby.decibans(SHIRT) <= most


def test_one_sighting_says_little() -> None:
    reader = Reader()
    reader.restart()
    reader.listen(1, -40)
    assert reader.nearby.decibans(SHIRT) < 30


def test_what_was_heard_before_a_restart_does_not_count() -> None:
    reader = Reader()
    reader.listen(30, -45)
    reader.restart()
    assert reader.nearby.rounds == 0
    assert reader.nearby.decibans(SHIRT) == Nearby().decibans(SHIRT)


def test_a_tag_that_stays_as_it_was_beside_the_tray_is_beside_it_and_one_that_rises_is_not() -> None:
    told = []
    for level_dbm in (-58, -66):
        reader = Reader()
        reader.listen(60, level_dbm, 1, 2)
        reader.nearby.leave_aside([SHIRT], reader.now_ns)
        reader.restart()
        reader.listen(40, -57, 1, 2)
        told.append(reader.nearby.decibans(SHIRT))
    stayed, rose = told
    assert rose > 0
    assert rose - stayed >= 30


def test_what_was_in_a_hand_before_the_load_moved_was_not_beside_the_tray() -> None:
    reader = Reader()
    reader.listen(20, -57)
    reader.nearby.leave_aside([SHIRT], reader.now_ns)
    before = reader.nearby.decibans(SHIRT)
    reader.listen(1, -57)
    assert reader.nearby.decibans(SHIRT) >= before


def test_a_thing_may_be_in_a_hand_until_the_hand_is_tired() -> None:
    reader = Reader()
    reader.restart()
    reader.listen(4, -40)
    soon = reader.nearby.laid(SHIRT, reader.now_ns)
    reader.listen(60, -40)
    assert soon < 20 < reader.nearby.laid(SHIRT, reader.now_ns)
