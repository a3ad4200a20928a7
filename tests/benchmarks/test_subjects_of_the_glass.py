"""What the glass's figures are taken with: goals, looks in pairs, a bare glass. Nothing measures time."""

from benchmarks.glass import BENCHMARKS
from benchmarks.glass.crowd import SHOPPERS
from benchmarks.glass.looks import Look, Looks

# The numbers that were promised, said here once more: a goal that is moved shows.
PROMISED = {
    "press-painted": "value <= 50",
    "tap-to-frame": "value <= 300",
    "restart-to-basket": "value <= 1000",
    "page-size": "value <= 60",
    "runtime-memory": "value <= 72",
    "crowd-heap": "ratio <= 1.05",
    "crowd-nodes": "ratio <= 1.05",
    "crowd-server": "ratio <= 1.05",
}


def test_every_promised_number_stands_beside_its_goal() -> None:
    assert {each.name: str(each.goal) for each in BENCHMARKS} == PROMISED
    assert SHOPPERS == 2000


def test_all_figures_of_a_round_are_of_the_same_look_whoever_is_asked_first() -> None:
    taken = iter([(_look(1), _look(2)), (_look(3), _look(4))])
    looks = Looks(lambda: next(taken))
    press, bare_press, size = looks.ours("press_ms"), looks.bare("press_ms"), looks.ours("page_kb")
    assert (press(), bare_press(), bare_press(), press()) == (1, 2, 4, 3)
    assert (size(), size()) == (1, 3)


def _look(all_of_it: float) -> Look:
    return Look(all_of_it, all_of_it, all_of_it, all_of_it, all_of_it)
