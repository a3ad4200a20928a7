"""Files that are replaced whole: what a full disk leaves, and whose they are when root has written."""

import errno
import os
from pathlib import Path
from typing import Never

import pytest

from edge.identity.files import keep_file

NOBODY = 65_534


def test_a_full_disk_leaves_what_was_there_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "calibrations.json"
    keep_file(path, b"before")

    def full(_: int) -> Never:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        keep_file(path, b"after")
    assert [(each.name, each.read_bytes()) for each in tmp_path.iterdir()] == [(path.name, b"before")]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root writes what belongs to others")
def test_what_root_writes_is_for_the_owner_of_the_folder_or_of_the_file_before(tmp_path: Path) -> None:
    os.chown(tmp_path, NOBODY, NOBODY)
    path = tmp_path / "calibrations.json"
    keep_file(path, b"first", mode=0o600)
    assert (path.stat().st_uid, path.stat().st_gid) == (NOBODY, NOBODY)
    os.chown(path, 0, NOBODY)
    keep_file(path, b"second", mode=0o600)
    assert (path.stat().st_uid, path.stat().st_gid) == (0, NOBODY)
