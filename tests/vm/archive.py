"""An archive that a kernel unpacks into its memory before it starts anything: cpio, in the format `newc`.

Source: the kernel's Documentation/driver-api/early-userspace/buffer-format.rst.
"""

import stat
from pathlib import Path
from typing import BinaryIO, Final

_MAGIC: Final = b"070701"
_END: Final = "TRAILER!!!"
_FOLDER: Final = stat.S_IFDIR | 0o755
_LINK: Final = stat.S_IFLNK | 0o777


class Archive:
    """Files in the order in which they are added, each after the folders that it stands in."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._known = {"", "."}

    def file(self, name: str, data: bytes, *, mode: int = 0o644, at_s: int = 0) -> None:
        """A file of this content; one that is there already stays as it is."""
        self._add(name, stat.S_IFREG | mode, data, at_s)

    def copy(self, source: Path, name: str) -> None:
        """A file of this machine as it is; Python trusts its compiled modules by the time of their source."""
        about = source.stat()
        self.file(name, source.read_bytes(), mode=stat.S_IMODE(about.st_mode), at_s=int(about.st_mtime))

    def link(self, name: str, target: str) -> None:
        """A symlink."""
        self._add(name, _LINK, target.encode(), 0)

    def folder(self, name: str) -> None:
        """A folder."""
        self._add(name, _FOLDER, b"", 0)

    def end(self) -> None:
        """Nothing comes after this."""
        self._write(_END, 0, b"", 0)

    def _add(self, name: str, mode: int, data: bytes, at_s: int) -> None:
        name = name.strip("/")
        if name in self._known:
            return
        self._known.add(name)
        self.folder(name.rpartition("/")[0])
        self._write(name, mode, data, at_s)

    def _write(self, name: str, mode: int, data: bytes, at_s: int) -> None:
        named = name.encode() + b"\0"
        # Number, mode, user, group, links, time, size, four numbers of devices, length of the name, checksum.
        fields = (len(self._known), mode, 0, 0, 1, at_s, len(data), 0, 0, 0, 0, len(named), 0)
        self._out.write(_whole_words(_MAGIC + b"".join(b"%08X" % field for field in fields) + named))
        self._out.write(_whole_words(data))


def _whole_words(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
