"""A backup is believed when it was read back: every row is there, each journal whole up to its cursor."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Final

import msgspec

from cloud_sync.hub.backup.tape import DamagedBackupError, Rows, Tape
from cloud_sync.hub.store import schema

Journal = tuple[str, str]
"""Object and epoch."""


class Proof(msgspec.Struct, frozen=True):
    """What a tape was seen to hold: the last entry of each journal that is on it without a gap."""

    covered: dict[Journal, int]
    entries: int


def prove(tape: Tape, step: Callable[[int], None]) -> Proof:
    """Read the whole tape; `step` hears how many rows were read. Raises DamagedBackupError."""
    reading = _Reading(tape)
    for record in tape.rows():
        reading.take(record)
        step(len(record.rows))
    return reading.proof()


class _Reading:
    """What was seen so far."""

    def __init__(self, tape: Tape) -> None:
        self._tape: Final = tape
        self._seen: Counter[str] = Counter()
        self._heads: dict[Journal, tuple[int, bytes]] = {}
        self._covered: dict[Journal, int] = {}

    def take(self, record: Rows) -> None:
        self._seen[record.table] += len(record.rows)
        if record.table == schema.entry.name:
            for journal, seq, digest in _places(record):
                self._entry(journal, seq, digest)
        elif record.table == schema.cursor.name:
            for journal, seq, digest in _places(record):
                self._cursor(journal, seq, digest)

    def proof(self) -> Proof:
        """What it all amounts to."""
        if self._seen != Counter(self._tape.heading.rows):
            self._wrong("its tables do not have the rows that its heading says")
        if self._heads.keys() != self._covered.keys():
            self._wrong("it has a journal without a cursor")
        return Proof(self._covered, self._seen[schema.entry.name])

    def _entry(self, journal: Journal, seq: int, digest: bytes) -> None:
        if seq != self._heads.get(journal, (0, b""))[0] + 1:
            self._wrong(f"entry {seq} of {journal[0]} does not follow the one before it")
        self._heads[journal] = (seq, digest)

    def _cursor(self, journal: Journal, seq: int, digest: bytes) -> None:
        if self._heads.get(journal) != (seq, digest):
            self._wrong(f"the journal of {journal[0]} does not end where its cursor stands")
        self._covered[journal] = seq

    def _wrong(self, what: str) -> None:
        raise DamagedBackupError(f"{self._tape.path}: this cannot be relied on: {what}")


def _places(record: Rows) -> Iterator[tuple[Journal, int, bytes]]:
    at = [record.columns.index(name) for name in ("dev", "epoch", "seq", "hash")]
    for row in record.rows:
        dev, epoch, seq, digest = (row[each] for each in at)
        if not (
            isinstance(dev, str)
            and isinstance(epoch, str)
            and isinstance(seq, int)
            and isinstance(digest, bytes)
        ):
            raise DamagedBackupError(f"expected the place of an entry, got {row!r}"[:200])
        yield (dev, epoch), seq, digest
