"""Goods without tags are told apart by their weight, or not at all."""

import random
from collections import Counter

import pytest

from edge.events import Agreed, Ambiguous, Event, PutBackUnits, TookUnits
from edge.readings import Heard, Milligrams, Nanoseconds, RoundEnded, Weighed
from edge.sensors.shelf import Loose, Pack, ShelfSense

MASSES_MG = {"crisps": 50_000, "coffee": 262_000, "honey": 500_000, "tea": 265_000}
UNITS = 5


class Scale:
    """A shelf without a single tag; weights scatter by 2 g."""

    def __init__(self, *gtins: str, seed: int = 0) -> None:
        self.luck = random.Random(seed)
        self.sense = ShelfSense()
        packs = {gtin: Pack(MASSES_MG[gtin], MASSES_MG[gtin] * 3 // 100, gtin) for gtin in gtins}
        self.sense.expect({}, {gtin: Loose(pack, UNITS) for gtin, pack in packs.items()})
        self.weight_mg = sum(MASSES_MG[gtin] for gtin in gtins) * UNITS
        self.ms = 0
        self.events: list[Event] = []
        self.wait(3_000)

    def wait(self, ms: int, *, steady: bool = True) -> None:
        for _ in range(0, ms, 50):
            self.ms += 50
            weight_mg = round(self.luck.gauss(self.weight_mg, 2_000))
            for source, reading in (
                ("reader", RoundEnded()),
                ("scale", Weighed(Milligrams(weight_mg), steady)),
            ):
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
