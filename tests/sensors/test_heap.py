"""A heap is explained by the tags that lie there, if nothing else explains its weight nearly as well."""

import pytest

from edge.sensors.account import Change
from edge.sensors.heap import Misfit, Several, Solved, Tag, is_heard, solve
from edge.sensors.weights import Pack

ROUNDS = 40
SHIRT, SCARF, COAT = Pack(250_000, 7_500), Pack(120_000, 3_600), Pack(900_000, 27_000)
TWIN = Pack(252_000, 7_500)

# How likely a tag lies here, in decibans: heard loud, heard at the edge, heard from the queue.
LOUD, EDGE, QUEUE = 40, 12, -15


def came(pack: Pack, decibans: int) -> Tag:
    return Tag(pack, decibans, lay=False)


def lay(pack: Pack, decibans: int) -> Tag:
    return Tag(pack, decibans, lay=True)


def grams(change_g: int) -> Change:
    return Change(change_g * 1000, 3_000)


SOLVED = {
    "all that is loud": ({"a": came(SHIRT, LOUD), "b": came(SCARF, LOUD)}, 370, {"a", "b"}),
    "and not the queue": ({"a": came(SHIRT, LOUD), "q": came(SCARF, QUEUE)}, 250, {"a"}),
    "a faint one that fits": (
        {"a": came(SHIRT, LOUD), "f": came(COAT, EDGE)},
        1150,
        {"a", "f"},
    ),
    "a loud one in a hand is not there yet": ({"a": lay(SHIRT, LOUD), "h": came(COAT, 20)}, 0, {"a"}),
    "what is gone is gone": ({"a": lay(SHIRT, LOUD), "b": lay(COAT, -5)}, -900, {"a"}),
    "silence alone takes nothing away": ({"a": lay(SHIRT, LOUD), "b": lay(COAT, -5)}, 0, {"a", "b"}),
    "packs differ": ({"a": came(COAT, LOUD), "b": came(COAT, LOUD)}, 1835, {"a", "b"}),
    "nothing is nothing": ({}, 0, set()),
}


@pytest.mark.parametrize(("tags", "change_g", "lying"), SOLVED.values(), ids=SOLVED)
def test_what_explains_the_weight_lies_there(tags: dict[str, Tag], change_g: int, lying: set[str]) -> None:
    found = solve(tags, grams(change_g), ROUNDS)
    assert isinstance(found, Solved)
    assert found.epcs == lying


def test_two_that_weigh_the_same_and_are_heard_alike_are_not_told_apart() -> None:
    tags = {"a": came(SHIRT, EDGE), "b": came(TWIN, EDGE)}
    assert solve(tags, grams(251), ROUNDS) == Several((("a",), ("b",)))


def test_the_likelier_of_two_that_weigh_the_same_is_believed_from_a_hundred_to_one_on() -> None:
    likelier = {"a": came(SHIRT, 25), "q": came(TWIN, QUEUE)}
    assert solve(likelier, grams(251), ROUNDS) == Solved(frozenset({"a"}), (frozenset({"q"}),))
    alike = {"a": came(SHIRT, 3), "q": came(TWIN, QUEUE)}
    assert solve(alike, grams(251), ROUNDS) == Several((("a",), ("q",)))


@pytest.mark.parametrize(("change_g", "off_mg"), [(330, 80_000), (5, -245_000)])
def test_weight_that_no_tag_accounts_for_and_a_tag_without_its_weight_are_no_heap(
    change_g: int, off_mg: int
) -> None:
    assert solve({"a": came(SHIRT, 45)}, grams(change_g), ROUNDS) == Misfit(off_mg)


def test_a_faint_tag_is_believed_only_when_all_others_would_have_been_heard() -> None:
    assert not is_heard(12, rounds=4)
    assert is_heard(12, rounds=ROUNDS)
    faint = {"f": came(COAT, 12)}
    assert solve(faint, grams(900), rounds=4) == Several((("f",),))
    assert solve(faint, grams(900), ROUNDS) == Solved(frozenset({"f"}))


def test_more_tags_than_anybody_can_go_through_are_no_answer() -> None:
    crowd = {f"{number:03}": came(Pack(100_000 + number, 3_000), EDGE) for number in range(100)}
    assert isinstance(solve(crowd, grams(1_000), ROUNDS), Several)
