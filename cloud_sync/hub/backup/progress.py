"""How far a long piece of work has come, for whoever shows it to a person."""

from collections.abc import Callable

Say = Callable[[int, int], None]
"""Hears how many steps are done, and how many there are in all."""


def in_silence(_done: int, _total: int) -> None:
    """Say nothing."""


class Progress:
    """Counts steps up to a total."""

    def __init__(self, say: Say, total: int) -> None:
        self._say, self._total, self._done = say, total, 0

    def add(self, steps: int) -> None:
        """So many more are done."""
        self._done += steps
        self._say(self._done, self._total)
