"""Fixtures of the tests of health: the broker and cable of the agent's tests, and a hub in a file."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from cloud_sync.hub.store import database
from tests.agent.conftest import broker, cable
from tests.hub.hub_world import HubWorld

__all__ = ["broker", "cable", "hub"]


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubWorld]:
    """A hub that the tests of a module share; it knows nobody yet."""
    path = tmp_path_factory.mktemp("hub") / "hub.db"
    database.create(path, 1)
    with closing(HubWorld(path)) as world:
        yield world
