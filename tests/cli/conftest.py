"""A ledger in a temporary directory, empty or with the entries of a day."""

from pathlib import Path

import pytest

from tests.cli.ledgers import DAY, Ledgers


@pytest.fixture
def ledgers(tmp_path: Path) -> Ledgers:
    return Ledgers(tmp_path)


@pytest.fixture
def day(ledgers: Ledgers) -> Path:
    """A ledger with the entries of a day: 1 genesis, 2 boot, 3 to 9 as in DAY."""
    return ledgers.write(*DAY)
