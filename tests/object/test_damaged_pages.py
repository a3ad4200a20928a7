"""A damaged ledger: an object that starts on it sells on, or sets it aside, and never just starts again."""

import asyncio
import random
import shutil
from contextlib import closing
from pathlib import Path
from typing import Final

import apsw
import pytest

from cloud_sync.contract.facts import Arrived
from edge.clock import SystemClock
from edge.config import ObjectConfig, load
from edge.keeper import Keeper
from edge.offline_queue.outcomes import JournalClosedError, JournalDamagedError
from edge.offline_queue.set_aside import allow, note_of
from edge.runtime.opening import books_of
from retail.custody import Move
from tests.long_form import LONG
from tests.object.test_keeper import config_in

PAGE_BYTES: Final = 4096
DELIVERIES: Final = 40
SEEDS: Final = 3_000 if LONG else 60
PAGES: Final = {"zeros": bytes(PAGE_BYTES), "noise": random.Random(8).randbytes(PAGE_BYTES)}


def start(config: ObjectConfig) -> Keeper:
    """As a runtime starts: the ledger to write, and the books read from it."""
    keeper = Keeper(config, "1.0", SystemClock())
    books_of(config, keeper)
    return keeper


async def deliver(keeper: Keeper, name: str, count: int = 1) -> None:
    for n in range(count):
        move = Move("09520001000017", "transit", "shelf-1", 1)
        await keeper.journal.append(Arrived(f"{name}{n}", (move,)), f"transfer/{name}{n}")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> ObjectConfig:
    """An object with a few entries, all of them in the file itself."""
    config = load(config_in(tmp_path_factory.mktemp("whole")))
    keeper = start(config)
    asyncio.run(deliver(keeper, "before", DELIVERIES))
    keeper.close()
    return config


def spoilt(whole: ObjectConfig, folder: Path, at: int, damage: bytes) -> ObjectConfig:
    """A copy whose ledger has other bytes at one place."""
    shutil.copytree(whole.ledger.parents[1], folder)
    config = load(folder / "object.toml")
    with config.ledger.open("r+b") as file:
        file.seek(at)
        file.write(damage)
    return config


def live(config: ObjectConfig) -> str:
    """One life of the object: how far it comes."""
    try:
        keeper = start(config)
    except JournalDamagedError:
        return "set aside"
    with closing(keeper):
        try:
            asyncio.run(deliver(keeper, "damaged"))
        except JournalClosedError:
            return "stopped"
    return "sells on"


def check_set_aside(config: ObjectConfig) -> None:
    """The old file is kept, and a new one begins as soon as a person lets it."""
    note = note_of(config.ledger)
    assert note is not None
    assert not config.ledger.exists()
    assert (config.ledger.parent / note.kept).exists()
    allow(config.ledger)
    assert live(config) == "sells on"


@pytest.mark.parametrize("page", PAGES)
def test_each_page_that_is_lost_is_noticed_by_the_start(
    whole: ObjectConfig, tmp_path: Path, page: str
) -> None:
    for number in range(whole.ledger.stat().st_size // PAGE_BYTES):
        config = spoilt(whole, tmp_path / str(number), number * PAGE_BYTES, PAGES[page])
        assert live(config) == "set aside"
        check_set_aside(config)


def test_a_few_bytes_that_are_others_end_no_object_for_good(whole: ObjectConfig, tmp_path: Path) -> None:
    """Some of them lie where nothing was written, or are found by the full check that comes behind."""
    size = whole.ledger.stat().st_size
    for seed in range(SEEDS):
        luck = random.Random(seed)
        at, damage = luck.randrange(size), luck.randbytes(luck.choice((1, 2, 8, 64)))
        config = spoilt(whole, tmp_path / str(seed), at, damage)
        if (came := live(config)) == "stopped":
            came = live(config)
        assert came in {"sells on", "set aside"}, f"seed {seed}"
        if came == "set aside":
            check_set_aside(config)


def test_damage_that_the_work_comes_across_is_set_aside_by_the_next_start(
    whole: ObjectConfig, tmp_path: Path
) -> None:
    config = spoilt(whole, tmp_path / "copy", 0, b"")
    keeper = start(config)
    with closing(apsw.Connection(str(config.ledger))) as other:
        other.config(apsw.SQLITE_DBCONFIG_DEFENSIVE, 0)
        other.pragma("writable_schema", True)
        other.execute("UPDATE sqlite_schema SET sql = 'no statement' WHERE name = 'entry'")
        other.pragma("schema_version", 999)
    with pytest.raises(JournalClosedError):
        asyncio.run(deliver(keeper, "damaged"))
    keeper.close()
    assert live(config) == "set aside"
    check_set_aside(config)
