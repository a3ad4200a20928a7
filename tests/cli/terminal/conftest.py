"""A process that is every command, and a shop in which each of them can be asked."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.terminal.corner import build
from tests.cli.terminal.forking import Door


@pytest.fixture(scope="session")
def door() -> Iterator[Door]:
    """Forks any command in the time that one needs without its imports."""
    with Door() as opened:
        yield opened


@pytest.fixture(scope="session")
def _built(door: Door, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("shop") / "corner"
    place.mkdir()
    build(door, place)
    return place


@pytest.fixture
def corner(_built: Path, tmp_path: Path) -> "Corner":
    """The shop, as new."""
    return Corner(_built, tmp_path)


class Corner:
    """Hands out a shop as new for each command that is asked, since some of them change it."""

    def __init__(self, built: Path, place: Path) -> None:
        self._built, self._place, self._count = built, place, 0

    def anew(self) -> Path:
        """A copy, which is another directory each time."""
        self._count += 1
        place = self._place / str(self._count)
        shutil.copytree(self._built, place)
        return place
