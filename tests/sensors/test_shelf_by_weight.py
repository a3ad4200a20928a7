"""Goods without tags are told apart by their weight, or not at all."""

import random
from collections import Counter

import pytest

from edge.events import Agreed, Ambiguous, Event, PutBack, PutBackUnits, Took, TookUnits
from edge.readings import Heard, Milligrams, Nanoseconds, Reading, RoundEnded, TagSeen, Weighed
from edge.sensors.shelf import Loose, Pack, ShelfSense

MASSES_MG = {"crisps": 50_000, "coffee": 262_000, "honey": 500_000, "tea": 265_000, "juice": 150_000}
UNITS = 5
TAGGED_MG = 151_000


class Scale:
    """Goods without tags, and perhaps some with them; weights scatter by 2 g."""

    def __init__(self, *gtins: str, seed: int = 0, tagged: tuple[str, ...] = ()) -> None:
        self.luck = random.Random(seed)
        self.sense = ShelfSense()
        packs = {gtin: Pack(MASSES_MG[gtin], MASSES_MG[gtin] * 3 // 100, gtin) for gtin in gtins}
        items = {epc: Pack(TAGGED_MG, TAGGED_MG * 3 // 100) for epc in tagged}
        self.sense.expect(items, {gtin: Loose(pack, UNITS) for gtin, pack in packs.items()})
        self.weight_mg = sum(MASSES_MG[gtin] for gtin in gtins) * UNITS + len(tagged) * TAGGED_MG
        self.tagged = list(tagged)
        self.ms = 0
        self.events: list[Event] = []
        self.wait(3_000)

    def wait(self, ms: int, *, steady: bool = True) -> None:
        for _ in range(0, ms, 50):
            self.ms += 50
            weight_mg = round(self.luck.gauss(self.weight_mg, 2_000))
            self.hear("reader", *(TagSeen(epc, -55) for epc in self.tagged), RoundEnded())
            self.hear("scale", Weighed(Milligrams(weight_mg), steady))

    def hear(self, source: str, *readings: Reading) -> None:
        for reading in readings:
            self.events += self.sense.hear(Heard(source, Nanoseconds(self.ms * 1_000_000), reading))

    def move(self, gtin: str, units: int) -> None:
        """Take units (below 0) or put them back."""
        self.weight_mg += MASSES_MG[gtin] * units
        self.wait(3_000)


def test_what_only_one_product_weighs_is_taken_and_put_back() -> None:
    scale = Scale("crisps", "coffee", "honey")
    scale.move("coffee", -1)
    scale.move("honey", -1)
    scale.move("coffee", 1)
    assert scale.events == [TookUnits("coffee", 1), TookUnits("honey", 1), PutBackUnits("coffee", 1)]


def test_two_products_of_one_weight_are_never_guessed() -> None:
    scale = Scale("coffee", "tea", "honey")
    scale.move("tea", -1)
    scale.wait(3_000)
    assert scale.events == [Ambiguous("several-fit", (("coffee",), ("tea",)))]
    scale.move("tea", 1)
    assert scale.events[1:] == [Agreed()]


def test_one_that_is_laid_back_while_another_is_taken_is_both() -> None:
    scale = Scale("crisps", "coffee", "honey")
    scale.move("coffee", -1)
    scale.weight_mg += MASSES_MG["coffee"]
    scale.move("honey", -1)
    assert scale.events == [TookUnits("coffee", 1), PutBackUnits("coffee", 1), TookUnits("honey", 1)]


def test_a_heavier_unit_of_the_same_kind_is_the_same_bill() -> None:
    scale = Scale("coffee", "honey")
    scale.move("coffee", -1)
    scale.weight_mg -= 12_000
    scale.wait(6_000)
    assert scale.events == [TookUnits("coffee", 1)]


def test_what_is_laid_back_weighs_what_it_weighed_when_it_was_taken() -> None:
    scale = Scale("coffee", "honey")
    scale.move("coffee", -1)
    scale.weight_mg += 12_000
    scale.move("coffee", 1)
    scale.wait(5_000)
    assert scale.events == [TookUnits("coffee", 1), Ambiguous("tag-and-weight")]


def test_pauses_tell_three_light_ones_from_a_heavy_one() -> None:
    scale = Scale("crisps", "juice")
    for _ in range(3):
        scale.weight_mg -= MASSES_MG["crisps"]
        scale.wait(400, steady=False)
    scale.wait(3_000)
    scale.move("juice", -1)
    assert scale.events == [TookUnits("crisps", 3), TookUnits("juice", 1)]


def test_what_moved_under_a_hand_that_pressed_is_asked_about_rather_than_guessed() -> None:
    scale = Scale("crisps", "juice")
    scale.weight_mg += 300_000
    scale.wait(400, steady=False)
    scale.weight_mg -= 300_000 + MASSES_MG["juice"]
    scale.wait(7_000)
    assert scale.events == [Ambiguous("several-fit", (("juice",), ("crisps",) * 3))]


def test_goods_with_and_without_tags_that_weigh_the_same_lie_together() -> None:
    scale = Scale("juice", "honey", tagged=("30AA", "30BB"))
    scale.move("juice", -1)
    scale.tagged.remove("30AA")
    scale.weight_mg -= TAGGED_MG
    scale.wait(4_000)
    scale.move("juice", 1)
    scale.tagged.append("30AA")
    scale.weight_mg += TAGGED_MG
    scale.wait(4_000)
    assert scale.events == [TookUnits("juice", 1), Took("30AA"), PutBackUnits("juice", 1), PutBack("30AA")]


def test_a_hand_that_weighs_as_much_as_goods_that_were_taken_trembles() -> None:
    scale = Scale("juice", "honey")
    scale.move("juice", -1)
    for off_mg in (0, 10_000, -8_000, 6_000, -12_000, 8_000):
        scale.weight_mg += MASSES_MG["juice"] + off_mg
        scale.wait(600)
        scale.weight_mg -= MASSES_MG["juice"] + off_mg
    scale.wait(3_000)
    assert scale.events == [TookUnits("juice", 1)]


def test_a_unit_that_is_sold_is_not_put_back_by_anybody() -> None:
    scale = Scale("coffee", "honey")
    scale.move("coffee", -1)
    packs = {gtin: Pack(MASSES_MG[gtin], MASSES_MG[gtin] * 3 // 100, gtin) for gtin in ("coffee", "honey")}
    scale.sense.expect(
        {}, {"coffee": Loose(packs["coffee"], UNITS - 1), "honey": Loose(packs["honey"], UNITS)}
    )
    scale.move("coffee", 1)
    scale.wait(6_000)
    assert scale.events == [TookUnits("coffee", 1), Ambiguous("tag-and-weight")]


@pytest.mark.parametrize("seed", range(8))
def test_putting_back_lowers_a_bill_by_exactly_what_taking_raised_it(seed: int) -> None:
    luck = random.Random(seed)
    scale = Scale("crisps", "coffee", "honey", seed=seed)
    hands: Counter[str] = Counter()
    for _ in range(8):
        gtin = luck.choice(("crisps", "coffee", "honey"))
        units = luck.choice([-1, *([1] if hands[gtin] else [])]) if hands[gtin] < UNITS else 1
        hands[gtin] -= units
        scale.move(gtin, units)
    for gtin in sorted(hands):
        if hands[gtin]:
            scale.move(gtin, hands[gtin])
    bill: Counter[str] = Counter()
    for event in scale.events:
        match event:
            case TookUnits(gtin=gtin, units=units):
                bill[gtin] += units
            case PutBackUnits(gtin=gtin, units=units):
                bill[gtin] -= units
            case _:
                raise AssertionError(event)
    assert scale.events
    assert not any(bill.values())
