"""A disk that can be cut off: what was done to it, and what may survive a cut.

`recording(root)` (see `recording.py`) makes a VFS the default one of this process. It is the real unix VFS,
so that locks and shared memory are those of the product; each change to a file below `root` is passed
through and logged:

    with recording(root) as recorder:
        ... product code opens, writes, syncs, closes ...
        recorder.position                      # the number of changes so far: note it when a promise is made
    platter = Platter(recorder.log, recorder.start)
    platter.turn_to(position)                  # only forward: the disk after so many changes
    platter.kernel_view().lay(other_root)      # the process died, the machine did not: all is there
    platter.surviving(luck).lay(other_root)    # the power failed: one of the disks that this may leave behind

What a power cut may do to a file:

- what a sync has confirmed is there. `believed` tells a card that lies: a sync for which it is False did
  nothing.
- each 512-byte sector that was written since then survives or not, on its own, in any order: as it was
  before, or as it stood after any of the writes to it; sometimes torn, so that it is one of these up to some
  byte and another from there on. Bytes outside a write's range are never harmed (SQLite's "powersafe
  overwrite").
- the size may be any that the file had since then; a sector that never reached the disk is zeros there, or
  noise where the file had never been that long.
- a file that SQLite makes is there for sure after its first sync. One that was made by other means before
  SQLite opened it counts as synced with all it held.
- a deletion may come undone until the directory is synced: by SQLite when it deletes, or with the first sync
  of a WAL or a journal that it has made. So may a renaming, and with it all that came after it.

Faults go in at `recorder.before`: it is called with each change before it is made, and what it raises is what
the disk answers (apsw.IOError, apsw.FullError); the change is then neither made nor logged.
"""

import contextlib
import os
import random
from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from pathlib import Path
from typing import Final

import msgspec

SECTOR_BYTES: Final = 512
"""The smallest sector of any card or drive: what is bigger only tears less."""


class Kind(Enum):
    """What was done to a file."""

    MADE = "made"  # SQLite made it: empty, and not sure to be there before its first sync
    FOUND = "found"  # it was there when SQLite opened it, durable with `data`, `at` bytes long
    WRITE = "write"  # `data` at byte `at`
    TRUNCATE = "truncate"  # to `at` bytes
    SYNC = "sync"
    DELETE = "delete"  # `at` is 1 if the directory was synced too
    RENAME = "rename"  # to the name in `data`
    DIRECTORY = "directory"  # its directory was synced: every name is as sure as it is seen


class Op(msgspec.Struct, frozen=True):
    """One change to one file (`file` is relative to the recorded directory)."""

    kind: Kind
    file: str
    at: int = 0
    data: bytes = b""


class Content(msgspec.Struct, frozen=True):
    """A file: `data`, then zeros up to `size` bytes."""

    data: bytes
    size: int


class Image(msgspec.Struct, frozen=True):
    """All files of a disk, by their name relative to its directory."""

    files: dict[str, Content]

    def lay(self, root: Path) -> None:
        """Write the files below `root`, which has none of them yet; zeros at the end cost no space."""
        for name, content in self.files.items():
            path = root / name
            if "/" in name:
                path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            try:
                os.write(descriptor, content.data)
                os.ftruncate(descriptor, content.size)
            finally:
                os.close(descriptor)


def read_content(path: Path) -> Content:
    """The file at `path`; holes of a sparse file are not read."""
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        data = bytearray()
        at = 0
        with contextlib.suppress(OSError):  # ENXIO: there is no data beyond `at`
            while at < size:
                start = os.lseek(file.fileno(), at, os.SEEK_DATA)
                at = os.lseek(file.fileno(), start, os.SEEK_HOLE)
                data += bytes(start - len(data)) + os.pread(file.fileno(), at - start, start)
    return Content(bytes(data).rstrip(b"\0"), size)


def read_image(root: Path) -> Image:
    """Everything below `root` but shared memory, which no power cut leaves and no process needs."""
    paths = [path for path in root.rglob("*") if path.is_file() and not path.name.endswith("-shm")]
    return Image({str(path.relative_to(root)): read_content(path) for path in paths})


