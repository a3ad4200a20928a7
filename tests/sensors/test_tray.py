"""A drop zone lists everything once, when all of it is still, and names what does not belong there."""

from edge.events import Agreed, Ambiguous, Event, Left, Listed, Presented
from edge.readings import Heard, Milligrams, Nanoseconds, RoundEnded, TagSeen, Weighed
from edge.sensors.tray import TraySense
from edge.sensors.weights import Pack

SHIRT, SCARF, STRANGER = "30AA", "30BB", "30FF"
PACKS = {SHIRT: Pack(250_000, 10_000), SCARF: Pack(120_000, 10_000)}


class Tray:
    """A tray with a reader and, if `weighs`, a scale."""

    def __init__(self, *, weighs: bool = True) -> None:
        self.sense = TraySense(PACKS.get, weighs=weighs)
        self.lying: list[str] = []
        self.weight_mg = 0
        self.ms = 0
        self.events: list[Event] = []
        self.wait(1_500)

    def put(self, epc: str) -> None:
        self.lying.append(epc)
        self.weight_mg += PACKS[epc].mass_mg if epc in PACKS else 90_000

    def take(self, epc: str) -> None:
        self.lying.remove(epc)
        self.weight_mg -= PACKS[epc].mass_mg if epc in PACKS else 90_000

    def wait(self, ms: int) -> None:
        for _ in range(0, ms, 50):
            self.ms += 50
            at_ns = Nanoseconds(self.ms * 1_000_000)
            for epc in self.lying:
                self.events += self.sense.hear(Heard("reader", at_ns, TagSeen(epc)))
            self.events += self.sense.hear(Heard("reader", at_ns, RoundEnded()))
            weighed = Weighed(Milligrams(self.weight_mg), steady=True)
            self.events += self.sense.hear(Heard("scale", at_ns, weighed))


def test_an_empty_tray_says_nothing() -> None:
    assert Tray().events == []


def test_everything_is_listed_once_and_only_when_nothing_moves() -> None:
    tray = Tray()
    tray.put(SHIRT)
    tray.wait(500)
    tray.put(SCARF)
    tray.wait(500)
    assert tray.events == []
    tray.wait(10_000)
    assert tray.events == [Presented(SHIRT), Presented(SCARF), Listed((SHIRT, SCARF))]


def test_a_tray_without_a_scale_lists_by_tags() -> None:
    tray = Tray(weighs=False)
    tray.put(SHIRT)
    tray.wait(3_000)
    assert tray.events == [Presented(SHIRT), Listed((SHIRT,))]


def test_what_is_taken_out_leaves_the_list() -> None:
    tray = Tray()
    tray.put(SHIRT)
    tray.put(SCARF)
    tray.wait(3_000)
    tray.take(SHIRT)
    tray.wait(3_000)
    assert tray.events[3:] == [Left(SHIRT), Listed((SCARF,))]


def test_a_tag_that_the_shop_does_not_know_is_named_and_nothing_is_listed_until_it_is_gone() -> None:
    tray = Tray()
    tray.put(SHIRT)
    tray.put(STRANGER)
    tray.wait(6_000)
    assert tray.events == [Ambiguous("foreign-item", ((STRANGER,),))]
    tray.take(STRANGER)
    tray.wait(3_000)
    assert tray.events[1:] == [Agreed(), Presented(SHIRT), Listed((SHIRT,))]


def test_a_thing_without_a_tag_is_told_by_its_weight() -> None:
    tray = Tray()
    tray.put(SHIRT)
    tray.weight_mg += 80_000
    tray.wait(6_000)
    assert tray.events == [Ambiguous("untagged-item")]


def test_a_tag_without_its_garment_is_not_sold() -> None:
    tray = Tray()
    tray.put(SHIRT)
    tray.weight_mg = 5_000
    tray.wait(6_000)
    assert tray.events == [Ambiguous("tag-and-weight")]
