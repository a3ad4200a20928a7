"""Every power cut of every payment: `python -m tests.payments.soak --seconds 600 [--seed 7]`, or `make soak`.

The first round is the full product: each provider and behaviour, each step, and each step of each recovery.
After it come seeds: two providers, two shoppers, and how long it was dark. A seed that fails plays again.
"""

import random
import sys
import time
from collections.abc import Iterator
from itertools import count
from typing import Final

import click

from proofs.luck import seeded
from tests.payments.bank import BEHAVIOURS
from tests.payments.oracle import BrokenPromiseError
from tests.payments.worlds import KINDS, Case, crashes

_LIVES_A_SEED: Final = 60


def _product() -> Iterator[Case]:
    yield from (Case((kind,), (behaviour,)) for kind in KINDS for behaviour in BEHAVIOURS)


def _drawn(seed: int) -> Case:
    luck = random.Random(seed)
    parts = luck.choice((1, 2, 2))
    kinds = tuple(luck.choice(KINDS) for _ in range(parts))
    return Case(kinds, tuple(luck.choice([*BEHAVIOURS]) for _ in range(parts)))


@click.command()
@click.option(
    "--seconds", type=click.IntRange(min=1), default=60, show_default=True, help="How long to go on."
)
@click.option("--seed", type=int, help="The first one; any, if none is given.")
def soak(seconds: int, seed: int | None) -> None:
    """Cut the power until the time is over; exit 1 with case and seed where money is lost or doubled."""
    began, lived, played = time.monotonic(), 0, 0
    first = random.randrange(10**9) if seed is None else seed
    cases = [*_product()] if seed is None else []
    for number in count(first):
        if time.monotonic() - began >= seconds:
            break
        case, wanted = (cases.pop(0), None) if cases else (_drawn(number), _LIVES_A_SEED)
        try:
            with seeded(number) as luck:
                lived += crashes(case, luck, wanted)
        except BrokenPromiseError as error:
            click.echo(f"seed {number}, {case.name}: {error}")
            sys.exit(1)
        played += 1
    click.echo(f"{played:,} cases, {lived:,} lives, no promise broken; {len(cases)} of the product are left.")


if __name__ == "__main__":
    soak()