class _OnDisk:
    """One file: what is durable, and what was done since its last sync."""

    def __init__(self, data: bytes | bytearray, size: int, *, sure: bool) -> None:
        self.data = bytearray(data)
        self.size = size
        self.sure = sure
        self.deleted = False
        self.pending: list[Op] = []

    def copy(self) -> "_OnDisk":
        other = _OnDisk(self.data, self.size, sure=self.sure)
        other.deleted, other.pending = self.deleted, list(self.pending)
        return other

    def sync(self) -> None:
        for op in self.pending:
            self.size = _apply(self.data, self.size, op)
        self.pending.clear()
        self.sure = True


def _apply(data: bytearray, size: int, op: Op) -> int:
    """Do `op` to a whole file; its new size."""
    if op.kind is Kind.TRUNCATE:
        del data[op.at :]
        return op.at
    if len(data) < op.at:
        data += bytes(op.at - len(data))
    data[op.at : op.at + len(op.data)] = op.data
    return max(size, op.at + len(op.data))


class _Weather(msgspec.Struct, frozen=True):
    """What kind of power cut it is: the share of sectors that survive, of torn ones, whether there is noise.

    A fair coin for each sector would hardly ever leave all of them, none, or all but one.
    """

    survive: float
    tear: float
    noise: bool


def _weather(luck: random.Random) -> _Weather:
    return _Weather(
        luck.choice((0.0, 0.1, 0.5, 0.9, 1.0)), luck.choice((0.0, 0.0, 0.1, 0.5)), luck.random() < 0.2
    )


class Platter:
    """The disk below a log: what is durable at a point of it, and what may be there after a cut."""

    def __init__(
        self,
        log: Sequence[Op],
        start: Image | None = None,
        *,
        believed: Callable[[Op], bool] = lambda _: True,
    ) -> None:
        self._log = log
        self._at = 0
        self._believed = believed
        self._files: dict[str, _OnDisk] = {}
        # How files were named before each renaming that no sync of a directory has made sure.
        self._names: list[dict[str, _OnDisk]] = []
        for name, content in (start.files if start else {}).items():
            self._files[name] = _OnDisk(content.data, content.size, sure=True)

    def goes_on(self, log: Sequence[Op]) -> "Platter":
        """The same disk below the log of the next process: what the last one did not sync still is not."""
        other = Platter(log, believed=self._believed)
        copies = {id(file): file.copy() for names in (*self._names, self._files) for file in names.values()}
        other._files = {name: copies[id(file)] for name, file in self._files.items()}
        other._names = [{name: copies[id(file)] for name, file in names.items()} for names in self._names]
        return other

    def turn_to(self, position: int) -> None:
        """Go on to the moment before the change number `position`, which is not before the present one."""
        assert self._at <= position <= len(self._log), f"a platter turns forward: {self._at} to {position}"
        for op in self._log[self._at : position]:
            self._follow(op)
        self._at = position

    def _follow(self, op: Op) -> None:
        if op.kind is Kind.FOUND:
            self._name(op.file, _OnDisk(op.data, op.at, sure=True))
        elif op.kind is Kind.MADE:
            self._name(op.file, _OnDisk(b"", 0, sure=False))
        elif op.kind is Kind.RENAME:
            self._names.append(dict(self._files))
            self._files[op.data.decode()] = self._files.pop(op.file)
        elif op.kind is Kind.DIRECTORY:
            self._sync_directory()
        elif op.kind is Kind.DELETE:
            self._delete(op)
        elif op.kind is Kind.SYNC:
            if self._believed(op):
                self._sync(op.file)
        else:
            self._files[op.file].pending.append(op)

    def _name(self, name: str, file: _OnDisk) -> None:
        for names in (*self._names, self._files):
            names[name] = file

    def _sync(self, name: str) -> None:
        file = self._files[name]
        if not file.sure and name.endswith(("-wal", "-journal")):
            self._sync_directory()
        file.sync()

    def _sync_directory(self) -> None:
        self._names.clear()
        self._files = {name: file for name, file in self._files.items() if not file.deleted}
        for file in self._files.values():
            file.sure = True

    def _delete(self, op: Op) -> None:
        if op.file in self._files:
            self._files[op.file].deleted = True
        if op.at:
            self._sync_directory()

    def kernel_view(self) -> Image:
        """All files as the living kernel sees them: what a process finds when the one before it died."""
        files = {}
        for name, file in self._files.items():
            if not file.deleted:
                data, size = bytearray(file.data), file.size
                for op in file.pending:
                    size = _apply(data, size, op)
                files[name] = Content(bytes(data), size)
        return Image(files)

    def surviving(self, luck: random.Random) -> Image:
        """One of the disks that a power cut at this moment may leave behind."""
        weather = _weather(luck)
        files = {}
        names = luck.choice([*self._names, self._files]) if self._names else self._files
        for name, file in sorted(names.items()):
            if (file.sure and not file.deleted) or luck.random() < 0.5:
                files[name] = _survivor(file, luck, weather)
        return Image(files)


