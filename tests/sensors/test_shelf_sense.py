"""A shelf says what was taken and put back only where the weight and the tags agree."""

import pytest

from edge.events import Agreed, Ambiguous, Event, Fetched, Misplaced, PutBack, Took
from edge.readings import (
    DeviceFault,
    DeviceReady,
    Heard,
    LoadMoving,
    Milligrams,
    Nanoseconds,
    Reading,
    RoundEnded,
    TagSeen,
    Weighed,
)
from edge.sensors.shelf import Pack, ShelfSense

PACK_MG = 262_000
TOLERANCE_MG = 5_000
PACKS = [f"30{n:02X}" for n in range(6)]
MISPLACED = "30CC"


class Shelf:
    """A shelf with a scale and a reader, moved by a hand; time goes on by itself."""

    def __init__(
        self,
        packs: list[str],
        lying: list[str] | None = None,
        *,
        mass_mg: int = PACK_MG,
        listened_ms: int = 1_000,
    ) -> None:
        self.sense = ShelfSense({MISPLACED: Pack(PACK_MG, TOLERANCE_MG)}.get)
        self.mass_mg = mass_mg
        self.sense.expect({epc: Pack(PACK_MG, TOLERANCE_MG) for epc in packs})
        self.lying = list(packs) if lying is None else lying
        self.weight_mg = mass_mg * len(self.lying)
        self.ms = 0
        self.events: list[Event] = []
        self.wait(listened_ms)

    def hear(self, source: str, reading: Reading) -> None:
        self.events += self.sense.hear(Heard(source, Nanoseconds(self.ms * 1_000_000), reading))

    def wait(self, ms: int, *, steady: bool = True) -> None:
        for _ in range(0, ms, 50):
            self.ms += 50
            for epc in self.lying:
                self.hear("reader", TagSeen(epc))
            self.hear("reader", RoundEnded())
            self.hear("scale", Weighed(Milligrams(self.weight_mg), steady))

    def take(self, *epcs: str, weight: bool = True, tag: bool = True) -> None:
        if weight:
            self.weight_mg -= self.mass_mg * len(epcs)
            self.wait(300, steady=False)
        if tag:
            self.lying = [epc for epc in self.lying if epc not in epcs]

    def put(self, *epcs: str, mass_mg: int = PACK_MG) -> None:
        self.weight_mg += mass_mg * len(epcs)
        self.lying += epcs


def test_what_is_taken_and_put_back_is_said_once() -> None:
    shelf = Shelf(PACKS)
    shelf.take(PACKS[1], PACKS[4])
    shelf.wait(2_000)
    assert shelf.events == [Took(PACKS[1]), Took(PACKS[4])]
    shelf.put(PACKS[4])
    shelf.wait(2_000)
    assert shelf.events[2:] == [PutBack(PACKS[4])]


def test_the_last_pack_can_be_taken() -> None:
    shelf = Shelf(PACKS[:1])
    shelf.take(PACKS[0])
    shelf.wait(2_000)
    assert shelf.events == [Took(PACKS[0])]


@pytest.mark.parametrize("off_mg", [-TOLERANCE_MG, TOLERANCE_MG])
def test_packs_that_differ_within_their_tolerance_are_no_contradiction(off_mg: int) -> None:
    shelf = Shelf(PACKS, mass_mg=PACK_MG + off_mg)
    shelf.take(PACKS[0])
    shelf.wait(5_000)
    assert shelf.events == [Took(PACKS[0])]


@pytest.mark.parametrize("off_mg", [-TOLERANCE_MG * 5, TOLERANCE_MG * 5])
def test_a_tag_that_leaves_with_a_weight_that_is_not_its_own_charges_nothing(off_mg: int) -> None:
    shelf = Shelf(PACKS)
    shelf.take(PACKS[0])
    shelf.weight_mg += off_mg
    shelf.wait(5_000)
    assert shelf.events == [Ambiguous("tag-and-weight")]


@pytest.mark.parametrize(
    ("weight", "tag"), [(True, False), (False, True)], ids=["only the weight is gone", "only the tag is gone"]
)
def test_one_sensor_alone_charges_nothing_and_is_said_after_a_while(weight: bool, tag: bool) -> None:
    shelf = Shelf(PACKS)
    shelf.take(PACKS[0], weight=weight, tag=tag)
    shelf.wait(2_000)
    assert shelf.events == []
    shelf.wait(3_000)
    assert shelf.events == [Ambiguous("tag-and-weight")]


def test_agreement_after_a_contradiction_is_said_before_what_was_taken() -> None:
    shelf = Shelf(PACKS)
    shelf.take(PACKS[0], tag=False)
    shelf.wait(4_000)
    shelf.lying.remove(PACKS[0])
    shelf.wait(2_000)
    assert shelf.events == [Ambiguous("tag-and-weight"), Agreed(), Took(PACKS[0])]


def test_a_hand_that_leans_on_the_shelf_charges_nothing() -> None:
    shelf = Shelf(PACKS)
    shelf.weight_mg += 3_000_000
    shelf.wait(1_500)
    shelf.weight_mg -= 3_000_000
    shelf.wait(3_000)
    assert shelf.events == []


def test_a_moving_load_is_no_weight() -> None:
    shelf = Shelf(PACKS)
    shelf.take(PACKS[0])
    shelf.wait(10_000, steady=False)
    assert shelf.events == []


