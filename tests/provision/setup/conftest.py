"""A hub on paper whose person has confirmed already, and a machine on paper."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.object.paper_hub import PaperHub, confirming
from tests.provision.setup.bench import PaperMachine


@pytest.fixture(autouse=True)
def asked_without_a_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.provision.enrol._ASKED_EVERY_S", 0.05)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[PaperHub]:
    with confirming(tmp_path) as paper:
        yield paper


@pytest.fixture
def machine(tmp_path: Path) -> PaperMachine:
    return PaperMachine(tmp_path / "root")
