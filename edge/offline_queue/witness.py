"""A witness on another medium: it remembers how far the journal was when the card itself forgets or lies.

A card that was rolled back, or that never wrote what it said it had, holds an older ledger that is whole in
itself: nothing on it can tell. A file on the boot partition or a USB stick can, as far as it was told; what
was sold since then, only the hub, a terminal's books or a shopper's receipt know.
"""

import os
from collections.abc import Collection
from pathlib import Path
from typing import Final, Protocol

import msgspec

from edge.offline_queue.bookkeeping import check_of
from edge.offline_queue.ledger import sync_directory

# An epoch is 22 characters, a seq 16 digits and the check 16: the file is below 100 bytes.
_FILE_BYTES_MAX: Final = 1024


class WitnessError(Exception):
    """The witness cannot be asked or told: which one, and why. It is no reason not to sell."""


class WitnessAwayError(WitnessError):
    """The medium is not there, full, or broken."""


class WitnessDamagedError(WitnessError):
    """The medium is there, but what stands on it is not what a witness wrote."""


class Seen(msgspec.Struct, frozen=True):
    """The last entry that a witness was shown."""

    epoch: str
    seq: int


class Witness(Protocol):
    """Whoever remembers the journal's head: a file elsewhere, a counter of a TPM."""

    def seen(self) -> Seen | None:
        """What it was last shown; None when nothing yet. Raises WitnessError."""
        ...

    def see(self, epoch: str, seq: int) -> None:
        """Show it an entry that is on the disk. Within an epoch it never goes back. Raises WitnessError."""
        ...


def loss(witnessed: Seen | None, epoch: str, head: int, succeeds: Collection[str] = ()) -> str | None:
    """What the ledger has lost, as one sentence; None when the witness knows of no loss.

    `succeeds` are the epochs whose place this one took, as its `fork` entry names them: that they are not in
    this file is known already.
    """
    if witnessed is None or witnessed.epoch in succeeds:
        return None
    if witnessed.epoch != epoch:
        return (
            f"the witness saw entry {witnessed.seq} of epoch {witnessed.epoch},"
            f" but this ledger is of epoch {epoch}: it was exchanged or begun anew"
        )
    if witnessed.seq > head:
        return (
            f"the witness saw entry {witnessed.seq}, but this ledger ends at {head}:"
            " the card was rolled back, or did not write what it said it had"
        )
    return None


class _Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    epoch: str
    seq: int
    check: str
    """Over the two above: a flipped bit must not claim a loss that never was."""


class FileWitness:
    """A small file on another medium, replaced whole: a power cut leaves the old one or the new."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def seen(self) -> Seen | None:
        """What it was last shown; None when the file has not been written yet. Raises WitnessError."""
        try:
            with self._path.open("rb") as file:
                data = file.read(_FILE_BYTES_MAX + 1)
        except FileNotFoundError as error:
            if self._path.parent.is_dir():
                return None
            raise self._away(error) from error
        except OSError as error:
            raise self._away(error) from error
        return self._understood(data)

    def see(self, epoch: str, seq: int) -> None:
        """Remember the entry, unless a later one of the same epoch was seen. Raises WitnessAwayError."""
        try:
            before = self.seen()
        except WitnessDamagedError:
            before = None  # whoever asked at the start was told; a whole one takes its place
        if before is not None and before.epoch == epoch and before.seq >= seq:
            return
        try:
            self._write(msgspec.json.encode(_Line(epoch, seq, _check(epoch, seq))))
        except OSError as error:
            raise self._away(error) from error

    def _write(self, data: bytes) -> None:
        part = self._path.with_name(f"{self._path.name}.part")
        try:
            with part.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            part.replace(self._path)
            sync_directory(self._path.parent)
        finally:
            part.unlink(missing_ok=True)

    def _understood(self, data: bytes) -> Seen:
        try:
            line = msgspec.json.decode(data[:_FILE_BYTES_MAX], type=_Line)
        except ValueError as error:
            raise WitnessDamagedError(f"{self._path}: this was not written by a witness: {error}") from error
        if line.check != _check(line.epoch, line.seq):
            raise WitnessDamagedError(f"{self._path}: it is not what the witness wrote: a bit was flipped")
        return Seen(line.epoch, line.seq)

    def _away(self, error: OSError) -> WitnessAwayError:
        return WitnessAwayError(
            f"{self._path}: the witness cannot be reached ({error.strerror}): mount its medium"
        )


def _check(epoch: str, seq: int) -> str:
    return check_of(epoch, seq).hex()
