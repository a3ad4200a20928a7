"""The purse on the disk: one small file a slice, so that cards are good offline after a power cut too.

Nobody has to trust it: slices are signed and bound to one journal, and entries say what is left of them. How
long a slice is still good is told beside it by the monotonic clock, which only the same boot can read.
"""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import msgspec

from edge.readings import Nanoseconds

_log: Final = logging.getLogger("opos.payments")

# A slice is 700 bytes; an object that holds more than this is given some back by an hourly tidy.
_SLICES_MAX: Final = 10_000
_SLICE_BYTES_MAX: Final = 4 * 1024

Keep = Callable[[Path, bytes], None]
"""Writes a file so that a power cut leaves all of it, or what was there before; raises OSError."""


class Kept(msgspec.Struct, frozen=True):
    """A slice as a compact JWS, and until when it is good by the monotonic clock of this boot."""

    jws: str
    until_ns: Nanoseconds | None = None
    """None where the machine was started again since: the monotonic clock has begun anew."""


class _File(msgspec.Struct, frozen=True):
    jws: str
    boot: str
    until_ns: int


class FilePurse:
    """A directory that is the runtime's own; serials are base64url, and so are names of files.

    `boot` names this run of the machine.
    """

    def __init__(self, directory: Path, boot: str, keep: Keep) -> None:
        self._directory, self._boot, self._keep = directory, boot, keep

    def slices(self) -> Iterator[Kept]:
        """All that were kept; what cannot be read is not a slice, and costs one question to the hub."""
        for path in sorted(self._directory.glob("*.json"))[:_SLICES_MAX]:
            try:
                file = msgspec.json.decode(path.read_bytes()[:_SLICE_BYTES_MAX], type=_File)
            except (OSError, ValueError) as error:
                _log.warning("%s: %s", path, error)
                continue
            yield Kept(file.jws, Nanoseconds(file.until_ns) if file.boot == self._boot else None)

    def keep(self, serial: str, jws: str, until_ns: Nanoseconds) -> None:
        """Keep one in place of an older one of its serial; raises OSError."""
        data = msgspec.json.encode(_File(jws, self._boot, until_ns))
        self._keep(self._directory / f"{serial}.json", data)

    def drop(self, serial: str) -> None:
        """Forget one, if it is there; raises OSError."""
        (self._directory / f"{serial}.json").unlink(missing_ok=True)
