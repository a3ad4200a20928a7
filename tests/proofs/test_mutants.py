"""The worlds that find nothing in the product find the bugs that we know how to make."""

from typing import Final

import pytest

from proofs.play import play
from tests.proofs.mutants import MUTANTS

_WORLDS_MAX: Final = 150
"""A bug that shows itself in fewer than one of so many worlds is found too late."""


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_is_found(name: str) -> None:
    with MUTANTS[name]():
        broken = next((seed for seed in range(_WORLDS_MAX) if play(seed).broken is not None), None)
    assert broken is not None, f"nobody sees that {name}"
