"""In which language a screen is measured: one after the other in the suite, all in its long form."""

from typing import Final

from edge.display.screens import LANGUAGES
from tests.long_form import LONG

ALL: Final = LONG
"""Five times as many screens, in each of which the words are as long as they get."""


def tongues(turn: int) -> tuple[str, ...]:
    """Those for the screen number `turn`."""
    every = tuple(LANGUAGES)
    return every if ALL else (every[turn % len(every)],)
