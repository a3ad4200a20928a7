"""What moved is told from all pauses of the load: a story that misses one of them is not told."""

import pytest

from edge.readings import Nanoseconds
from edge.sensors.stories import tell
from edge.sensors.strokes import STROKE_NS, Pause
from edge.sensors.weights import Movable, Pack

GUM, TEA, OIL = Pack(100_000, 2_000), Pack(220_000, 4_000), Pack(330_000, 6_000)
SHELF = [Movable.taken("gum", GUM, 6), Movable.taken("tea", TEA, 6), Movable.taken("oil", OIL, 6)]
ERROR_MG = 2_000


def pause(grams: int, *, strokes: int = 0, high: int | None = None) -> Pause:
    return Pause(
        grams * 1_000, ERROR_MG, max(grams, high or 0) * 1_000, ended_ns=Nanoseconds(strokes * STROKE_NS)
    )


Bills = list[dict[str, int]]
STORIES: list[tuple[str, list[Pause], Bills]] = [
    ("nothing moved", [pause(0)], [{}]),
    ("less than anything weighs", [pause(-50)], []),
    ("one", [pause(-220)], [{"tea": 1}]),
    ("one, or two at once", [pause(-322)], [{"oil": 1}, {"gum": 1, "tea": 1}]),
    ("two, one after the other", [pause(-100), pause(-320)], [{"gum": 1, "tea": 1}]),
    ("swapped before anybody understood", [pause(-330), pause(0), pause(-100)], [{"gum": 1}]),
    ("two hands take two", [pause(-540)], [{"tea": 1, "oil": 1}]),
    ("more than two hands take", [pause(-300)], [{"gum": 3}]),
    (
        "a long stroke",
        [pause(-540, strokes=1)],
        [{"tea": 1, "oil": 1}, {"gum": 2, "oil": 1}, {"gum": 1, "tea": 2}],
    ),
    ("a hand that pulls", [pause(-60), pause(-220)], [{"tea": 1}]),
    ("a hand that pressed", [pause(-100, high=300), pause(-322)], [{"oil": 1}, {"gum": 1, "tea": 1}]),
    ("so many under a hand that pressed", [pause(-100, high=300), pause(-500, strokes=4)], [{"gum": 5}]),
]


@pytest.mark.parametrize(("pauses", "bills"), [row[1:] for row in STORIES], ids=[row[0] for row in STORIES])
def test_every_bill_that_goes_through_all_pauses_is_told(pauses: list[Pause], bills: Bills) -> None:
    ways = tell(pauses, SHELF)
    assert ways.complete
    told = [{movable.name: units for movable, units in way} for way in ways.found]
    assert sorted(told, key=str) == sorted(bills, key=str)


def test_what_is_in_a_hand_can_be_laid_back_and_weighs_what_it_weighed() -> None:
    shelf = [*SHELF, Movable.laid("tea", Pack(223_000, 1_000))]
    assert tell([pause(223)], shelf).only == ((shelf[3], 1),)
    assert tell([pause(218)], shelf).found == ()
    swapped = tell([pause(223), pause(-107)], shelf).only
    assert swapped is not None
    assert {movable.name: units * movable.effect_mg for movable, units in swapped} == {
        "tea": 223_000,
        "oil": -330_000,
    }


def test_a_unit_that_is_exchanged_for_another_of_its_kind_is_the_same_bill() -> None:
    shelf = [*SHELF, Movable.laid("tea", Pack(223_000, 1_000))]
    ways = tell([pause(6)], shelf)
    assert len(ways.found) == 1
    assert {movable.name for movable, _ in ways.found[0]} == {"tea"}
