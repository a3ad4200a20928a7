"""The benchmarks' harness, with a fake subject whose samples are known: no test here measures time."""

import json
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

import click
import pytest
from click.testing import CliRunner, Result
from msgspec.structs import replace

from benchmarks import __main__ as command_line
from benchmarks.harness import (
    Benchmark,
    Direction,
    Goal,
    Judged,
    Sample,
    SkippedError,
    Track,
    figure,
    samples,
)
from benchmarks.subjects import UnknownNameError, chosen, installed

AT_MOST, AT_LEAST = Direction.AT_MOST, Direction.AT_LEAST
VALUE, RATIO = Judged.VALUE, Judged.RATIO


def played(numbers: Iterable[float], diary: list[str], who: str) -> Callable[[], float]:
    """Say one number after another, and write down whose turn it was."""
    waiting: Iterator[float] = iter(numbers)

    def sample() -> float:
        diary.append(who)
        return next(waiting)

    return sample


def fake(
    name: str, goal: Goal | None, values: Iterable[float] = (), ceilings: Iterable[float] = ()
) -> Benchmark:
    diary: list[str] = []
    return Benchmark(
        name, "ms", goal, played(values, diary, "value"), played(ceilings, diary, "ceiling"), rounds=3
    )


GOALS = [
    (Goal(VALUE, AT_MOST, 150), 150, 9.0, True),
    (Goal(VALUE, AT_MOST, 150), 150.1, 0.1, False),
    (Goal(VALUE, AT_LEAST, 100), 100, 0.1, True),
    (Goal(VALUE, AT_LEAST, 100), 99.9, 9.0, False),
    (Goal(RATIO, AT_MOST, 1.5), 999, 1.5, True),
    (Goal(RATIO, AT_MOST, 1.5), 0, 1.51, False),
    (Goal(RATIO, AT_LEAST, 0.85), 0, 0.85, True),
    (Goal(RATIO, AT_LEAST, 0.85), 999, 0.84, False),
]


@pytest.mark.parametrize(("goal", "value", "ratio", "met"), GOALS)
def test_a_goal_judges_what_it_names_and_the_limit_itself_is_good_enough(
    goal: Goal, value: float, ratio: float, met: bool
) -> None:
    assert goal.met(value, ratio) is met


def test_a_goal_reads_as_a_sentence() -> None:
    assert [str(goal) for goal, *_ in GOALS[::2]] == [
        "value <= 150",
        "value >= 100",
        "ratio <= 1.5",
        "ratio >= 0.85",
    ]


def test_value_and_ceiling_take_turns_and_each_goes_first_as_often() -> None:
    diary: list[str] = []
    turns = Benchmark(
        "turns", "ms", GOALS[0][0], played([1, 2, 3], diary, "v"), played([4, 5, 6], diary, "c")
    )
    assert list(islice(samples(turns), 3)) == [Sample(1, 4), Sample(2, 5), Sample(3, 6)]
    assert "".join(diary) == "vccvvc"


def test_a_figure_is_the_median_of_its_rounds() -> None:
    found = figure(
        fake("hiccup", Goal(RATIO, AT_MOST, 2)), [Sample(12, 6.0), Sample(10, 5.0), Sample(900, 5.0)]
    )
    assert (found.value, found.ceiling, found.ratio, found.rounds) == (12, 5, 2.4, 3)
    assert found.spread == pytest.approx((900 - 10) / 12, rel=1e-3)
    assert (found.goal, found.met) == ("ratio <= 2", False)


def test_a_figure_without_a_goal_is_for_information_and_fails_nobody() -> None:
    found = figure(fake("rate", None), [Sample(12, 6.0)])
    assert (found.goal, found.met) == ("", True)


def test_a_value_of_nothing_has_no_spread() -> None:
    assert figure(fake("losses", Goal(VALUE, AT_MOST, 0)), [Sample(0, 1)] * 2).spread == 0


SUBJECTS = {
    "journal": (fake("append", GOALS[0][0]), fake("verify", GOALS[0][0])),
    "wire": (fake("batch", GOALS[0][0]),),
}
CHOICES = [
    ((), ["append", "verify", "batch"]),
    (("journal",), ["append", "verify"]),
    (("batch", "append"), ["append", "batch"]),
    (("journal", "verify", "wire"), ["append", "verify", "batch"]),
]


