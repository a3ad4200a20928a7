"""A VFS under SQLite that writes down every change to a file, in the order in which they were made."""

import contextlib
import os
import random
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from pathlib import Path

import apsw

from tests.offline_queue.power.disk import Content, Image, Kind, Op, read_content, read_image


def _pass(_: Op) -> None:
    """No fault."""


class Recorder:
    """The log of every change below `root`, in the order in which they were made; it begins at `start`."""

    def __init__(self, root: Path, start: Image) -> None:
        self._root = str(root.absolute()) + os.sep
        self.start = start
        self.log: list[Op] = []
        self.before: Callable[[Op], None] = _pass
        # What we believe to be there, so that we see when something else than SQLite has changed a file.
        self._inodes: dict[str, int] = {}
        self._sizes: dict[str, int] = {}
        for name in start.files:
            self._believe(name)

    @property
    def position(self) -> int:
        """How many changes there were so far."""
        return len(self.log)

    def name_of(self, path: str | None) -> str | None:
        """The name of a file that is recorded; None for any other."""
        if path is None or not path.startswith(self._root) or path.endswith("-shm"):
            return None
        return path.removeprefix(self._root)

    def opened(self, name: str, *, found: bool) -> None:
        """SQLite has opened a file, which was `found` or has just been made."""
        believed = self._inodes.get(name), self._sizes.get(name)
        self._believe(name)
        if not found:
            self.log.append(Op(Kind.MADE, name))
        elif believed != (self._inodes[name], self._sizes[name]):
            self._miss(name for name in self._inodes if not Path(self._root + name).exists())
            self._find(name, read_content(Path(self._root + name)))

    def changed(self, op: Op) -> None:
        """A change has been made."""
        self.log.append(op)
        if op.kind is Kind.WRITE:
            self._sizes[op.file] = max(self._sizes[op.file], op.at + len(op.data))
        elif op.kind is Kind.TRUNCATE:
            self._sizes[op.file] = op.at
        elif op.kind is Kind.DELETE:
            self._inodes.pop(op.file, None)

    def renamed(self, name: str, to: str) -> None:
        """Product code has renamed a file; what it has not synced before may be lost."""
        if name not in self._inodes:
            self._write_down(name, read_content(Path(self._root + to)))
        self._inodes.pop(name, None)
        self._believe(to)
        self.log.append(Op(Kind.RENAME, name, 0, to.encode()))

    def unlinked(self, name: str) -> None:
        """Product code has deleted a file."""
        if name in self._inodes:
            self.changed(Op(Kind.DELETE, name, 0))

    def synced(self, path: str) -> None:
        """Product code has synced a file or a directory."""
        if (path + os.sep).startswith(self._root) and Path(path).is_dir():
            self.log.append(Op(Kind.DIRECTORY, ""))
        elif (name := self.name_of(path)) is not None:
            self._write_down(name, read_content(Path(path)))
            self.log.append(Op(Kind.SYNC, name))
            self._believe(name)

    def _write_down(self, name: str, content: Content) -> None:
        """What product code has written to a file, as if it had done so in one go just before its sync."""
        self.log.append(Op(Kind.TRUNCATE if name in self._inodes else Kind.MADE, name))
        self.log.append(Op(Kind.WRITE, name, 0, content.data))
        if content.size > len(content.data):
            self.log.append(Op(Kind.TRUNCATE, name, content.size))

    def still_there(self, name: str) -> bool:
        """Whether the file that SQLite has open is still the one of that name.

        If something else has deleted it, the log goes on with what is in the directory now.
        """
        try:
            if Path(self._root + name).stat().st_ino == self._inodes.get(name):
                return True
        except FileNotFoundError:
            pass
        self._look_again()
        return False

    def _look_again(self) -> None:
        there = read_image(Path(self._root))
        self._miss(set(self._inodes) - set(there.files))
        for name, content in there.files.items():
            self._believe(name)
            self._find(name, content)

    def _miss(self, names: Iterable[str]) -> None:
        """Something else than SQLite has deleted or renamed these; whoever does so syncs the directory."""
        for name in sorted(names):
            self.changed(Op(Kind.DELETE, name, 1))

    def _believe(self, name: str) -> None:
        status = os.stat(self._root + name)  # noqa: PTH116 - twice as fast, and on the way of every open
        self._inodes[name], self._sizes[name] = status.st_ino, status.st_size

    def _find(self, name: str, content: Content) -> None:
        self.log.append(Op(Kind.FOUND, name, content.size, content.data))


