"""In which language a screen is measured: one after the other in the suite, all in its long form."""

import os
from typing import Final

from edge.display.screens import LANGUAGES

ALL: Final = bool(os.environ.get("OPOS_ALL_LANGUAGES"))
"""Set by `make soak`: five times as many screens, in each of which the words are as long as they get."""


def tongues(turn: int) -> tuple[str, ...]:
    """Those for the screen number `turn`."""
    every = tuple(LANGUAGES)
    return every if ALL else (every[turn % len(every)],)
