"""Bugs that we know how to make are found by the harness that finds none in the product."""

import logging

import pytest

from proofs.luck import seeded
from tests.payments.mutants import MUTANTS, Mutant
from tests.payments.oracle import INVARIANTS
from tests.payments.worlds import crashes

_SEEDS = 5


def _until_found(mutant: Mutant) -> None:
    for seed in range(_SEEDS):
        with seeded(seed) as luck:
            crashes(mutant.case, luck)


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_is_found(name: str) -> None:
    mutant = MUTANTS[name]
    with mutant.made(), pytest.raises(AssertionError) as found:
        _until_found(mutant)
    logging.getLogger(__name__).info("%s: %s", name, str(found.value).splitlines()[0])
    assert mutant.breaks in str(found.value).partition("\n\n")[0]


def test_every_promise_that_a_mutant_breaks_is_one_of_ours() -> None:
    for mutant in MUTANTS.values():
        assert any(mutant.breaks in sentence for sentence in INVARIANTS)
