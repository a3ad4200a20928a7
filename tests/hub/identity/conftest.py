"""Fixtures of identity: a hub with certificates that may let objects in, on each database."""

import shutil
from pathlib import Path

import pytest

from cloud_sync.hub.folder import Folder
from cloud_sync.hub.identity.authority import Where, make_authority
from cloud_sync.hub.store.database import Store
from tests.hub.identity.door import Door


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keys and certificates are slow to make and the same for every test; each has a copy of its own."""
    made = Folder(tmp_path_factory.mktemp("template"))
    made.make_keys()
    make_authority(made, Where(("localhost", "127.0.0.1", "::1"), 8883, 8443), 1_750_000_000_000)
    return made.path


@pytest.fixture
def folder(tmp_path: Path, template: Path) -> Folder:
    """A hub's directory with keys and certificates, under the names of this machine."""
    shutil.copytree(template, tmp_path, dirs_exist_ok=True)
    return Folder(tmp_path)


@pytest.fixture
def door(store: Store, folder: Folder) -> Door:
    """The door of a hub, and a clock set by hand."""
    return Door(store, folder)
