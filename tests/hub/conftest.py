"""Fixtures of the hub's tests: a hub without a network, and two objects that it has admitted."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud_sync.contract.signing import SoftwareKey
from tests.hub.hub_processes import Broker, HubProcess, free_port
from tests.hub.hub_world import HubWorld, PaperJournal


@pytest.fixture(scope="session")
def keys() -> list[SoftwareKey]:
    """Keys are slow to make and the same for every test."""
    return [SoftwareKey.generate() for _ in range(3)]


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubWorld]:
    world = HubWorld(tmp_path / "hub.db")
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
