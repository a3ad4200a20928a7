"""Bad days: what can be wrong with a machine that should run the shop, one sentence and one command each."""

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

# The ledgers, the hub and the logs of a long day take a few MiB; SQLite wants as much again for its logs.
ROOM_BYTES_MIN: Final = 64 * 1024 * 1024
_MIB: Final = 1024 * 1024

# Debian keeps servers in sbin, which is not on everybody's PATH.
_SERVER_DIRS: Final = ("/usr/sbin", "/usr/local/sbin")


class BadDayError(Exception):
    """The shop cannot open or go on: `sentence` says what is wrong, and how to mend it."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def find_mosquitto() -> str:
    """Where the broker's program lies: on PATH, or where Debian puts servers."""
    for place in (None, *_SERVER_DIRS):
        if found := shutil.which("mosquitto", path=place):
            return found
    raise BadDayError(
        "Mosquitto, the message broker of the shop, is not installed: run `sudo apt-get install mosquitto`."
    )


def check_room(directory: Path) -> None:
    """Raise unless the disk under `directory` has room for a day's trade."""
    free = shutil.disk_usage(directory).free
    if free < ROOM_BYTES_MIN:
        raise BadDayError(
            f"Only {free // _MIB} MiB are free in {directory}, and the shop wants {ROOM_BYTES_MIN // _MIB}: "
            "make room, or run `opos demo --dir DIR` with a DIR on another disk."
        )


@contextmanager
def on_this_disk(directory: Path) -> Iterator[None]:
    """Say in one sentence what is wrong when a file under `directory` cannot be written."""
    try:
        yield
    except OSError as error:
        if error.errno not in _DISK_TROUBLES:
            raise
        raise BadDayError(
            f"{error.filename or directory}: {_DISK_TROUBLES[error.errno]}; "
            "mend that, or run `opos demo --dir DIR` with another DIR."
        ) from error


_DISK_TROUBLES: Final = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EACCES: "this user may not write there",
    errno.EPERM: "this user may not write there",
    errno.EROFS: "the disk is read-only",
    errno.ENOTDIR: "a file is in the way where a directory should be",
    errno.EEXIST: "a file is in the way where a directory should be",
    errno.EIO: "the disk does not answer",
}
