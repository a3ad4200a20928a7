"""`opos sim chaos`: a seed plays the same world again, and a broken promise is told with its seed."""

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from proofs import worlds
from proofs.play import Outcome, play
from proofs.worlds import chaos
from simulators.cli import sim
from tests.proofs.mutants import MUTANTS


def test_a_seed_plays_the_same_world_again() -> None:
    assert [play(seed) for seed in range(5)] == [play(seed) for seed in range(5)]


def test_a_seed_plays_the_same_world_in_another_process() -> None:
    command = [sys.executable, "-m", "proofs.worlds", "--seed", "11", "--worlds", "2", "--json"]
    ran = subprocess.run(command, capture_output=True, check=True, timeout=60)
    told = json.loads(ran.stdout)
    assert told["problems"] == []
    assert told["entries"] == sum(play(seed).entries for seed in (11, 12))


def test_a_world_with_a_bug_in_it_plays_the_same_again() -> None:
    with MUTANTS["refusals are not counted"]():
        first = next(outcome for outcome in map(play, range(50)) if outcome.broken is not None)
        assert play(first.seed) == first


def test_a_broken_promise_is_told_with_its_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        worlds, "play", lambda seed: Outcome(seed, {}, 0, 0, 0, "two became one" if seed == 8 else None)
    )
    ran = CliRunner().invoke(chaos, ["--seed", "7", "--worlds", "3", "--json"])
    told = json.loads(ran.stdout)
    assert (ran.exit_code, told["worlds"], told["broken"]) == (1, 3, 1)
    assert told["problems"] == [
        {"seed": 8, "sentence": "two became one", "replay": "opos sim chaos --seed 8 --worlds 1"}
    ]


def test_people_are_told_in_sentences(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worlds, "play", lambda seed: Outcome(seed, {"sales": 2}, 3, 1, 1))
    ran = CliRunner().invoke(chaos, ["--seed", "1", "--worlds", "2"])
    assert ran.exit_code == 0
    assert ran.stdout.splitlines() == [
        "2 worlds (seeds 1 to 2), 6 entries",
        "          4  sales",
        "2 forks could be seen, 2 of them were reported",
        "No promise was broken.",
    ]


def test_the_simulators_command_hands_everything_on(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[list[str]] = []

    def run(command: list[str], *, check: bool) -> "subprocess.CompletedProcess[bytes]":
        assert not check
        given.append(command[1:])
        return subprocess.CompletedProcess(command, 1)

    monkeypatch.setattr("simulators.chaos.subprocess.run", run)
    ran = CliRunner().invoke(sim, ["chaos", "--seed", "3", "--worlds", "9", "--json"])
    assert ran.exit_code == 1
    assert given == [["-m", "proofs.worlds", "--seed", "3", "--worlds", "9", "--json"]]
