"""The suite has a short form and a long one: what is dear is tried in part, and whole in `make soak`."""

import os
import random
from collections.abc import Sequence
from typing import Final, TypeVar

_T = TypeVar("_T")

LONG: Final = bool(os.environ.get("OPOS_LONG"))
"""Set by `make soak`: every case of every test, and as many worlds, kills and languages as the pages say."""


def one_of(divisor: int, every: Sequence[_T]) -> Sequence[_T]:
    """One of so many of them, evenly spread: others with each seed of the run, and all in the long form.

    pytest-randomly seeds `random` anew for each test, so the `--randomly-seed` of a run brings the same ones.
    """
    return every if LONG else every[random.randrange(divisor) :: divisor]
