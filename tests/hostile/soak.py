"""Hostile days without end: `python -m tests.hostile.soak --seconds 3600 [--seed 7] [--door journal]`.

Each seed is a new hub, or a new object, and some trials at one door. A seed that fails plays again the same.
"""

import logging
import random
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

import click

from cloud_sync.contract.signing import SoftwareKey
from cloud_sync.hub.folder import Folder
from cloud_sync.hub.identity.authority import Where, make_authority
from cloud_sync.hub.store import database
from tests.hostile import hub_doors, object_doors
from tests.hostile.http_doors import EnrolmentDoor
from tests.hostile.trial import Door, check_attempt
from tests.hub.engines import Server
from tests.hub.hub_world import HubWorld
from tests.hub.identity import door as newcomers
from tests.postgres import cluster

_TRIALS: Final = 20
# What this process may grow by while it runs: bombs become 64 MiB each where nobody looks.
_GROWTH_KIB_MAX: Final = 128 * 1024
_ENROLMENT: Final = "enrolment"
DOORS: Final = (*hub_doors.DOORS, *object_doors.DOORS, _ENROLMENT)


class Ground:
    """Where seeds are played: keys that are made once, and with PostgreSQL a server."""

    def __init__(self, server: Server | None) -> None:
        self._server = server
        self._keys = [SoftwareKey.generate() for _ in range(2)]

    def _place(self, directory: Path) -> database.Place:
        return self._server.sweep() if self._server else directory / "hub.db"

    @contextmanager
    def door(self, name: str, directory: Path) -> Iterator[Door]:
        """A door with nothing behind it yet."""
        if name in object_doors.DOORS:
            with closing(object_doors.DOORS[name](directory)) as door:
                yield door
            return
        with closing(HubWorld(self._place(directory))) as hub:
            if name == _ENROLMENT:
                folder = Folder(directory)
                folder.make_keys()
                make_authority(folder, Where(("localhost",), 8883, 8443), 1_750_000_000_000)
                with closing(EnrolmentDoor(newcomers.Door(hub.store, folder))) as counter:
                    yield counter
            else:
                yield hub_doors.DOORS[name](hub, self._keys)


def play(ground: Ground, seed: int, only: str | None) -> str:
    """Play one seed; the name of its door."""
    luck = random.Random(seed)
    name = only or luck.choice(DOORS)
    with tempfile.TemporaryDirectory(prefix="hostile-") as folder, ground.door(name, Path(folder)) as door:
        for _ in range(_TRIALS):
            check_attempt(door, luck)
    return name


def _memory_kib() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


@contextmanager
def _ground(postgresql: bool) -> Iterator[Ground]:
    if not postgresql:
        yield Ground(None)
        return
    with cluster() as running, closing(Server(running)) as server:
        yield Ground(server)


@click.command()
@click.option(
    "--seconds", type=click.IntRange(min=1), default=600, show_default=True, help="No new seed after."
)
@click.option("--seed", type=int, help="The first one; any, if none is given.")
@click.option("--door", type=click.Choice(DOORS), help="This door alone.")
@click.option("--postgresql", is_flag=True, help="The hub's database is a server's.")
def soak(seconds: int, seed: int | None, door: str | None, postgresql: bool) -> None:
    """Bring bent words to every door; exit 1 with the seed where one does harm."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)  # a million refusals are no news
    try:
        _soak(seconds, seed, door, postgresql)
    finally:
        logging.disable(before)


def _soak(seconds: int, seed: int | None, door: str | None, postgresql: bool) -> None:
    began, memory_kib = time.monotonic(), 0
    seed = random.randrange(10**9) if seed is None else seed
    played: Counter[str] = Counter()
    with _ground(postgresql) as ground:
        while time.monotonic() - began < seconds:
            try:
                played[play(ground, seed, door)] += _TRIALS
            except BaseException:
                click.echo(f"seed {seed} does harm", err=True)
                raise
            memory_kib = memory_kib or _memory_kib()
            if _memory_kib() - memory_kib > _GROWTH_KIB_MAX:
                click.echo(f"seed {seed}: {_memory_kib()} KiB, {memory_kib} at the beginning")
                sys.exit(1)
            seed += 1
    click.echo(
        f"{sum(played.values())} trials: " + ", ".join(f"{n} {name}" for name, n in sorted(played.items()))
    )


if __name__ == "__main__":
    soak()
