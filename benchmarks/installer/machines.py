"""The figures of booted machines: one telling of `python -m tests.system` has them all."""

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Final

from benchmarks.harness import SkippedError

CHECKOUT: Final = Path(__file__).parents[2]
DIST: Final = CHECKOUT / "dist"
# The set-up and the first sale are told in any case.
_STEPS: Final = ("boots and sells", "doctor finds nothing", "at rest", "any unit is killed")


class Machines:
    """Tells the story when a figure of another round is asked for: each round is one telling."""

    def __init__(self) -> None:
        self._told: list[dict[str, float]] = []
        self._asked: Counter[str] = Counter()

    def figure(self, name: str) -> Callable[[], float]:
        """What the figure `name` was in one telling after the other; raises SkippedError."""
        return lambda: self._next(name)

    def _next(self, name: str) -> float:
        turn = self._asked[name]
        self._asked[name] += 1
        if turn == len(self._told):
            self._told.append(told())
        return self._told[turn][name]


def told() -> dict[str, float]:
    """Tell the story; raises SkippedError where no machine can be booted, or a step falls."""
    if os.geteuid() != 0 or not list(DIST.glob("opos-edge_*.deb")):
        raise SkippedError("machines are booted by root, from packages: run: sudo make system-test")
    with tempfile.TemporaryDirectory() as folder:
        figures = Path(folder, "figures.json")
        words = ("--only", ",".join(_STEPS), "--figures", str(figures))
        done = subprocess.run(  # noqa: S603 (ourselves)
            (sys.executable, "-m", "tests.system", *words),
            cwd=CHECKOUT,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            last = (done.stdout + done.stderr).strip().splitlines()[-1:]
            raise SkippedError(f"the story was not told to its end: {' '.join(last)}")
        return dict(json.loads(figures.read_text()))
