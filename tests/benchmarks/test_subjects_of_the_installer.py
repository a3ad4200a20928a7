"""What the installer's figures are taken with: goals, one telling a round. Nothing boots here."""

import pytest

from benchmarks.harness import SkippedError
from benchmarks.installer import BENCHMARKS, machines

# The numbers that were promised, said here once more: a goal that is moved shows.
PROMISED = {
    "first-sale": "value <= 180",
    "doctor": "value <= 10",
    "boot": "value <= 5",
    "unit-killed": "value <= 3",
    "object-at-rest": "value <= 2",
}


def test_every_promised_number_stands_beside_its_goal() -> None:
    assert {each.name: str(each.goal) for each in BENCHMARKS} == PROMISED


def test_all_figures_of_a_round_are_of_one_telling(monkeypatch: pytest.MonkeyPatch) -> None:
    tellings = iter(({"doctor": 1, "boot": 2}, {"doctor": 3, "boot": 4}))
    monkeypatch.setattr(machines, "told", lambda: next(tellings))
    all_of_it = machines.Machines()
    doctor, boot = all_of_it.figure("doctor"), all_of_it.figure("boot")
    assert [boot(), doctor(), doctor(), boot()] == [2, 1, 3, 4]


def test_whoever_may_not_boot_machines_is_told_what_to_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(SkippedError, match="sudo make system-test"):
        machines.told()
