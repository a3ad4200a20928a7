"""What was promised is there after a kill -9, whatever the writer was doing; readers only see it grow."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.offline_queue.faults.kills import KILLS_A_WORLD

ROOT = Path(__file__).parents[2]
# Two warm parents, one for each core of the smallest machine that we build on.
SEEDS = {"0": 6, "6": 6}


def test_no_promise_is_lost_to_kill_9(tell: Callable[[str], None]) -> None:
    assert sum(SEEDS.values()) * KILLS_A_WORLD >= 100
    parents = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.offline_queue.faults.kills", first, str(worlds)],
            cwd=ROOT,
            stderr=subprocess.PIPE,
            text=True,
        )
        for first, worlds in SEEDS.items()
    ]
    said = [parent.communicate()[1] for parent in parents]
    tell(f"kill -9: {sum(SEEDS.values()) * KILLS_A_WORLD} kills, seeds 0 to {sum(SEEDS.values()) - 1}")
    assert [parent.returncode for parent in parents] == [0, 0], "\n".join(said)
