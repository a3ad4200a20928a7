"""Fixtures of the hub's tests: a hub without a network on either engine, and two objects that it knows."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cloud_sync.contract.signing import SoftwareKey
from cloud_sync.hub.store import database
from cloud_sync.hub.store.database import Place, Store
from tests.hub.engines import ENGINES, Server
from tests.hub.hub_processes import Broker, HubProcess, free_port
from tests.hub.hub_world import HubWorld, PaperJournal
from tests.postgres import NoPostgresError, cluster


@pytest.fixture(scope="session")
def keys() -> list[SoftwareKey]:
    """Keys are slow to make and the same for every test."""
    return [SoftwareKey.generate() for _ in range(3)]


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """A real server of our own."""
    try:
        with cluster() as running, closing(Server(running)) as server:
            yield server
    except NoPostgresError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def empty_hub(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a hub that has heard nothing yet, to be copied: to make one takes ten times as long."""
    path = tmp_path_factory.mktemp("empty") / "hub.db"
    database.create(path, 1)
    return path


@pytest.fixture(params=ENGINES)
def place(request: pytest.FixtureRequest, tmp_path: Path, empty_hub: Path) -> Place:
    """Where the hub of this test has its database, which has heard nothing yet; `tmp_path` is its folder."""
    if request.param == "sqlite":
        return Path(shutil.copy(empty_hub, tmp_path / "hub.db"))
    server: Server = request.getfixturevalue("postgresql")
    url = server.sweep()
    (tmp_path / "database.url").write_text(url)
    return url


@pytest.fixture
def another_place(place: Place, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """Where a second hub may be made, on the same engine."""
    if isinstance(place, Path):
        yield tmp_path / "another" / "hub.db"
    else:
        server: Server = request.getfixturevalue("postgresql")
        with server.another() as url:
            yield url


@pytest.fixture
def store(place: Place) -> Iterator[Store]:
    """The database of a hub that has heard nothing yet."""
    with closing(database.connect(place)) as opened:
        yield opened


@pytest.fixture
def hub(place: Place) -> Iterator[HubWorld]:
    world = HubWorld(place)
    yield world
    world.close()


@pytest.fixture
def mirror(hub: HubWorld, keys: list[SoftwareKey]) -> PaperJournal:
    """A mirror that has three entries: its genesis, a boot, a sale of a scarf."""
    journal = hub.admit(PaperJournal("mirror-4", keys[0]))
    journal.begin()
    journal.sell("09520001100307", 1, 3450)
    return journal


@pytest.fixture
def shelf(hub: HubWorld, keys: list[SoftwareKey]) -> PaperJournal:
    """A shelf that keeps its own stock, with two entries: its genesis and a boot."""
    journal = hub.admit(PaperJournal("shelf-b12", keys[1], holder="shelf-b12"))
    journal.begin()
    return journal


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """A real Mosquitto on a free port, which retains nothing of another test's."""
    running = Broker(tmp_path, free_port())
    running.start()
    yield running
    running.stop()


@pytest.fixture
def shop_hub(tmp_path: Path, broker: Broker) -> Iterator[HubProcess]:
    """A hub in a process of its own, made and run by its commands; the demo shop is imported."""
    process = HubProcess(tmp_path / "hub", broker.port)
    yield process
    process.kill()
