"""The card of an object: a directory that can be copied, put back as it was, and full."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Final

import apsw

LEDGER: Final = "ledger.db"
_KEYS: Final = "keys"

# What the ballast gives: a sale, the receipt of it and a start are some dozens of pages.
_BALLAST_WRITES: Final = 60

_numbers = count()
_full: dict[str, "Card"] = {}  # directory -> a card that has an end


class Card:
    """A directory of one object; `end` and `room` say how many more writes it takes."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir()
        self.directory = directory
        self._left = 0
        self._ballast = True

    @property
    def ledger(self) -> Path:
        """The ledger's file."""
        return self.directory / LEDGER

    @property
    def keys(self) -> list[int]:
        """The numbers of the object's keys, oldest first: they lie on its card, and are copied with it."""
        kept = self.directory / _KEYS
        return [int(number) for number in kept.read_text().split()] if kept.exists() else []

    def keep_key(self, number: int) -> None:
        """One more key."""
        (self.directory / _KEYS).write_text(" ".join(map(str, [*self.keys, number])))

    @property
    def is_full(self) -> bool:
        """Whether writes fail, or will soon."""
        return str(self.directory) in _full

    def fill(self) -> None:
        """From now on nothing more can be written."""
        self._left = 0
        _full[str(self.directory)] = self

    def make_room(self) -> None:
        """Somebody has tidied up, and the ballast is laid again."""
        self._ballast = True
        _full.pop(str(self.directory), None)

    def release(self) -> bool:
        """Give the ballast to whoever writes next (see `Reserve`)."""
        there, self._ballast = self._ballast, False
        if there:
            self._left += _BALLAST_WRITES
        return there

    def takes(self) -> bool:
        """Whether one more write finds room."""
        self._left -= 1
        return self._left >= 0

    def copied_to(self, directory: Path) -> "Card":
        """What kill -9, or a copy of the card, finds at this moment."""
        copy = Card(directory)
        for path in sorted(self.directory.iterdir()):
            if path.is_dir():
                shutil.copytree(path, directory / path.name)
            elif not path.name.endswith("-shm"):
                shutil.copyfile(path, directory / path.name)
        if self.is_full:
            copy.fill()
            copy._left, copy._ballast = self._left, self._ballast
        return copy


class _File(apsw.VFSFile):
    """A file that cannot be written when its card is full."""

    def __init__(self, name: str | apsw.URIFilename | None, flags: list[int], directory: str) -> None:
        self._directory = directory
        super().__init__("unix", name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 - SQLite's name
        if (card := _full.get(self._directory)) is not None and not card.takes():
            raise apsw.FullError("the card is full")
        super().xWrite(data, offset)

    def xLock(self, level: int) -> None:  # noqa: N802 - SQLite's name
        try:
            super().xLock(level)
        except apsw.IOError as error:
            # A reader that is the last to close tries to lock a file that it may not write: SQLite takes no
            # for an answer, and apsw would raise it.
            raise apsw.BusyError(str(error)) from error


class _Vfs(apsw.VFS):
    def __init__(self, name: str) -> None:
        super().__init__(name, "unix", makedefault=True)

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:  # noqa: N802
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        return _File(name, flags, path.rpartition("/")[0] if path else "")


@contextmanager
def cards() -> Iterator[None]:
    """While the block lasts, cards can be full; all connections are closed before its end."""
    vfs = _Vfs(f"cards-{next(_numbers)}")
    try:
        yield
    finally:
        _full.clear()
        vfs.unregister()
