"""One seed, one world: it is lived through and judged, and plays again the same way."""

import logging
import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from proofs.card import cards
from proofs.ground import ground, hub_store
from proofs.loop import SimulatedLoop
from proofs.luck import seeded
from proofs.mishaps import Mishaps
from proofs.oracle import judge
from proofs.world import World


class Outcome(msgspec.Struct, frozen=True):
    """One world: what befell in it, how many entries were written, and what was broken, if anything was."""

    seed: int
    events: dict[str, int]
    entries: int
    forks_seen: int
    forks_reported: int
    broken: str | None = None


def play(seed: int) -> Outcome:
    """Live through one world; an error of a room is a broken promise as well as a lost sale is."""
    hub_store()  # what every world stands on is made once, and not by the luck of one of them
    root = ground() / f"world-{seed}"
    root.mkdir()
    made: list[World] = []
    try:
        with seeded(seed) as luck, cards(), _without_words():
            failure = SimulatedLoop().failure_of(_life(root, luck, made))
        return _outcome(seed, made[0], None if failure is None else f"{type(failure).__name__}: {failure}")
    finally:
        shutil.rmtree(root)


async def _life(root: Path, luck: random.Random, made: list[World]) -> None:
    world = World(root, luck)
    made.append(world)
    try:
        await Mishaps(world).befall()
        await world.evening()
        judge(world)
    finally:
        world.end()


def _outcome(seed: int, world: World, broken: str | None) -> Outcome:
    chronicle, counted = world.chronicle, world.chronicle.counted + world.broker.counted + world.hub.counted
    seen = chronicle.contradicted | chronicle.divided | chronicle.told | world.hub.ever_forked
    return Outcome(
        seed=seed,
        events=dict(sorted(counted.items())),
        entries=sum(len(entries) for entries in chronicle.written.values()),
        forks_seen=len(seen),
        forks_reported=len(seen & (chronicle.told | world.hub.ever_forked)),
        broken=broken,
    )


@contextmanager
def _without_words() -> Iterator[None]:
    """The rooms log what befalls them; here that is every line."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)
