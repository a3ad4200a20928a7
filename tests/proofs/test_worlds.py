"""Two thousand bad days, each from one seed: nothing is lost, nothing doubled, and every fork is told."""

import os
from collections.abc import Callable
from typing import Final

import pytest

from proofs.worlds import Run, outcomes, summary

_WORLDS: Final = 2_000

# What must come about in one world of a hundred at least, so that what follows from it is tried at all.
_BEFALLS: Final = (
    "agents killed",
    "black holes",
    "brokers full",
    "brokers killed",
    "cables pulled",
    "cards full",
    "clocks set",
    "clones",
    "forks reported by objects",
    "frames forked",
    "frames gap",
    "frames refused",
    "hubs killed",
    "hubs restored",
    "keys replaced",
    "ledgers pruned",
    "messages doubled",
    "messages late",
    "messages lost",
    "messages repeated later",
    "messages spoilt",
    "messages strayed",
    "rollbacks",
    "runtimes killed",
)


@pytest.fixture(scope="module")
def run() -> Run:
    """Seeds 0 to 1,999; `opos sim chaos --seed N --worlds 1` plays any of them again."""
    return summary(0, outcomes(0, _WORLDS, len(os.sched_getaffinity(0))))


def test_every_promise_is_kept(run: Run) -> None:
    assert run.problems == []
    assert run.worlds == _WORLDS


def test_every_fork_that_can_be_seen_is_told(run: Run) -> None:
    assert run.forks.reported == run.forks.seen >= _WORLDS // 20


@pytest.mark.parametrize("trouble", _BEFALLS)
def test_every_sort_of_trouble_comes_about(run: Run, trouble: str) -> None:
    assert run.events.get(trouble, 0) >= _WORLDS // 100


def test_the_run_says_what_it_was_put_through(run: Run, tell: Callable[[str], None]) -> None:
    events = run.events
    tell(
        f"chaos: {run.worlds:,} worlds, seeds from 0: {run.entries:,} entries, {run.forks.seen} forks,"
        f" {run.rollbacks} rollbacks, {events['hubs killed']} hubs killed, {events['hubs restored']} restored"
    )
    assert run.entries > 10 * run.worlds
