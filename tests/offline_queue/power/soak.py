"""Worlds without end: `python -m tests.offline_queue.power.soak --seconds N [--seed S] [--worlds N]`.

Every world has a seed of its own, S, S + 1, ...; the first that breaks a promise ends the soak with exit code
1, and `--seed S --worlds 1` plays it again to the byte.
"""

import multiprocessing
import os
import secrets
import sys
import time
from collections.abc import Iterator
from itertools import count, islice
from typing import Final

import click

from tests.offline_queue.power.worlds import Outcome, play

# Seeds of our own begin below; whoever soaks without naming one begins far away from them.
_SEEDS_FROM: Final = 1_000_000
_LINE_EVERY_S: Final = 10


def sweep(first: int, worlds: int | None, processes: int) -> Iterator[Outcome]:
    """The outcomes of worlds from seed `first` on, as they come; `worlds` None goes on for ever."""
    seeds = islice(count(first), worlds)
    if processes == 1:
        yield from map(play, seeds)
        return
    # Spawned, not forked: a child must not inherit what SQLite holds of our files. The pool would read ahead
    # without end, so seeds are handed to it a round at a time.
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        while round_ := list(islice(seeds, 16 * processes)):
            yield from pool.imap_unordered(play, round_)


def replay(seed: int) -> str:
    """The command that plays one world again."""
    return f"python -m tests.offline_queue.power.soak --seed {seed} --worlds 1"


@click.command()
@click.option("--seconds", type=click.IntRange(1), default=60, show_default=True, help="How long to go on.")
@click.option("--seed", type=click.IntRange(0), help="The first seed; any, if it is not given.")
@click.option("--worlds", type=click.IntRange(1), help="Stop after so many worlds.")
@click.option("--processes", type=click.IntRange(1), help="One a core, if it is not given.")
def soak(seconds: int, seed: int | None, worlds: int | None, processes: int | None) -> None:
    """Crash ledgers until the time is over or a promise is broken."""
    first = seed if seed is not None else _SEEDS_FROM + secrets.randbelow(10**9)
    cores = 1 if worlds == 1 else processes or len(os.sched_getaffinity(0))
    click.echo(f"Worlds from seed {first} on, {cores} at a time.")
    began = told = time.monotonic()
    lived = crashes = 0
    for outcome in sweep(first, worlds, cores):
        lived, crashes, now = lived + 1, crashes + outcome.crashes, time.monotonic()
        if outcome.broken is not None:
            click.echo(f"Seed {outcome.seed}: {outcome.broken}\nAgain: {replay(outcome.seed)}")
            sys.exit(1)
        if now - told >= _LINE_EVERY_S:
            told = now
            click.echo(f"{now - began:6.0f} s  {lived:,} worlds  {crashes:,} crashes")
        if now - began >= seconds and worlds is None:
            break
    click.echo(f"{lived:,} worlds, {crashes:,} crashes, no promise broken.")


if __name__ == "__main__":
    soak()
