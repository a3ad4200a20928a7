"""The longer form of these days: a seed plays at every door, and says itself where it does harm."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.hostile import soak
from tests.hostile.soak import DOORS, Ground, play


@pytest.mark.parametrize("door", DOORS)
def test_a_seed_plays_at_each_door(door: str) -> None:
    assert play(Ground(None), 3, door) == door


def test_a_seed_that_does_harm_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def harmful(*_: object) -> str:
        raise AssertionError("it was written down")

    monkeypatch.setattr(soak, "play", harmful)
    ended = CliRunner().invoke(soak.soak, ["--seconds", "1", "--seed", "41"])
    assert (ended.exit_code, "seed 41 does harm" in ended.output) == (1, True)
    assert not list(Path().glob("hostile-*"))
