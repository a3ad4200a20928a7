"""Bad days without end: `python -m tests.offline_queue.soak --seconds N [--seed S]`, or `make soak`.

Two thirds of the time the power is cut (see `power/soak.py`); the rest is for single faults, flipped bits,
lying cards, kills and the model (see `faults/worlds.py`). The first broken promise ends it with exit code 1
and the command that plays it again.
"""

import multiprocessing
import os
import secrets
import subprocess
import sys
import time
from itertools import count, islice

import click

from tests.offline_queue.faults.worlds import play

_SEEDS_FROM = 1_000_000


@click.command()
@click.option("--seconds", type=click.IntRange(3), default=60, show_default=True, help="How long to go on.")
@click.option("--seed", type=click.IntRange(0), help="The first seed; any, if it is not given.")
def soak(seconds: int, seed: int | None) -> None:
    """Break ledgers in every way that we know until the time is over or a promise is broken."""
    first = seed if seed is not None else _SEEDS_FROM + secrets.randbelow(10**9)
    power = ("-m", "tests.offline_queue.power.soak", "--seconds", str(seconds * 2 // 3), "--seed", str(first))
    done = subprocess.run([sys.executable, *power], check=False)
    if done.returncode:
        sys.exit(done.returncode)
    _other_bad_days(first, seconds - seconds * 2 // 3)


def _other_bad_days(first: int, seconds: int) -> None:
    cores = len(os.sched_getaffinity(0))
    click.echo(f"Faults, flips, lies, kills and the model from seed {first} on, {cores} at a time.")
    began, seeds, lived = time.monotonic(), count(first), 0
    with multiprocessing.get_context("spawn").Pool(cores) as pool:
        while time.monotonic() - began < seconds:
            # A round at a time: the pool would read ahead without end.
            for broken in pool.imap_unordered(play, list(islice(seeds, 8 * cores))):
                lived += 1
                if broken is not None:
                    click.echo(broken)
                    sys.exit(1)
    click.echo(f"{lived:,} worlds, no promise broken.")


if __name__ == "__main__":
    soak()
