"""Scripts: what a person may write, and the sentence that they get for anything else."""

from pathlib import Path

import pytest

import simulators
from simulators.demo.bad_days import BadDayError
from simulators.demo.script import Step, Verb, read_script
from simulators.demo.shop_files import CORNER, read_shop

SHOP = read_shop(CORNER)
SCARF = "Lambswool Scarf"
EVERY = {"mirror-4", "shelf-b12", "tray-2", "panel-7"}

STEPS = [
    (f"- hold: {{object: mirror-4, item: {SCARF}}}", Step(1, Verb.HOLD, "mirror-4", SCARF)),
    ("- away: mirror-4", Step(1, Verb.AWAY, "mirror-4")),
    ("# first a word\n- buy: shelf-b12", Step(2, Verb.BUY, "shelf-b12")),
    (
        "- take: {object: shelf-b12, item: Colombia Huila 250 g, count: 2}",
        Step(1, Verb.TAKE, "shelf-b12", "Colombia Huila 250 g", 2),
    ),
    (
        "- put back: {object: shelf-b12, item: Colombia Huila 250 g}",
        Step(1, Verb.PUT_BACK, "shelf-b12", "Colombia Huila 250 g", 1),
    ),
    ("- carry out: shelf-b12", Step(1, Verb.CARRY_OUT, "shelf-b12")),
    (f"- lay: {{object: tray-2, item: {SCARF}, count: 2}}", Step(1, Verb.LAY, "tray-2", SCARF, 2)),
    (f"- take out: {{object: tray-2, item: {SCARF}}}", Step(1, Verb.TAKE_OUT, "tray-2", SCARF)),
    (f"- scan: {{object: panel-7, item: {SCARF}}}", Step(1, Verb.SCAN, "panel-7", SCARF)),
    ("- carry out: panel-7", Step(1, Verb.CARRY_OUT, "panel-7")),
    ("- cut: all", Step(1, Verb.CUT, "all")),
    ("- plug: mirror-4", Step(1, Verb.PLUG, "mirror-4")),
    ("- wait: receipts", Step(1, Verb.WAIT, "receipts")),
]

WRONG = [
    ("", 1, "expected a list of steps"),
    ("buy: mirror-4", 1, "expected a list of steps"),
    ("- buy: mirror-4\n- hodl: mirror-4", 2, "expected one of hold, away"),
    ("- buy: mirror-9", 1, "one of mirror-4, shelf-b12, tray-2, panel-7, got 'mirror-9'"),
    (f"- hold: {{object: shelf-b12, item: {SCARF}}}", 1, "expected one of mirror-4, got 'shelf-b12'"),
    (f"- lay: {{object: panel-7, item: {SCARF}}}", 1, "expected one of tray-2, got 'panel-7'"),
    (f"- scan: {{object: tray-2, item: {SCARF}}}", 1, "expected one of panel-7, got 'tray-2'"),
    ("- carry out: mirror-4", 1, "expected one of shelf-b12, tray-2, panel-7, got 'mirror-4'"),
    ("- buy: mirror-4\n\n- hold: {object: mirror-4}", 3, "expected 'item' after 'hold'"),
    ("- hold: {object: mirror-4, item: Bowler Hat}", 1, "expected one of Brandy"),
    (f"- hold: {{object: mirror-4, item: {SCARF}, count: 2}}", 1, "expected a count from 1 to 1, got '2'"),
    ("- take: {object: shelf-b12, item: Colombia Huila 250 g, count: 0}", 1, "a count from 1 to 100"),
    ("- take: {object: shelf-b12, item: Colombia Huila 250 g, colour: red}", 1, "object, item, count"),
    ("- take: shelf-b12", 1, "expected `take: {object: ..., item: ...}`"),
    ("- wait: godot", 1, "expected one of receipts, got 'godot'"),
    ("- buy: [mirror-4]", 1, "expected a word"),
    ("- buy: mirror-4\n  away: mirror-4", 1, "expected one step"),
    ("- buy: mirror-4\n- [", 2, "expected YAML"),
    ("- buy: \x00", 1, "expected YAML"),
]


@pytest.mark.parametrize(("text", "step"), STEPS)
def test_a_step_is_what_it_says(text: str, step: Step, tmp_path: Path) -> None:
    script = tmp_path / "day.yaml"
    script.write_text(text, encoding="utf-8")
    assert read_script(script, SHOP) == (step,)


@pytest.mark.parametrize(("text", "line", "expected"), WRONG)
def test_a_wrong_script_is_told_by_its_line_and_what_was_expected(
    text: str, line: int, expected: str, tmp_path: Path
) -> None:
    script = tmp_path / "day.yaml"
    script.write_text(text, encoding="utf-8")
    with pytest.raises(BadDayError) as told:
        read_script(script, SHOP)
    assert f"line {line}:" in told.value.sentence
    assert expected in told.value.sentence
    assert "mend it with" in told.value.sentence


def test_a_script_that_is_not_there_is_told_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(BadDayError, match=r"gone\.yaml cannot be read"):
        read_script(tmp_path / "gone.yaml", SHOP)


def test_a_script_without_end_is_refused(tmp_path: Path) -> None:
    script = tmp_path / "day.yaml"
    script.write_text("- buy: mirror-4\n" * 30_000, encoding="utf-8")
    with pytest.raises(BadDayError, match="split it"):
        read_script(script, SHOP)


def test_the_demo_script_sells_on_every_object_with_and_without_a_network() -> None:
    steps = read_script(Path(simulators.__file__).with_name("demo.yaml"), SHOP)
    cut = [step.verb for step in steps].index(Verb.CUT)
    for part in (steps[:cut], steps[cut:]):
        assert {step.object for step in part if step.verb is Verb.BUY} == EVERY
    assert sum(step.verb is Verb.BUY for step in steps) == 14
    assert steps[-1].verb is Verb.WAIT
