"""A ledger in a temporary directory, a hub on paper, and the folder of a machine that is to be an object."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.ledgers import DAY, Ledgers
from tests.object.paper_hub import PaperHub, confirming

USERS = "root:x:0:0::/root:/bin/sh\nopos:x:990:991::/:/bin/false\n"


@pytest.fixture
def ledgers(tmp_path: Path) -> Ledgers:
    return Ledgers(tmp_path)


@pytest.fixture
def day(ledgers: Ledgers) -> Path:
    """A ledger with the entries of a day: 1 genesis, 2 boot, 3 to 9 as in DAY."""
    return ledgers.write(*DAY)


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PaperHub]:
    """A hub whose person has confirmed already, and that may be asked without a rest."""
    monkeypatch.setattr("edge.provision.enrol._ASKED_EVERY_S", 0.05)
    with confirming(tmp_path) as paper:
        yield paper


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The root of a machine that has its users, and nothing of ours."""
    (tmp_path / "root/etc").mkdir(parents=True)
    (tmp_path / "root/etc/passwd").write_text(USERS)
    return tmp_path / "root"
