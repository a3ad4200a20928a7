"""What product code does to files by its own hand, beside SQLite: renames, deletions, syncs."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

from tests.offline_queue.power.recording import Recorder


@contextmanager
def watching_hands(recorder: Recorder) -> Iterator[None]:
    """Log these too, so that a cut may come between any two of them."""
    rename, unlink, fsync = Path.rename, Path.unlink, os.fsync

    def renaming(self: Path, target: Path) -> Path:
        done = rename(self, target)
        old, new = recorder.name_of(str(self)), recorder.name_of(str(target))
        if old is not None and new is not None:
            recorder.renamed(old, new)
        return done

    def unlinking(self: Path, missing_ok: bool = False) -> None:
        unlink(self, missing_ok)
        name = recorder.name_of(str(self))
        if name is not None:
            recorder.unlinked(name)

    def syncing(descriptor: int) -> None:
        fsync(descriptor)
        recorder.synced(os.readlink(f"/proc/self/fd/{descriptor}"))  # noqa: PTH115 - a string is wanted

    with (
        patch.object(Path, "rename", renaming),
        patch.object(Path, "unlink", unlinking),
        patch.object(os, "fsync", syncing),
    ):
        yield
