"""Bad days of real processes, one after another: `python -m tests.chaos.soak --seconds 3600 [--seed 7]`."""

import random
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Final

import click

from tests.chaos.day import Day, check
from tests.chaos.shop import Selling, Shop
from tests.postgres import Cluster, cluster

# A day of some minutes: long enough that leases, certificates of connections and backlogs come and go.
_KILLS: Final = 300
_DAY_S: Final = 300.0
_PEACE_S: Final = 180.0
_SELLING: Final = Selling(rows=6_000, per_s=60)


@click.command()
@click.option(
    "--seconds", type=click.IntRange(min=1), default=600, show_default=True, help="No new day after."
)
@click.option("--seed", type=int, help="That of the first day; any, if none is given.")
def soak(seconds: int, seed: int | None) -> None:
    """Kill till, agent, hub worker, broker and database at random; exit 1 where a sale is lost or doubled."""
    began = time.monotonic()
    seed = random.randrange(10**6) if seed is None else seed
    with cluster() as server:
        while time.monotonic() - began < seconds:
            _live(server, seed)
            seed += 1


def _live(server: Cluster, seed: int) -> None:
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
        with closing(Shop(Path(folder), server, 3, _SELLING)) as shop:
            day = Day(shop, seed)
            try:
                shop.tend()
                day.rage(_KILLS, _DAY_S)
                day.calm(_PEACE_S)
                kept = check(shop)
            except AssertionError as error:
                click.echo(f"seed {seed}: {error}\n{shop.said()}")
                sys.exit(1)
        mishaps = ", ".join(f"{times} {name}" for name, times in day.happened.most_common())
        click.echo(f"seed {seed}: {kept:,} entries, each once; {mishaps}")


if __name__ == "__main__":
    soak()
