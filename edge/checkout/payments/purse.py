"""The purse on the disk: one small file a slice, so that cards are good offline after a power cut too.

Nobody has to trust it: slices are signed and bound to one journal, and entries say what is left of them.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

# A slice is 700 bytes; an object that holds more than this is given some back by an hourly tidy.
_SLICES_MAX: Final = 10_000
_SLICE_BYTES_MAX: Final = 4 * 1024


class FilePurse:
    """A directory that is the runtime's own; serials are base64url, and so are names of files."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def slices(self) -> Iterator[str]:
        """All that were kept; what cannot be read is not a slice."""
        for path in sorted(self._directory.glob("*.jws"))[:_SLICES_MAX]:
            data = path.read_bytes()[:_SLICE_BYTES_MAX]
            if data.isascii():
                yield data.decode("ascii")

    def keep(self, serial: str, jws: str) -> None:
        """Keep one in place of an older one of its serial; raises OSError."""
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        beside = self._directory / f"{serial}.new"
        with beside.open("wb") as file:
            file.write(jws.encode("ascii"))
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._directory / f"{serial}.jws")

    def drop(self, serial: str) -> None:
        """Forget one, if it is there; raises OSError."""
        (self._directory / f"{serial}.jws").unlink(missing_ok=True)
