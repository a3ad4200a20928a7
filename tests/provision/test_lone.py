"""Of two who are at work on one object the second is sent away; a lock is no way to another file."""

from pathlib import Path

import pytest

from edge.provision.lone import alone_with


class BusyError(Exception):
    """Somebody else is at work."""


def test_of_two_at_once_the_second_is_refused_and_after_it_the_next_is_not(tmp_path: Path) -> None:
    lock = tmp_path / "data" / "work.lock"
    with (
        alone_with(lock, BusyError("busy")),
        pytest.raises(BusyError, match="busy"),
        alone_with(lock, BusyError("busy")),
    ):
        raise AssertionError("both are at work")
    with alone_with(lock, BusyError("busy")):
        assert lock.exists()


def test_a_lock_that_a_service_has_laid_as_a_link_reaches_nobodys_file(tmp_path: Path) -> None:
    (tmp_path / "shadow").write_text("root's")
    (tmp_path / "work.lock").symlink_to("shadow")
    with pytest.raises(OSError, match="symbolic"), alone_with(tmp_path / "work.lock", BusyError()):
        raise AssertionError("it went through the link")
    assert (tmp_path / "shadow").read_text() == "root's"
