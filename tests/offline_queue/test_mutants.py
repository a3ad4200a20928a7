"""Bugs that we know how to make are found by the harness that finds none in the product."""

from collections.abc import Callable
from typing import Final

import pytest

from tests.offline_queue.power.mutants import MUTANTS, Mutant
from tests.offline_queue.power.worlds import Outcome, play, warm

_CRASHES_MAX: Final = 1_000
_CRASHES_A_WORLD: Final = 30
"""Many short worlds see more kinds of life than a few long ones."""


def crashes_until_found(name: str) -> tuple[int, str]:
    """How many crashes it takes until a promise is broken, and which."""
    crashes = 0
    # Warm ledgers of the product are of no use to a mutant, nor its to anybody else.
    warm.cache_clear()
    try:
        with MUTANTS[name].made():
            for seed in range(_CRASHES_MAX):
                outcome = play(seed, _CRASHES_A_WORLD, closer=4)
                crashes += outcome.crashes
                if outcome.broken is not None and _counts(outcome, MUTANTS[name]):
                    return crashes, outcome.broken
                assert crashes < _CRASHES_MAX, f"nobody sees that {name}"
    finally:
        warm.cache_clear()
    raise AssertionError


def _counts(outcome: Outcome, mutant: Mutant) -> bool:
    """Whether a broken world says what we want to hear: a loss, not only that a reader was in the way."""
    assert outcome.broken is not None
    return (mutant.in_life or outcome.crashes > 0) and "database is locked" not in outcome.broken


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_is_found(name: str, tell: Callable[[str], None]) -> None:
    crashes, broken = crashes_until_found(name)
    tell(f"mutant: {name}: found after {crashes} crashes, seeds from 0: {broken[:60]}")
    assert crashes < _CRASHES_MAX
