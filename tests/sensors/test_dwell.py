"""Interest in products is told by product and duration, and never by item or person."""

import msgspec
import pytest

from edge.events import Act, Event, Interest, Left, Presented, PutBack, Took
from edge.readings import Nanoseconds
from edge.sensors.dwell import Dwell

TEA, COFFEE, MORE_TEA = "30AA01", "30BB01", "30AA02"
PRODUCTS = {TEA: "tea", MORE_TEA: "tea", COFFEE: "coffee"}

Story = list[tuple[int, Event | tuple[str, ...] | None]]

STORIES: dict[str, tuple[Story, list[Interest]]] = {
    "a grip": (
        [(0, Took(TEA)), (900, PutBack(TEA))],
        [Interest(Act.PICKED_UP, "tea"), Interest(Act.ABANDONED, "tea", 0)],
    ),
    "a long look at what is not bought": (
        [(0, Presented(TEA)), (2_500, None), (5_200, Left(TEA))],
        [
            Interest(Act.PICKED_UP, "tea"),
            Interest(Act.LOOKED_AT, "tea", 2_000),
            Interest(Act.ABANDONED, "tea", 5_000),
        ],
    ),
    "two products compared, one bought": (
        [(0, Took(TEA)), (500, Took(COFFEE)), (1_600, None), (1_900, PutBack(TEA)), (1_950, (COFFEE,))],
        [
            Interest(Act.PICKED_UP, "tea"),
            Interest(Act.PICKED_UP, "coffee"),
            Interest(Act.COMPARED, "coffee", other_gtin="tea"),
            Interest(Act.ABANDONED, "tea", 1_000),
            Interest(Act.BOUGHT, "coffee", 1_000),
        ],
    ),
    "two of a kind are not compared": (
        [(0, Took(TEA)), (0, Took(MORE_TEA)), (1_500, None)],
        [Interest(Act.PICKED_UP, "tea"), Interest(Act.PICKED_UP, "tea")],
    ),
    "what is bought and carried away is not abandoned": (
        [(0, Presented(TEA)), (1_000, (TEA,)), (1_500, Left(TEA))],
        [Interest(Act.PICKED_UP, "tea"), Interest(Act.BOUGHT, "tea", 1_000)],
    ),
    "what the shop does not sell": ([(0, Presented("30FF")), (5_000, Left("30FF"))], []),
}


@pytest.mark.parametrize("name", STORIES)
def test_a_visit_is_told_as_interest(name: str) -> None:
    story, told = STORIES[name]
    dwell = Dwell(PRODUCTS.get)
    heard: list[Interest] = []
    for at_ms, act in story:
        now_ns = Nanoseconds(at_ms * 1_000_000)
        if act is None:
            heard += dwell.tick(now_ns)
        elif isinstance(act, tuple):
            heard += dwell.bought(act, now_ns)
        else:
            heard += dwell.hear(act, now_ns)
    assert heard == told
    assert not any(epc in msgspec.json.encode(heard).decode() for epc in PRODUCTS)


def test_a_crowd_of_tags_is_bounded() -> None:
    dwell = Dwell(lambda epc: epc)
    for n in range(1_000):
        list(dwell.hear(Took(f"{n}"), Nanoseconds(n)))
    assert len(dwell._held) <= 100
