"""The way of a load is cut into strokes: at each pause it is known what two hands can have done."""

import msgspec
import pytest

from edge.readings import DeviceFault, LoadMoving, Milligrams, Nanoseconds, Weighed
from edge.sensors.strokes import HANDS_UNITS, LONG_UNITS, Strokes

READING_MS = 100


class Scale:
    """Readings of so many grams each, ten a second; a None is a reading that is not given."""

    def __init__(self, *grams: int | None) -> None:
        self.strokes = Strokes()
        self.ms = 0
        self.hear(*[1_000] * 3)
        self.strokes.understand(1_000_000)
        self.hear(*grams)

    def hear(self, *grams: int | None) -> None:
        for each in grams:
            self.ms += READING_MS
            reading = LoadMoving() if each is None else Weighed(Milligrams(each * 1_000), steady=False)
            self.strokes.hear(reading, Nanoseconds(self.ms * 1_000_000))

    def pauses(self) -> list[tuple[int, int, int]]:
        return [
            (each.weight_mg // 1_000, each.units_max, each.high_mg // 1_000) for each in self.strokes.pauses
        ]


ONE, LONG = HANDS_UNITS, LONG_UNITS
WAYS = [
    ([1_000] * 9, []),
    ([1_002, 998, 1_003, 1_000], []),
    ([700, 520, 502, 500, 500], [(500, ONE, 1_000)]),
    ([700, 500, 500, 500, 300, 300, 300], [(500, ONE, 1_000), (300, ONE, 500)]),
    ([700, 500, 500, 500, 1_000, 1_000, 1_000], [(500, ONE, 1_000), (1_000, ONE, 1_000)]),
    ([1_300, 1_400, 800, 800, 800], [(800, ONE, 1_400)]),
    ([950, 900, 850, 800, 750, 700, 650, 600, 550, 500, 450, 400, 400, 400], [(400, LONG, 1_000)]),
    ([None, None, 500, 500, 500], [(500, ONE, 1_000)]),
    ([None] * 25 + [500, 500, 500], [(500, LONG, 1_000)]),
    ([1_300, 1_000, 1_000, 1_000], [(1_000, ONE, 1_300)]),
]


@pytest.mark.parametrize(("grams", "pauses"), WAYS)
def test_a_load_pauses_between_two_strokes(
    grams: list[int | None], pauses: list[tuple[int, int, int]]
) -> None:
    assert Scale(*grams).pauses() == pauses


def test_what_rests_at_a_pause_is_that_pause_weighed_better() -> None:
    scale = Scale(700, 500, 500, 500, 500)
    (end,) = scale.strokes.until(501_000, 2_000)
    assert end == msgspec.structs.replace(scale.strokes.pauses[0], weight_mg=501_000, error_mg=2_000)
    scale.hear(300)
    first, end = scale.strokes.until(300_000, 2_000)
    assert first == scale.strokes.pauses[0]
    assert (end.weight_mg, end.error_mg, end.units_max, end.high_mg) == (300_000, 2_000, ONE, 500_000)


def test_a_load_that_is_understood_begins_a_new_way() -> None:
    scale = Scale(700, 500, 500, 500)
    scale.strokes.understand(500_000)
    scale.hear(500, 500, 500)
    assert scale.strokes.pauses == []
    (end,) = scale.strokes.until(500_000, 2_000)
    assert (end.weight_mg, end.error_mg, end.units_max, end.high_mg) == (500_000, 2_000, ONE, 500_000)


@pytest.mark.parametrize(
    ("grams", "end", "rose"),
    [
        ([700, 500, 500, 500], 500, False),
        ([700, 500, 500, 500], 800, True),
        ([1_100, 1_100, 1_100, 500, 500, 500], 500, True),
        ([1_004, 996, 1_002], 1_004, False),
    ],
)
def test_a_load_that_rose_on_its_way_may_be_a_hand_that_presses(
    grams: list[int | None], end: int, rose: bool
) -> None:
    assert Scale(*grams).strokes.rose(end * 1_000) is rose


def test_a_hand_that_trembles_makes_no_endless_list() -> None:
    scale = Scale(*(grams for n in range(40) for grams in [900 - n * 20] * 4))
    assert 0 < len(scale.strokes.pauses) <= 8
    assert max(pause.units_max for pause in scale.strokes.pauses) > LONG


def test_much_can_have_moved_while_a_scale_was_out_of_order() -> None:
    scale = Scale()
    scale.strokes.hear(
        DeviceFault("overload", "The scale bears too much."), Nanoseconds(scale.ms * 1_000_000)
    )
    scale.ms += 2_500
    scale.hear(500, 500, 500)
    assert scale.pauses() == [(500, LONG, 1_000)]