class _File(apsw.VFSFile):
    """A file of the unix VFS whose changes are told to the recorder."""

    def __init__(self, recorder: Recorder, name: str, path: str | apsw.URIFilename, flags: list[int]) -> None:
        self._recorder = recorder
        self._name = name
        self._orphan = False
        found = os.path.exists(recorder._root + name)  # noqa: PTH110 - on the way of every open
        super().__init__("unix", path, flags)
        recorder.opened(name, found=found)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 - SQLite's name
        op = Op(Kind.WRITE, self._name, offset, bytes(data))
        self._recorder.before(op)
        super().xWrite(data, offset)
        self._tell(op)

    def xTruncate(self, newsize: int) -> None:  # noqa: N802 - SQLite's name
        op = Op(Kind.TRUNCATE, self._name, newsize)
        self._recorder.before(op)
        super().xTruncate(newsize)
        self._tell(op)

    def xSync(self, flags: int) -> None:  # noqa: N802 - SQLite's name
        op = Op(Kind.SYNC, self._name)
        self._recorder.before(op)
        super().xSync(flags)
        self._orphan = self._orphan or not self._recorder.still_there(self._name)
        self._tell(op)

    def xLock(self, level: int) -> None:  # noqa: N802 - SQLite's name
        try:
            super().xLock(level)
        except apsw.IOError as error:
            # A reader that is the last to close tries to lock a file that it may not write: SQLite takes no
            # for an answer, and apsw would raise it.
            raise apsw.BusyError(str(error)) from error

    def _tell(self, op: Op) -> None:
        if not self._orphan:
            self._recorder.changed(op)


class _Vfs(apsw.VFS):
    """The unix VFS, with a recorder beside it."""

    def __init__(self, name: str, recorder: Recorder) -> None:
        self._recorder = recorder
        super().__init__(name, "unix", makedefault=True)

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:  # noqa: N802
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        ours = self._recorder.name_of(path)
        if name is None or ours is None:
            return apsw.VFSFile("unix", name, flags)
        return _File(self._recorder, ours, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802 - SQLite's signature
        ours = self._recorder.name_of(filename)
        if ours is None:
            super().xDelete(filename, syncdir)
            return
        op = Op(Kind.DELETE, ours, int(syncdir))
        self._recorder.before(op)
        super().xDelete(filename, syncdir)
        self._recorder.changed(op)


class _Seeding(apsw.VFS):
    """The unix VFS, with luck that is not the machine's."""

    def __init__(self, luck: random.Random) -> None:
        self._luck = luck
        super().__init__("seeding", "unix", makedefault=True)

    def xRandomness(self, numbytes: int) -> bytes:  # noqa: N802 - SQLite's name
        return self._luck.randbytes(numbytes)


def seed_sqlite(luck: random.Random) -> None:
    """From here on SQLite draws the salts of its logs from `luck`: the same luck writes the same bytes."""
    apsw.Connection(":memory:").close()  # the first connection of a process draws some luck of its own
    vfs = _Seeding(luck)
    apsw.randomness(0)  # forget the old seed (https://www.sqlite.org/c3ref/randomness.html)
    apsw.randomness(1)
    vfs.unregister()


_numbers = count()


@contextlib.contextmanager
def recording(root: Path, start: Image | None = None) -> Iterator[Recorder]:
    """Record what this process does to SQLite files below `root`; all connections are closed before the end.

    `start` is what is there already, if the caller knows it.
    """
    recorder = Recorder(root, start or read_image(root))
    vfs = _Vfs(f"recording-{next(_numbers)}", recorder)
    try:
        yield recorder
    finally:
        vfs.unregister()
