"""The disk budget: what is given up as the disk fills, and the ballast that a paid sale is written in.

Telemetry goes first, then entries below `safe`; at last no sale is begun any more. A sale that was begun is
written all the same: for that the ballast is thrown off. Entries that the hub has not got are never evicted.
"""

import contextlib
import errno
import os
from collections.abc import Iterable
from enum import Enum, IntEnum
from pathlib import Path
from typing import Final, Protocol

import apsw
import msgspec

from edge.offline_queue.ledger import sync_directory

MIB: Final = 1024 * 1024

BALLAST_BYTES: Final = 4 * MIB
"""As long as the journal's log: a sale and all that follows from it fit many times over."""

# Below this no sale is begun, whatever the budget says: the log may have to grow, and others write here too.
_FREE_BYTES_MIN: Final = 8 * MIB
# A level is left only so far below where it was entered: one piece pruned must not switch it off and on.
_SLACK_PERCENT: Final = 2
_SLACK_BYTES: Final = 2 * MIB


class Level(IntEnum):
    """How full the object's share of the disk is: the percent where each begins; it includes those below."""

    ROOMY = 0
    DROP_TELEMETRY = 80
    PRUNE = 90
    REFUSE = 95


class Room(msgspec.Struct, frozen=True):
    """What the object's files take, what is left for them, and what they may take."""

    used_bytes: int
    free_bytes: int
    budget_bytes: int

    @property
    def total_bytes(self) -> int:
        """What the object can fill: its budget, or less if the disk does not hold as much."""
        return min(self.budget_bytes, self.used_bytes + self.free_bytes)


def level_of(room: Room, before: Level = Level.ROOMY) -> Level:
    """The level of `room`, which was at `before` when it was last looked at."""
    return next(
        level
        for level in reversed(Level)
        if level is Level.ROOMY or _entered(room, level) or (level <= before and _held(room, level))
    )


def _entered(room: Room, level: Level) -> bool:
    full = level is Level.REFUSE and room.free_bytes < _FREE_BYTES_MIN
    return full or 100 * room.used_bytes >= level * room.total_bytes


def _held(room: Room, level: Level) -> bool:
    full = level is Level.REFUSE and room.free_bytes < _FREE_BYTES_MIN + _SLACK_BYTES
    return full or 100 * room.used_bytes > (level - _SLACK_PERCENT) * room.total_bytes


def room_of(directory: Path, files: Iterable[Path], budget_bytes: int, spare_bytes: int = 0) -> Room:
    """The room on the disk under `directory`, of which `files` are ours; one that is not there takes none.

    `spare_bytes` are inside our databases: pages that were pruned, which SQLite fills before it makes a file
    longer (`PRAGMA freelist_count`). No file is opened: closing a ledger would drop its locks.

    Raises OSError.
    """
    disk = os.statvfs(directory)
    taken = sum(map(_size, files))
    return Room(max(taken - spare_bytes, 0), disk.f_bavail * disk.f_frsize + spare_bytes, budget_bytes)


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0


def disk_is_full(error: apsw.Error) -> bool:
    """Whether SQLite failed for want of room, so that it may be tried again when some has been made.

    The index of a long log is a file too: where it cannot grow, SQLite speaks of an I/O error (seen on ext4).
    """
    # Only errors of SQLite's own carry a code; those that we raise do not.
    extended = getattr(error, "extendedresult", None)
    return isinstance(error, apsw.FullError) or extended == apsw.SQLITE_IOERR_SHMSIZE


class Reserve(Protocol):
    """Room on the disk that can be given up when a paid sale must be written."""

    def release(self) -> bool:
        """Give it up; False when there was none left."""
        ...


class NoReserve:
    """A disk without ballast."""

    def release(self) -> bool:
        """There is none."""
        return False


class Laid(Enum):
    """What became of an order to lay the ballast."""

    NOW = "now"
    ALREADY = "already"
    NO_ROOM = "no-room"  # the disk would be full of it: better a sale now than room for one later


class Ballast:
    """A file that takes room on the disk until a paid sale needs it."""

    def __init__(self, path: Path, size_bytes: int = BALLAST_BYTES) -> None:
        self._path = path
        self._part = path.with_name(f"{path.name}.part")
        self._size_bytes = size_bytes

    @property
    def laid(self) -> bool:
        """Whether it is there, whole."""
        return _size(self._path) == self._size_bytes

    def lay(self) -> Laid:
        """Take the room, if the disk has it twice. Raises OSError when the disk fails in another way."""
        self._part.unlink(missing_ok=True)  # a power cut may have left one
        if self.laid:
            return Laid.ALREADY
        disk = os.statvfs(self._path.parent)
        if disk.f_bavail * disk.f_frsize < 2 * self._size_bytes:
            return Laid.NO_ROOM
        try:
            self._write()
        except OSError as error:
            self._part.unlink(missing_ok=True)
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            return Laid.NO_ROOM
        return Laid.NOW

    def _write(self) -> None:
        with self._part.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, self._size_bytes)
            os.fsync(file.fileno())
        self._part.replace(self._path)
        sync_directory(self._path.parent)

    def release(self) -> bool:
        """Give the room to whoever writes next; False when there was none to give."""
        try:
            self._path.unlink()
        except OSError:
            return False
        # ext4 hands out the blocks of a deleted file only once the deletion itself is on the disk.
        with contextlib.suppress(OSError):
            sync_directory(self._path.parent)
        return True
