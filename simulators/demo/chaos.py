"""Chaos: now and then, between two steps of a script, one process of the shop is killed without a word."""

import random
from typing import Final

from simulators.demo.processes import Supervisor

# About every third step: often enough that every kind of process dies in a short script, and seldom enough
# that the shop is whole in between.
_STEPS_A_KILL: Final = 3


class Chaos:
    """Kills by a seed: the same seed picks the same processes at the same steps; without one, none."""

    def __init__(self, seed: int | None) -> None:
        self.killed: list[str] = []
        # A bad day must be repeatable from its seed.
        self._luck = None if seed is None else random.Random(seed)  # noqa: S311  nothing is kept secret by it

    def strike(self, supervisor: Supervisor) -> str | None:
        """Kill one process, or none; return which one."""
        if self._luck is None or self._luck.randrange(_STEPS_A_KILL):
            return None
        name = self._luck.choice(sorted(supervisor.children))
        if supervisor.children[name].pid is None:
            return None  # it is dead already
        supervisor.kill(name)
        self.killed.append(name)
        return name
