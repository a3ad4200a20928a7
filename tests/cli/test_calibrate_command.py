"""`opos calibrate`: what begins with an option is said to the scale, and a mistyped word gets a hint."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from edge.cli.calibrate import calibrate

TOO_FEW = ("--rounds", "1")


@pytest.mark.parametrize("words", [TOO_FEW, ("scale", *TOO_FEW)])
def test_an_option_alone_is_said_to_the_scale(words: tuple[str, ...]) -> None:
    asked = CliRunner().invoke(calibrate, words)
    assert (asked.exit_code, "2<=x<=10" in asked.stderr) == (2, True)


def test_an_object_without_a_file_is_told_so_however_it_was_asked(tmp_path: Path) -> None:
    asked = CliRunner().invoke(calibrate, ["--json", str(tmp_path / "object.toml")])
    assert asked.exit_code == 1
    assert f"{tmp_path}/object.toml: cannot be read" in asked.stderr
    assert not asked.stdout


@pytest.mark.parametrize(
    ("words", "said"), [((), "Commands:"), (("--help",), "Commands:"), (("tuoch",), "Did you mean 'touch'?")]
)
def test_what_is_no_option_is_the_name_of_what_is_calibrated(words: tuple[str, ...], said: str) -> None:
    assert said in CliRunner().invoke(calibrate, words).output
