"""Logs of the shop's processes: one file each, never longer than a limit, and their last lines to quote."""

from pathlib import Path
from typing import Final

# A chatty day of one process; with its predecessor two of them are kept.
LOG_BYTES_MAX: Final = 1024 * 1024
# What fits into a sentence.
_TAIL_BYTES: Final = 4096
_TAIL_LINES: Final = 3


class Log:
    """The log of one process, `DIR/NAME.log`; the one before is `DIR/NAME.log.1`."""

    def __init__(self, directory: Path, name: str) -> None:
        self.path = directory / f"{name}.log"

    def turn_over(self) -> None:
        """Move the file away if it has grown too long: called before the process starts."""
        if self._size() > LOG_BYTES_MAX:
            self.path.replace(self.path.with_suffix(".log.1"))

    def cut(self) -> None:
        """Copy a file that grew too long away and empty it, while its process goes on appending to it."""
        if self._size() > LOG_BYTES_MAX:
            self.path.with_suffix(".log.1").write_bytes(self.path.read_bytes())
            with self.path.open("r+b") as file:
                file.truncate(0)

    def tail(self) -> str:
        """The last lines, as they are."""
        if not self.path.exists():
            return ""
        data = self.path.read_bytes()[-_TAIL_BYTES:]
        lines = [line for line in data.decode("utf-8", "replace").splitlines() if line.strip()]
        return "\n".join(lines[-_TAIL_LINES:])

    def _size(self) -> int:
        return self.path.stat().st_size if self.path.exists() else 0
