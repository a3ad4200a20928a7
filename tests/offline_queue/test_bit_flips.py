"""Two thousand flipped bits: whatever one of them changes for anybody who asks, the full check finds."""

from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from tests.offline_queue.faults.flips import Found, Left, check_flips
from tests.offline_queue.faults.keeper import Keeper, problems_of

PAGE_BYTES = 1024
INDEX_LEAF, INDEX_INTERIOR = 10, 2
"""The first byte of a page (SQLite's file format, section 1.6): one bit apart."""


def test_no_flip_that_changes_an_answer_is_silent(tell: Callable[[str], None]) -> None:
    found = check_flips(range(2_000))
    by_whom = ", ".join(f"{count} {found_by.name}" for found_by, count in sorted(found.items(), key=str))
    tell(f"flipped bits: seeds 0 to 1,999: {by_whom}")
    assert found[Found.BY_THE_CHECK] > 300
    assert found[Found.BY_A_WITNESS] > 0


def test_a_log_that_is_no_longer_needed_cannot_take_back_what_stands_in_the_file() -> None:
    check_flips(range(2_000, 2_200), Left.CLOSED_WITH_LOG)


@pytest.mark.parametrize("seed", [23_666, 62_807])
def test_what_a_soak_has_found_once_is_found_for_ever(seed: int) -> None:
    check_flips([seed])


@pytest.fixture
def closed(tmp_path: Path) -> Path:
    """A ledger that has pruned nothing yet: the table of spent keys is empty."""
    keeper = Keeper(tmp_path / "ledger.db")
    keeper.open()
    keeper.sell("a")
    keeper.close()
    keeper.path.with_name("ledger.db-wal").unlink()
    assert problems_of(keeper.path) == []
    return keeper.path


def root_of(path: Path, name: str) -> int:
    db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    root = int(db.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (name,)).get)
    db.close()
    return root


def test_an_empty_index_that_cannot_be_read_any_more_is_found(closed: Path) -> None:
    at = (root_of(closed, "spent_by_age") - 1) * PAGE_BYTES
    data = bytearray(closed.read_bytes())
    assert data[at] == INDEX_LEAF
    data[at] = INDEX_INTERIOR
    closed.write_bytes(data)
    assert problems_of(closed) != []


def test_a_trigger_that_claims_a_page_of_its_own_is_found(closed: Path) -> None:
    db = apsw.Connection(str(closed))
    db.execute("PRAGMA writable_schema = ON")
    db.execute("UPDATE sqlite_schema SET rootpage = 1 WHERE name = 'entry_is_written_in_ink'")
    db.close()
    assert problems_of(closed) != []
