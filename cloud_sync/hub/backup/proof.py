"""A backup is believed when it was read back: every row is there, each journal whole up to its cursor.

Journals are in their frames: each is opened, so that what objects forget can be read again.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Final, NoReturn, TypeVar

import msgspec

from cloud_sync.contract.batch import BadBatchError, reopen
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
        if record.table == schema.frame.name:
            for frame in _read(record, _Frame):
                if frame.kept:
                    self._frame(frame)
        elif record.table == schema.cursor.name:
            for cursor in _read(record, _Cursor):
                self._cursor(cursor)

    def proof(self) -> Proof:
        """What it all amounts to."""
        if self._seen != Counter(self._tape.heading.rows):
            self._wrong("its tables do not have the rows that its heading says")
        if self._heads.keys() != self._covered.keys():
            self._wrong("it has a journal without a cursor")
        return Proof(self._covered, sum(self._covered.values()))

    def _frame(self, frame: "_Frame") -> None:
        if frame.first_new != self._heads.get(frame.journal, (0, b""))[0] + 1:
            self._wrong(f"entry {frame.first_new} of {frame.dev} does not follow the one before it")
        try:
            batch = reopen(frame.bytes)
        except BadBatchError as error:
            self._wrong(f"a frame of {frame.dev} is not what it was: {error}")
        header = batch.header
        said = (header.dev, header.epoch, header.kid, header.first, header.last, header.head)
        if said != (frame.dev, frame.epoch, frame.kid, frame.first, frame.last, frame.head):
            self._wrong(f"a frame of {frame.dev} is another one than its row says")
        self._heads[frame.journal] = (frame.last, frame.head)

    def _cursor(self, cursor: "_Cursor") -> None:
        if self._heads.get((cursor.dev, cursor.epoch)) != (cursor.seq, cursor.hash):
            self._wrong(f"the journal of {cursor.dev} does not end where its cursor stands")
        self._covered[cursor.dev, cursor.epoch] = cursor.seq

    def _wrong(self, what: str) -> NoReturn:
        raise DamagedBackupError(f"{self._tape.path}: this cannot be relied on: {what}")


class _Frame(msgspec.Struct, frozen=True):
    """What is looked at of a row of `frame`."""

    dev: str
    epoch: str
    kept: int
    kid: str
    first: int
    first_new: int
    last: int
    head: bytes
    bytes: bytes

    @property
    def journal(self) -> Journal:
        return self.dev, self.epoch


class _Cursor(msgspec.Struct, frozen=True):
    """What is looked at of a row of `cursor`."""

    dev: str
    epoch: str
    seq: int
    hash: bytes


_T = TypeVar("_T", _Frame, _Cursor)


def _read(record: Rows, into: type[_T]) -> Iterator[_T]:
    at = {name: record.columns.index(name) for name in into.__struct_fields__}
    for row in record.rows:
        try:
            yield msgspec.convert({name: row[each] for name, each in at.items()}, into)
        except msgspec.ValidationError as error:
            raise DamagedBackupError(f"expected a row of {record.table}: {error}") from error
