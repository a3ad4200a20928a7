"""Which goods moved in which stroke: every story that fits each pause of the load, and its end."""

from collections.abc import Iterator, Sequence
from typing import Final

from edge.sensors.strokes import LONG_UNITS, STROKE_NS, SWING_MG, Pause
from edge.sensors.weights import UNITS_MAX, WAYS_MAX, Movable, Way, Ways, explain, net_units

# A planned shelf has one story or a few; past this not all are kept, and no answer counts as the only one.
_STORIES_MAX: Final = 4 * WAYS_MAX

# While one hand presses, the other one takes a unit in each stroke: for so long it comes to LONG_UNITS.
_FREE_NS: Final = (LONG_UNITS - 1) * STROKE_NS

Story = tuple[int, ...]
"""How many units of each movable have moved so far."""


def tell(changes: Sequence[Pause], movables: Sequence[Movable]) -> Ways:
    """Every way to come to the last of these changes of weight by the others, one for each bill.

    A load that no story explains, or that is higher than all that anybody could lay there, is a hand that
    presses: no pause after it tells anything, and the other hand may take units until it lets go.
    """
    stories: list[Story] = [(0,) * len(movables)]
    before, complete, end = Pause(0, 0, 0), True, changes[-1]
    for pause in changes:
        units_max = min(pause.units_max, UNITS_MAX)
        goes_on, whole = _go_on(stories, before, pause, movables, units_max)
        if not goes_on or _is_pressed(pause, movables):
            units_max = LONG_UNITS + max(end.ended_ns - pause.began_ns - _FREE_NS, 0) // STROKE_NS
            stories, whole = _go_on(stories, before, end, movables, min(units_max, UNITS_MAX))
            return _ways(stories, movables, complete=complete and whole)
        stories, before, complete = goes_on, pause, complete and whole
    return _ways(stories, movables, complete=complete)


def _is_pressed(pause: Pause, movables: Sequence[Movable]) -> bool:
    """Whether the load before this pause was higher than if all that was in hands had been laid down."""
    laid = [(each, each.units_max) for each in movables if each.effect_mg > 0]
    highest_mg = sum(units * (each.effect_mg + each.tolerance_mg) for each, units in laid)
    return pause.high_mg > highest_mg + pause.error_mg + SWING_MG


def _go_on(
    stories: Sequence[Story], before: Pause, pause: Pause, movables: Sequence[Movable], units_max: int
) -> tuple[list[Story], bool]:
    """The stories that go on from one pause to the next, and whether there is no other.

    What moved in this stroke must explain its change, and all that moved the change from the beginning.
    """
    found: dict[Story, None] = {}
    complete = True
    change_mg, error_mg = pause.weight_mg - before.weight_mg, pause.error_mg + before.error_mg
    for story in stories:
        now_movable = list(_now_movable(story, movables))
        ways = explain(change_mg, error_mg, now_movable, units_max=units_max)
        complete = complete and ways.complete
        for way in ways.found:
            longer = _with(story, way, movables)
            effect_mg, tolerance_mg = _sums(longer, movables)
            if abs(pause.weight_mg - effect_mg) <= pause.error_mg + tolerance_mg:
                found[longer] = None
    return list(found)[:_STORIES_MAX], complete and len(found) <= _STORIES_MAX


def _now_movable(story: Story, movables: Sequence[Movable]) -> Iterator[Movable]:
    """What can still move, each named by its place, and what can move the other way again."""
    for place, (movable, moved) in enumerate(zip(movables, story, strict=True)):
        if moved < movable.units_max:
            left = movable.units_max - moved
            yield Movable(str(place), movable.effect_mg, movable.tolerance_mg, left)
        if moved:
            yield Movable(str(place), -movable.effect_mg, movable.tolerance_mg, moved)


def _with(story: Story, way: Way, movables: Sequence[Movable]) -> Story:
    moved = list(story)
    for each, units in way:
        place = int(each.name)
        moved[place] += units if each.effect_mg * movables[place].effect_mg > 0 else -units
    return tuple(moved)


def _sums(story: Story, movables: Sequence[Movable]) -> tuple[int, int]:
    moved = list(zip(movables, story, strict=True))
    effect_mg = sum(units * movable.effect_mg for movable, units in moved)
    return effect_mg, sum(units * movable.tolerance_mg for movable, units in moved)


def _ways(stories: Sequence[Story], movables: Sequence[Movable], *, complete: bool) -> Ways:
    """The shortest story of each bill."""
    bills: list[dict[str, int]] = []
    found: list[Way] = []
    for story in sorted(stories, key=sum):
        way = tuple((movable, units) for movable, units in zip(movables, story, strict=True) if units)
        if (bill := net_units(way)) not in bills:
            bills.append(bill)
            found.append(way)
    return Ways(tuple(found[:WAYS_MAX]), complete)