def _survivor(file: _OnDisk, luck: random.Random, weather: _Weather) -> Content:
    if not file.pending:
        return Content(bytes(file.data), file.size)
    sizes, pieces = _history(file)
    size = sizes[-1] if luck.random() < weather.survive else luck.choice(sizes)
    data = bytearray(file.data)
    if weather.noise and size > file.size:
        data += bytes(file.size - len(data)) + luck.randbytes(size - file.size)
    for sector, writes in pieces.items():
        survivor = _sector(file.data, sector * SECTOR_BYTES, writes, luck, weather)
        if survivor is not None:
            start = sector * SECTOR_BYTES
            data += bytes(max(0, start + len(survivor) - len(data)))
            data[start : start + len(survivor)] = survivor
    del data[size:]
    return Content(bytes(data), size)


def _history(file: _OnDisk) -> tuple[list[int], dict[int, list[tuple[int, bytes]]]]:
    """Every size since the last sync, and for each sector the writes to it, in order."""
    size = file.size
    sizes, pieces = [size], dict[int, list[tuple[int, bytes]]]()
    for op in file.pending:
        if op.kind is Kind.TRUNCATE:
            at, data = op.at, bytes(max(0, min(size, len(file.data)) - op.at))
            size = op.at
        else:
            at, data = op.at, op.data
            size = max(size, op.at + len(op.data))
        sizes.append(size)
        for sector in _sectors(at, len(data)):
            pieces.setdefault(sector, []).append((at, data))
    return sizes, pieces


def _sectors(at: int, length: int) -> Iterable[int]:
    return range(at // SECTOR_BYTES, -(-(at + length) // SECTOR_BYTES))


def _sector(
    durable: bytearray, start: int, writes: list[tuple[int, bytes]], luck: random.Random, weather: _Weather
) -> bytes | None:
    """What a cut leaves of one sector; None if nothing of what was written reached it."""
    many = len(writes)
    reached = 0
    if luck.random() < weather.survive:
        reached = many if luck.random() < 0.8 else luck.randint(1, many)
    torn = luck.random() < weather.tear
    if not reached and not torn:
        return None
    version = _version(durable, start, writes[:reached])
    if torn:
        other = _version(durable, start, writes[: luck.randint(0, many)])
        at = luck.randrange(SECTOR_BYTES)
        version = version[:at] + other[at:]
    return bytes(version)


def _version(durable: bytearray, start: int, writes: list[tuple[int, bytes]]) -> bytearray:
    """One sector after `writes`."""
    sector = durable[start : start + SECTOR_BYTES]
    sector += bytes(SECTOR_BYTES - len(sector))
    for at, data in writes:
        here = max(at, start)
        piece = data[here - at : start + SECTOR_BYTES - at]
        sector[here - start : here - start + len(piece)] = piece
    return sector
