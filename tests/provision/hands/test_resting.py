"""Who needs a device that the object holds has it rest meanwhile, with leave, and work again afterwards."""

from collections.abc import Sequence

import pytest

from edge.provision.resting import UNIT, StillRunsError, at_rest


class Machine:
    """systemctl, as it answers on a machine where the object runs, or not."""

    def __init__(self, *, runs: bool, stops: bool = True) -> None:
        self.runs, self._stops = runs, stops
        self.words: list[str] = []

    def __call__(self, words: Sequence[str]) -> int:
        self.words.append(words[0])
        assert words[-1] == UNIT
        if words[0] == "stop" and self._stops:
            self.runs = False
        elif words[0] == "start":
            self.runs = True
        return 0 if self.runs is (words[0] != "stop") else 3


def test_an_object_that_rests_already_is_left_alone() -> None:
    machine = Machine(runs=False)
    with at_rest(lambda: pytest.fail("nobody is asked"), machine):
        assert not machine.runs
    assert machine.words == ["is-active"]


def test_with_leave_it_is_stopped_and_started_again() -> None:
    machine = Machine(runs=True)
    with at_rest(lambda: True, machine):
        assert not machine.runs
    assert machine.runs


def test_it_is_started_again_whatever_happens_meanwhile() -> None:
    machine = Machine(runs=True)
    with pytest.raises(KeyboardInterrupt), at_rest(lambda: True, machine):
        raise KeyboardInterrupt
    assert machine.words == ["is-active", "stop", "start"]


@pytest.mark.parametrize(
    ("leave", "stops", "words"), [(False, True, ["is-active"]), (True, False, ["is-active", "stop", "start"])]
)
def test_without_leave_or_when_it_does_not_stop_nothing_is_begun(
    leave: bool, stops: bool, words: list[str]
) -> None:
    machine = Machine(runs=True, stops=stops)
    with pytest.raises(StillRunsError, match="systemctl stop"), at_rest(lambda: leave, machine):
        pytest.fail("the device was to be had")
    assert (machine.runs, machine.words) == (True, words)
