"""A mirror shows what is before its glass, by how strongly and by which antenna it is heard."""

from collections.abc import Iterable

from edge.events import Event, Left, Presented
from edge.readings import Heard, Nanoseconds, Reading, RoundEnded, TagSeen
from edge.sensors.mirror import MirrorSense

SHIRT, SCARF = "30AA", "30BB"
ROUND_MS = 40


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


def test_a_garment_that_comes_from_afar_is_shown_before_its_way_here_is_forgotten() -> None:
    glass = Glass(MirrorSense())
    glass.rounds(10, TagSeen(SHIRT, -66))
    glass.rounds(6, TagSeen(SHIRT, -56))
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
