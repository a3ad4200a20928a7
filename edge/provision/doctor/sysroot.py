"""The files in which a machine tells of itself, below a root that may be another machine's."""

from pathlib import Path
from typing import Final

import msgspec

# A file of /sys is a page of memory; the tables of /proc that are read here have a few hundred lines.
_BYTES_MAX: Final = 256 * 1024


class Sysroot(msgspec.Struct, frozen=True):
    """The tree below `top`: what is not there, or cannot be read, says nothing."""

    top: Path = Path("/")

    def path(self, name: str) -> Path:
        """Where `name` (/sys/...) is."""
        return self.top / name.lstrip("/")

    def text(self, name: str | Path) -> str:
        """What a file says, without the spaces around it; '' if it says nothing."""
        path = name if isinstance(name, Path) else self.path(name)
        try:
            with path.open("rb") as file:
                return file.read(_BYTES_MAX).decode("utf-8", "replace").strip()
        except OSError:
            return ""

    def number(self, name: str | Path, base: int = 10) -> int | None:
        """The whole number in a file; None if there is none."""
        try:
            return int(self.text(name), base)
        except ValueError:
            return None

    def found(self, pattern: str) -> list[Path]:
        """The files and folders that fit `pattern` (/sys/class/hwmon/*), in order."""
        return sorted(self.top.glob(pattern.lstrip("/")))

    def table(self, name: str) -> dict[str, int]:
        """A file of lines `name[:] number ...`, as /proc/meminfo and /proc/vmstat."""
        rows = (line.replace(":", " ").split() for line in self.text(name).splitlines())
        return {row[0]: int(row[1]) for row in rows if len(row) > 1 and row[1].isdigit()}