def test_somebody_elses_item_is_named_as_such() -> None:
    shelf = Shelf(PACKS)
    shelf.put("30FF")
    shelf.wait(4_000)
    assert shelf.events == [Ambiguous("foreign-item")]


def test_a_sold_item_is_not_missed() -> None:
    shelf = Shelf(PACKS)
    shelf.take(PACKS[0])
    shelf.wait(2_000)
    shelf.sense.expect({epc: Pack(PACK_MG, TOLERANCE_MG) for epc in PACKS[1:]})
    shelf.wait(4_000)
    assert shelf.events == [Took(PACKS[0])]


def test_what_was_taken_while_nobody_listened_is_known_after_a_start() -> None:
    shelf = Shelf(PACKS, lying=PACKS[2:])
    assert shelf.events == [Took(PACKS[0]), Took(PACKS[1])]


@pytest.mark.parametrize("ms", range(0, 1_300, 100))
def test_what_is_taken_while_a_shelf_is_still_starting_is_known_as_well(ms: int) -> None:
    shelf = Shelf(PACKS, listened_ms=ms)
    shelf.take(PACKS[0])
    shelf.wait(4_000)
    assert shelf.events == [Took(PACKS[0])]


def test_what_was_delivered_is_in_nobodys_hand_before_it_was_seen_to_lie_here() -> None:
    shelf = Shelf(PACKS[:4])
    shelf.sense.expect({epc: Pack(PACK_MG, TOLERANCE_MG) for epc in PACKS})
    shelf.put(PACKS[5])
    shelf.wait(50)
    shelf.take(PACKS[5])
    shelf.wait(4_000)
    assert shelf.events == []


@pytest.mark.parametrize("reading", [DeviceFault("device.gone", "The scale is gone."), DeviceReady()])
def test_a_scale_that_starts_again_is_believed_only_once_it_has_weighed(reading: Reading) -> None:
    shelf = Shelf(PACKS)
    shelf.hear("scale", reading)
    shelf.lying = PACKS[1:]
    for _ in range(100):
        shelf.ms += 50
        for epc in shelf.lying:
            shelf.hear("reader", TagSeen(epc))
        shelf.hear("reader", RoundEnded())
    assert shelf.events == []


def test_a_scale_that_gives_no_weight_while_its_load_moves_is_not_believed_meanwhile() -> None:
    shelf = Shelf(PACKS)
    shelf.hear("scale", LoadMoving())
    shelf.lying = PACKS[1:]
    for _ in range(100):
        shelf.ms += 50
        for epc in shelf.lying:
            shelf.hear("reader", TagSeen(epc))
        shelf.hear("reader", RoundEnded())
        shelf.hear("scale", LoadMoving())
    assert shelf.events == []
    shelf.weight_mg -= PACK_MG
    shelf.wait(1_000)
    assert shelf.events == [Took(PACKS[0])]


def test_an_item_of_another_shelf_is_named_and_stops_nobody() -> None:
    shelf = Shelf(PACKS)
    shelf.put(MISPLACED)
    shelf.wait(4_000)
    shelf.take(PACKS[2])
    shelf.wait(2_000)
    shelf.take(MISPLACED)
    shelf.wait(2_000)
    assert shelf.events == [Misplaced(MISPLACED), Took(PACKS[2]), Fetched(MISPLACED)]


def test_somebody_who_passes_with_a_bag_of_tags_changes_nothing() -> None:
    shelf = Shelf(PACKS)
    shelf.lying += ["30EE", "30EF"]
    shelf.wait(6_000)
    assert shelf.events == []


def test_a_pack_that_is_taken_and_held_before_the_shelf_stays_taken() -> None:
    shelf = Shelf(PACKS)
    shelf.take(PACKS[0])
    shelf.wait(2_000)
    shelf.lying.append(PACKS[0])
    shelf.wait(10_000)
    assert shelf.events == [Took(PACKS[0])]


@pytest.mark.parametrize("mg_a_second", [-15, 15])
def test_a_drift_of_many_grams_is_followed_and_charges_nobody(mg_a_second: int) -> None:
    shelf = Shelf(PACKS)
    for _ in range(800):
        shelf.wait(1_000)
        shelf.weight_mg += mg_a_second
    shelf.take(PACKS[0])
    shelf.wait(2_000)
    assert shelf.events == [Took(PACKS[0])]


def test_goods_that_the_books_expect_before_they_arrive_are_in_nobodys_hand() -> None:
    shelf = Shelf(PACKS[:4])
    shelf.sense.expect({epc: Pack(PACK_MG, TOLERANCE_MG) for epc in PACKS})
    shelf.wait(4_000)
    shelf.put(*PACKS[4:])
    shelf.wait(4_000)
    shelf.take(PACKS[5])
    shelf.wait(2_000)
    assert shelf.events == [Took(PACKS[5])]


def test_a_product_is_named_where_the_weight_alone_speaks() -> None:
    shelf = Shelf([])
    shelf.sense.expect({epc: Pack(PACK_MG, TOLERANCE_MG, "09520001000028") for epc in PACKS})
    shelf.put(*PACKS)
    shelf.wait(2_000)
    shelf.take(PACKS[0], tag=False)
    shelf.wait(4_000)
    assert shelf.events == [Ambiguous("tag-and-weight", (("09520001000028",),))]
