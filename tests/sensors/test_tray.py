"""A drop zone lists everything once, when all of it is still, and names what does not belong there."""

from edge.events import Agreed, Ambiguous, Event, Left, Listed, Presented
from edge.readings import DeviceFault, Heard, Milligrams, Nanoseconds, RoundEnded, TagSeen, Weighed
from edge.sensors.tray import TraySense
from edge.sensors.weights import Pack

SHIRT, SCARF, TWIN, STRANGER = "30AA", "30BB", "30CC", "30FF"
PACKS = {SHIRT: Pack(250_000, 7_500), SCARF: Pack(120_000, 3_600), TWIN: Pack(252_000, 7_500)}

# What the reader hears of a thing in the tray, and of one in the next shopper's basket: a level, and how many
# of four rounds.
INSIDE, BESIDE = (-45, 3), (-63, 1)


class Tray:
    """A tray with a reader and, if `weighs`, a scale."""

    def __init__(self, *, weighs: bool = True, weight_mg: int = 0) -> None:
        self.sense = TraySense(PACKS.get, weighs=weighs)
        self.lying: list[str] = []
        self.heard: dict[str, tuple[int, int]] = {}
        self.weight_mg = weight_mg
        self.is_plugged = True
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
            for epc, (level_dbm, rounds) in self.heard.items():
                if self.ms // 50 % 4 < rounds:
                    self.events += self.sense.hear(Heard("reader", at_ns, TagSeen(epc, level_dbm)))
            for epc in self.lying:
                self.events += self.sense.hear(Heard("reader", at_ns, TagSeen(epc)))
            self.events += self.sense.hear(Heard("reader", at_ns, RoundEnded()))
            if not self.is_plugged:
                continue
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


def test_the_next_shoppers_basket_is_not_listed() -> None:
    tray = Tray()
    tray.heard |= {SCARF: BESIDE, TWIN: BESIDE}
    tray.wait(2_000)
    tray.heard[SHIRT], tray.weight_mg = INSIDE, 251_000
    tray.wait(10_000)
    assert tray.events == [Presented(SHIRT), Listed((SHIRT,))]


def test_a_faint_tag_is_listed_if_nothing_else_explains_the_weight() -> None:
    tray = Tray()
    tray.heard |= {SHIRT: INSIDE, SCARF: (-56, 2)}
    tray.weight_mg = 369_000
    tray.wait(10_000)
    assert tray.events[-1] == Listed((SHIRT, SCARF))


def test_nobody_guesses_which_of_two_that_weigh_the_same_lies_there() -> None:
    tray = Tray()
    tray.heard |= {SHIRT: (-57, 2), TWIN: (-57, 2)}
    tray.weight_mg = 251_000
    tray.wait(20_000)
    assert tray.events == [Ambiguous("several-fit", ((SHIRT,), (TWIN,)))]
    del tray.heard[TWIN]
    tray.wait(10_000)
    assert tray.events[1:] == [Agreed(), Presented(SHIRT), Listed((SHIRT,))]


def test_what_is_taken_out_and_heard_from_the_basket_leaves_without_a_question() -> None:
    tray = Tray()
    tray.heard |= {SHIRT: INSIDE, SCARF: INSIDE}
    tray.weight_mg = 371_000
    tray.wait(4_000)
    tray.heard[SCARF], tray.weight_mg = BESIDE, 251_000
    tray.wait(10_000)
    assert tray.events[3:] == [Left(SCARF), Listed((SHIRT,))]


def test_what_is_held_over_the_tray_is_not_in_it() -> None:
    tray = Tray()
    tray.heard[SHIRT] = INSIDE
    tray.weight_mg = 250_000
    tray.wait(3_000)
    tray.heard[SCARF] = (-50, 3)
    tray.wait(1_500)
    assert tray.events == [Presented(SHIRT), Listed((SHIRT,))]
    tray.weight_mg = 370_000
    tray.wait(3_000)
    assert tray.events[2:] == [Presented(SCARF), Listed((SHIRT, SCARF))]


def test_a_light_thing_that_no_tag_told_of_is_forgotten_when_it_is_taken_out() -> None:
    tray = Tray()
    tray.heard |= {SHIRT: INSIDE, TWIN: INSIDE}
    tray.weight_mg = 502_000 + 11_000
    tray.wait(4_000)
    tray.weight_mg = 502_000
    tray.wait(10_000)
    assert tray.events[-1] == Listed((SHIRT, TWIN))
    assert not any(isinstance(event, Ambiguous) for event in tray.events)


def test_keys_are_named_though_a_tag_of_their_weight_is_heard_from_beside() -> None:
    tray = Tray()
    tray.heard |= {SHIRT: INSIDE, SCARF: BESIDE}
    tray.weight_mg = 250_000 + 118_000
    tray.wait(15_000)
    assert [type(event) for event in tray.events] == [Ambiguous]
    assert tray.events[0] == Ambiguous("untagged-item", ((SHIRT, SCARF),))


def test_a_tray_that_was_not_zeroed_today_begins_where_it_stands() -> None:
    tray = Tray(weight_mg=-15_000)
    tray.heard[SCARF] = INSIDE
    tray.weight_mg += 120_000
    tray.wait(5_000)
    assert tray.events == [Presented(SCARF), Listed((SCARF,))]


def test_while_the_scale_is_unplugged_nothing_is_listed_and_afterwards_all_is() -> None:
    tray = Tray()
    at_ns = Nanoseconds(tray.ms * 1_000_000)
    tray.events += tray.sense.hear(Heard("scale", at_ns, DeviceFault("unplugged", "The scale is not there.")))
    tray.heard[SHIRT] = INSIDE
    tray.is_plugged = False
    tray.wait(5_000)
    assert tray.events == []
    tray.weight_mg, tray.is_plugged = 250_000, True
    tray.wait(4_000)
    assert tray.events == [Presented(SHIRT), Listed((SHIRT,))]


def test_a_tray_without_a_scale_leaves_out_what_is_beside_it_and_asks_about_what_may_be() -> None:
    tray = Tray(weighs=False)
    tray.heard |= {SHIRT: INSIDE, SCARF: BESIDE}
    tray.wait(8_000)
    assert tray.events == [Presented(SHIRT), Listed((SHIRT,))]
    tray.heard[TWIN] = (-57, 2)
    tray.wait(15_000)
    assert tray.events[2:] == [Ambiguous("several-fit", ((TWIN,),))]
