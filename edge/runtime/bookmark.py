"""The bookmark: what the next life of the runtime will know of whoever stands before the object now.

It is a file that nobody depends on: a life that finds none, or one of another start of the machine, begins as
if nobody stood there.
"""

import logging
from pathlib import Path
from typing import Final

import msgspec

from edge.checkout.comeback import Kept
from edge.checkout.till import Till
from edge.clock import Clock, boot_id
from edge.config import ObjectConfig
from edge.runtime.senses import Senses

_log: Final = logging.getLogger("opos.runtime")

# A hundred labels (`edge.checkout.basket.ITEMS_MAX`) with all that a label can say are half of it.
_BYTES_MAX: Final = 64 * 1024


class _Written(msgspec.Struct, frozen=True):
    boot: str
    kept: Kept


_WRITTEN: Final = msgspec.json.Decoder(_Written)


class Bookmark:
    """The bookmark in one file; `boot` is the number of this start of the machine."""

    def __init__(self, path: Path, boot: str) -> None:
        self._path, self._boot = path, boot
        self._last: Kept | None = None
        self._complained = False

    def read(self) -> Kept:
        """What the life before this one kept: after another start of the machine nobody's basket is left."""
        try:
            with self._path.open("rb") as file:
                written = _WRITTEN.decode(file.read(_BYTES_MAX))
        except (OSError, ValueError) as error:
            if not isinstance(error, FileNotFoundError):
                _log.warning("%s: cannot be read, as if nobody stood there: %s", self._path, error)
            return Kept()
        if written.boot != self._boot:
            return Kept(put_away=written.kept.put_away)
        self._last = written.kept
        return written.kept

    def keep(self, kept: Kept) -> None:
        """Write down what has changed.

        It is replaced whole, and not synced: after a power cut the machine starts anew, and it is of no use.
        """
        if kept == self._last:
            return
        self._last = kept
        part = self._path.with_suffix(".part")
        try:
            part.write_bytes(msgspec.json.encode(_Written(self._boot, kept)))
            part.replace(self._path)
            self._complained = False
        except OSError as error:  # a full disk, above all: selling goes on, and one word of it is enough
            if not self._complained:
                _log.warning("%s: cannot be written: %s", self._path, error.strerror)
            self._complained = True


def resume(config: ObjectConfig, till: Till, senses: Senses, clock: Clock) -> None:
    """Have the till go on where the life before ended, and keep from here on what the next one needs.

    It comes before the last sale is shown again: whoever put that receipt away has read it.
    """
    bookmark = Bookmark(config.bookmark, boot_id())
    kept = bookmark.read()
    till.comeback.resume(kept)
    senses.recall(kept.labels, clock.now_ns())
    till.subscribe(lambda: bookmark.keep(till.comeback.keep()))
