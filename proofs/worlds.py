"""Worlds in a row: `python -m proofs.worlds --seed N --worlds M`; each seed plays again the same world."""

import multiprocessing
import os
import secrets
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Final

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from proofs.play import Outcome, play

# Whoever names no seed begins far away from those that the suite plays every day.
_SEEDS_FROM: Final = 1_000_000
# A core is worth the start of another process only for so many worlds.
_WORLDS_A_PROCESS: Final = 100
# A problem of one sort comes many times: a person needs a few seeds of it.
_PROBLEMS_MAX: Final = 20


class Problem(msgspec.Struct, frozen=True):
    """A promise that was broken, and how to see it again."""

    seed: int
    sentence: str
    replay: str


class Forks(msgspec.Struct, frozen=True):
    """Journals with two histories: those that somebody could see, and those of them that were reported."""

    seen: int = 0
    reported: int = 0


class Run(msgspec.Struct, frozen=True):
    """Some worlds in a row."""

    seed: int
    worlds: int
    entries: int
    events: dict[str, int]
    forks: Forks
    rollbacks: int
    problems: list[Problem]
    broken: int
    """Worlds in which a promise was broken; `problems` tells of the first of them."""


def outcomes(first: int, worlds: int, processes: int = 1) -> Iterator[Outcome]:
    """The worlds from seed `first` on, as they come to their end."""
    seeds = range(first, first + worlds)
    if processes == 1:
        yield from map(play, seeds)
        return
    # Spawned, not forked: a child must not inherit what SQLite holds of our files.
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        yield from pool.imap_unordered(play, seeds, chunksize=8)


def summary(first: int, played: Iterator[Outcome]) -> Run:
    """What became of them all."""
    events, entries, worlds, seen, reported = Counter[str](), 0, 0, 0, 0
    broken: list[Outcome] = []
    for each in played:
        worlds, entries = worlds + 1, entries + each.entries
        seen, reported = seen + each.forks_seen, reported + each.forks_reported
        events.update(each.events)
        if each.broken is not None:
            broken.append(each)
    broken.sort(key=lambda each: each.seed)
    return Run(
        seed=first,
        worlds=worlds,
        entries=entries,
        events=dict(sorted(events.items())),
        forks=Forks(seen, reported),
        rollbacks=events["rollbacks"],
        problems=[Problem(each.seed, str(each.broken), replay(each.seed)) for each in broken[:_PROBLEMS_MAX]],
        broken=len(broken),
    )


def replay(seed: int) -> str:
    """The command that plays one world again."""
    return f"opos sim chaos --seed {seed} --worlds 1"


@click.command(name="chaos")
@click.option("--seed", type=click.IntRange(0), help="The first seed; any, if it is not given.")
@click.option("--worlds", type=click.IntRange(1), default=200, show_default=True, help="How many.")
@click.option("--processes", type=click.IntRange(1), help="How many at a time; one a core, if not given.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def chaos(seed: int | None, worlds: int, processes: int | None, *, as_json: bool) -> None:
    """Live through worlds in which everything fails, and count what was lost: nothing may be.

    Exit code 1 if a promise was broken.
    """
    first = _SEEDS_FROM + secrets.randbelow(10**9) if seed is None else seed
    enough = min(len(os.sched_getaffinity(0)), -(-worlds // _WORLDS_A_PROCESS))
    run = summary(first, _shown(outcomes(first, worlds, processes or enough), worlds))
    click.echo(msgspec.json.encode(run).decode() if as_json else "\n".join(_sentences(run)))
    sys.exit(1 if run.problems else 0)


def _shown(played: Iterator[Outcome], worlds: int) -> Iterator[Outcome]:
    """The same, with a bar on a terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("worlds"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(compact=True))
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        yield from progress.track(played, total=worlds)


def _sentences(run: Run) -> Iterator[str]:
    last = run.seed + run.worlds - 1
    yield f"{run.worlds:,} worlds (seeds {run.seed} to {last}), {run.entries:,} entries"
    for name, times in run.events.items():
        yield f"  {times:>9,}  {name}"
    yield f"{run.forks.seen:,} forks could be seen, {run.forks.reported:,} of them were reported"
    for problem in run.problems:
        yield f"Seed {problem.seed}: {problem.sentence}\n  again: {problem.replay}"
    yield f"{run.broken:,} worlds with a broken promise" if run.broken else "No promise was broken."


if __name__ == "__main__":
    chaos()
