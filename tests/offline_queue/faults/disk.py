"""A disk with one fault: real files, where the n-th call of one kind fails as a worn card's would."""

# ruff: noqa: N802 - SQLite names the calls of a disk

from collections import Counter
from typing import Final, Literal

import apsw
import msgspec
from apsw import URIFilename

Call = Literal["write", "sync", "read", "truncate", "open", "size", "delete"]
CALLS: Final[tuple[Call, ...]] = ("write", "sync", "read", "truncate", "open", "size", "delete")


class Fault(msgspec.Struct, frozen=True):
    """The `nth` call (from 0) of a kind answers with SQLite's extended result `code`.

    A `lasting` one fails every later call of its kind too, until the disk is mended. A write that fails
    leaves the first half of its bytes on the disk if it is `partial`. A sync that fails leaves nothing of
    what was written to its file since the last one: the kernel may throw such pages away.
    """

    call: Call
    nth: int
    code: int
    lasting: bool = False
    partial: bool = False


class FaultyDisk(apsw.VFS):
    """SQLite's default disk for as long as the `with` lasts: it counts every call, and fails where told to.

    A sync costs nothing here, since these worlds lose calls, not power.
    """

    def __init__(self, fault: Fault | None = None) -> None:
        super().__init__("faulty", "unix", makedefault=True)
        self.fault = fault
        self.struck = False
        self.calls: Counter[Call] = Counter()

    def __enter__(self) -> "FaultyDisk":
        return self

    def __exit__(self, *_: object) -> None:
        self.mend()
        self.unregister()

    @property
    def loses_pages(self) -> bool:
        """Whether the sync that will fail takes what was written before it along."""
        return self.fault is not None and self.fault.call == "sync"

    def mend(self) -> None:
        """Fail no more."""
        self.fault = None

    def strikes(self, call: Call) -> Fault | None:
        """Count one call, and say how it fails; None if it does not."""
        nth, fault = self.calls[call], self.fault
        self.calls[call] += 1
        if fault is None or fault.call != call or nth < fault.nth or (nth > fault.nth and not fault.lasting):
            return None
        self.struck = True
        return fault

    def check(self, call: Call) -> None:
        """Count one call; raise apsw.Error if it is to fail."""
        fault = self.strikes(call)
        if fault is not None:
            raise apsw.exception_for(fault.code)

    def xOpen(self, name: str | URIFilename | None, flags: list[int]) -> "FaultyFile":
        self.check("open")
        return FaultyFile(self, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:
        self.check("delete")
        super().xDelete(filename, syncdir)

    def excepthook(self, *_: object) -> bool:
        """Say nothing: SQLite swallowed a fault that we made, and whether it may is what the worlds ask."""
        return True


class FaultyFile(apsw.VFSFile):
    """One open file of a `FaultyDisk`."""

    def __init__(self, disk: FaultyDisk, name: str | URIFilename | None, flags: list[int]) -> None:
        super().__init__("unix", name, flags)
        self._disk = disk
        self._unsynced: list[tuple[int, bytes]] = []

    def xRead(self, amount: int, offset: int) -> bytes:
        self._disk.check("read")
        return super().xRead(amount, offset)

    def xWrite(self, data: bytes, offset: int) -> None:
        if self._disk.loses_pages:
            before = super().xRead(len(data), offset) if offset < super().xFileSize() else b""
            self._unsynced.append((offset, before.ljust(len(data), b"\0")))
        fault = self._disk.strikes("write")
        if fault is None:
            super().xWrite(data, offset)
            return
        if fault.partial:
            super().xWrite(bytes(data)[: len(data) // 2], offset)
        raise apsw.exception_for(fault.code)

    def xSync(self, _flags: int) -> None:
        fault = self._disk.strikes("sync")
        if fault is None:
            self._unsynced.clear()
            return
        while self._unsynced:
            offset, before = self._unsynced.pop()
            super().xWrite(before, offset)
        raise apsw.exception_for(fault.code)

    def xTruncate(self, newsize: int) -> None:
        self._disk.check("truncate")
        super().xTruncate(newsize)

    def xFileSize(self) -> int:
        self._disk.check("size")
        return super().xFileSize()

    def excepthook(self, *_: object) -> bool:
        """As the disk's."""
        return True
