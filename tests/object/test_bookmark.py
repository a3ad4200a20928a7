"""The bookmark of a runtime: what the next life reads of it, and that nothing depends on it."""

from pathlib import Path

import pytest

from edge.checkout.comeback import Kept
from edge.events import Scanned
from edge.runtime.bookmark import Bookmark

LABEL = Scanned("09520001100109", "09520001100109")
KEPT = Kept(70, 3, (LABEL,), "ar", larger=True, put_away="s1")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "bookmark.json"


def test_the_next_life_reads_what_the_one_before_kept(path: Path) -> None:
    Bookmark(path, "boot").keep(KEPT)
    assert Bookmark(path, "boot").read() == KEPT


def test_after_another_start_of_the_machine_nobody_stands_there(path: Path) -> None:
    Bookmark(path, "boot").keep(KEPT)
    assert Bookmark(path, "another").read() == Kept(put_away="s1")


@pytest.mark.parametrize("found", [b"", b"{", b"\xff\xfe", b'{"boot":"boot","kept":{"at_s":"x"}}'])
def test_a_file_that_nobody_can_read_is_as_if_there_were_none(path: Path, found: bytes) -> None:
    path.write_bytes(found)
    assert Bookmark(path, "boot").read() == Kept()
    Bookmark(path, "boot").keep(KEPT)
    assert Bookmark(path, "boot").read() == KEPT


def test_what_has_not_changed_is_not_written_again(path: Path) -> None:
    bookmark = Bookmark(path, "boot")
    bookmark.keep(KEPT)
    path.unlink()
    bookmark.keep(KEPT)
    assert not path.exists()


def test_a_disk_that_takes_nothing_stops_nobody_and_is_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bookmark = Bookmark(tmp_path / "gone" / "bookmark.json", "boot")
    bookmark.keep(KEPT)
    bookmark.keep(Kept())
    assert caplog.text.count("cannot be written") == 1