@pytest.mark.parametrize(("names", "figures"), CHOICES)
def test_a_name_is_a_subject_or_a_figure_and_each_figure_comes_once(
    names: tuple[str], figures: list[str]
) -> None:
    assert [each.name for each in chosen(names, SUBJECTS)] == figures


def test_an_unknown_name_is_answered_with_those_that_are_known() -> None:
    with pytest.raises(UnknownNameError) as refused:
        chosen(["journal", "yournal"], SUBJECTS)
    assert str(refused.value) == (
        "no subject or figure is called 'yournal': choose from journal (append, verify); wire (batch)"
    )


def test_names_of_subjects_and_figures_are_unique() -> None:
    names = [*installed(), *(each.name for figures in installed().values() for each in figures)]
    assert "cli" in names
    assert sorted(set(names)) == sorted(names)


def no_room(_track: Track) -> None:
    raise SkippedError("5 GB stay free: free 12 MB more")


def count_to_three(track: Track) -> None:
    assert list(track([1, 2, 3], total=3, description="counting")) == [1, 2, 3]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run the command with figures that meet their goal, miss it, have none, and cannot be taken."""
    subjects = {
        "shop": (
            fake("quick", Goal(RATIO, AT_MOST, 2), [1, 1, 1], [2, 2, 2]),
            fake("slow", Goal(VALUE, AT_MOST, 5), [6, 6, 6], [2, 2, 2]),
        ),
        "later": (replace(fake("rate", None, [1, 1, 1], [2, 2, 2]), prepare=count_to_three),),
        "never": (replace(fake("long", Goal(VALUE, AT_MOST, 3)), prepare=no_room),),
    }
    monkeypatch.setattr(command_line, "installed", lambda: subjects)
    command: click.Command = command_line.measure
    return lambda *arguments: CliRunner().invoke(command, arguments)


def test_each_figure_is_one_line_of_json(run: Callable[..., Result]) -> None:
    result = run("shop", "--json")
    quick, slow = map(json.loads, result.stdout.splitlines())
    assert list(quick) == ["name", "unit", "value", "ceiling", "ratio", "goal", "met", "rounds", "spread"]
    assert quick == {
        "name": "quick", "unit": "ms", "value": 1.0, "ceiling": 2.0, "ratio": 0.5,
        "goal": "ratio <= 2", "met": True, "rounds": 3, "spread": 0.0,
    }  # fmt: skip
    assert (slow["name"], slow["met"]) == ("slow", False)
    assert result.exit_code == 1


def test_ctrl_c_is_a_way_to_end_and_no_goal_that_was_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(_: object) -> Iterator[float]:
        raise KeyboardInterrupt

    monkeypatch.setattr(command_line, "installed", lambda: {"shop": (fake("slow", None),)})
    monkeypatch.setattr(command_line, "samples", stopped)
    assert CliRunner().invoke(command_line.measure, ["slow"]).exit_code == 130


def test_a_person_gets_a_table(run: Callable[..., Result]) -> None:
    result = run("quick", "--rounds", "2")
    assert "quick" in result.stdout
    assert "met" in result.stdout
    assert result.exit_code == 0


def test_what_takes_long_is_made_before_the_first_sample_and_a_figure_without_a_goal_has_no_verdict(
    run: Callable[..., Result],
) -> None:
    result = run("rate")
    (row,) = (line for line in result.stdout.splitlines() if "rate" in line)
    assert "met" not in row
    assert result.exit_code == 0


def test_a_figure_that_cannot_be_taken_says_why_and_its_goal_counts_as_missed(
    run: Callable[..., Result],
) -> None:
    as_json, for_people = run("long", "quick", "--json"), run("long")
    assert json.loads(as_json.stdout.splitlines()[1]) == {
        "name": "long", "unit": "ms", "goal": "value <= 3", "skipped": "5 GB stay free: free 12 MB more",
        "met": False,
    }  # fmt: skip
    assert "long was skipped: 5 GB stay free: free 12 MB more" in for_people.stdout
    assert (as_json.exit_code, for_people.exit_code) == (1, 1)


WRONG = [(("quik",), "choose from shop (quick, slow)"), (("--rounds", "0"), "0 is not in the range")]


@pytest.mark.parametrize(("arguments", "complaint"), WRONG)
def test_wrong_usage_ends_with_2(
    run: Callable[..., Result], arguments: tuple[str, ...], complaint: str
) -> None:
    result = run(*arguments)
    assert complaint in result.stderr
    assert result.exit_code == 2
