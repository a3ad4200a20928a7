"""The ledger: whether its file holds together, whether its last entries follow from each other, its schema.

The whole of it is checked by `opos ledger verify`, and by the object itself after each start; here is what
can be known within seconds, while the object goes on writing.
"""

from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import apsw
import msgspec

from cloud_sync.contract.entry import check_entry, decode_body
from cloud_sync.contract.facts import Checkpoint, Genesis, KeyRotated
from cloud_sync.contract.signing import Verifier
from edge.offline_queue.integrity import HINDERED
from edge.offline_queue.ledger import SCHEMA_VERSION
from edge.offline_queue.outcomes import JournalDamagedError
from edge.offline_queue.reader import LedgerReader, NoLedgerError, as_entry
from edge.offline_queue.set_aside import Note, note_of
from edge.provision.doctor.pages import Finding, found
from edge.provision.doctor.patient import Patient
from edge.provision.doctor.subject import Subject, UnknownError, config_of

# A day of a busy object; to check a signature takes a board 0.3 ms.
TAIL_ENTRIES: Final = 500

# SQLite reads through 1 GB in some ten seconds: what is not read in time is left to the whole check.
_QUICK_STEPS: Final = 100_000
_QUICK_NS_MAX: Final = 3_000_000_000

_NAMING: Final = """SELECT seq, kid, prev, body, hash, sig FROM entry
WHERE kind IN ('genesis', 'checkpoint', 'key.rotated')"""


class Books(msgspec.Struct, frozen=True):
    """A ledger: what is wrong with its file, where its chain breaks, what was set aside."""

    path: Path
    damage: str = ""
    broken_seq: int = 0
    broken: str = ""
    note: Note | None = None


def read(patient: Patient) -> Iterator[Books]:
    """Look at the ledger; it may be written meanwhile."""
    config = config_of(patient)
    path = config.ledger
    try:
        note = note_of(path)
        if note is not None and not note.allowed:
            yield Books(path, note=note)
            return
        if not path.exists():
            raise UnknownError("there is no ledger yet: the object makes one when it first runs")
        with closing(LedgerReader(path)) as reader:
            yield _looked(reader, path, patient)
    except HINDERED as error:
        raise UnknownError(f"{path} cannot be read now: {error}") from error
    except NoLedgerError as error:
        if isinstance(error.__cause__, HINDERED):
            raise UnknownError(str(error)) from error
        yield Books(path, damage=str(error.__cause__ or error))
    except (apsw.Error, ValueError, JournalDamagedError) as error:
        yield Books(path, damage=str(error))


def _looked(reader: LedgerReader, path: Path, patient: Patient) -> Books:
    if schema_of(reader) > SCHEMA_VERSION:
        raise UnknownError("a newer version has written it: see what is found of the versions")
    with reader.still():
        if damage := quick_fault(reader.database, patient):
            return Books(path, damage=damage)
        seq, broken = next(iter(tail_faults(reader)), (0, ""))
    return Books(path, broken_seq=seq, broken=broken)


def schema_of(reader: LedgerReader) -> int:
    """Which version of the tables a ledger has."""
    return int(reader.database.pragma("user_version"))


def quick_fault(db: apsw.Connection, patient: Patient) -> str:
    """SQLite's own view of the file, as far as it comes in time; '' where it finds nothing wrong."""
    clock = patient.clock
    end_ns = clock.now_ns() + _QUICK_NS_MAX
    db.set_progress_handler(lambda: clock.now_ns() > end_ns, _QUICK_STEPS)
    try:
        said = str(db.execute("PRAGMA quick_check(1)").get)
    except apsw.InterruptError:
        return ""
    finally:
        db.set_progress_handler(None)
    return "" if said == "ok" else said


def tail_faults(reader: LedgerReader) -> Iterator[tuple[int, str]]:
    """Where the last entries do not follow from each other, or were not signed by the object: seq and why."""
    head = reader.head()
    first = max(reader.floor(), head - TAIL_ENTRIES + 1)
    keys = {verifier.kid: verifier for verifier in _verifiers(reader)}
    before = reader.hash_of(first - 1)
    seq = first
    for entry in reader.entries(first):
        if entry.seq != seq:
            yield seq, "it is missing"
        if before is not None and entry.prev != before:
            yield entry.seq, "it does not follow from the entry before it"
        if (verifier := keys.get(entry.kid)) is None:
            yield entry.seq, "no key that the ledger names has signed it"
        else:
            yield from ((entry.seq, why) for why in _wrong(entry, verifier))
        before, seq = entry.hash, entry.seq + 1


def _wrong(entry: Any, verifier: Verifier) -> Iterable[str]:
    try:
        check_entry(entry, verifier)
    except ValueError as error:
        return [str(error)]
    return []


def _verifiers(reader: LedgerReader) -> Iterator[Verifier]:
    """Every key that the ledger has ever named."""
    for row in reader.select(_NAMING):
        fact = decode_body(as_entry(row).body).fact
        if isinstance(fact, Genesis | Checkpoint | KeyRotated):
            yield Verifier(fact.key)


def damaged(books: Books) -> Finding | None:
    """The file does not hold together."""
    return found("OP-4001", said=books.damage, ledger=books.path) if books.damage else None


def broken(books: Books) -> Finding | None:
    """The entries do not."""
    if not books.broken:
        return None
    return found("OP-4002", seq=books.broken_seq, said=books.broken, ledger=books.path)


def waits(books: Books) -> Finding | None:
    """A person has to look."""
    if books.note is None:
        return None
    kept = books.path.parent / books.note.kept
    return found("OP-4003", reason=books.note.said, kept=kept, ledger=books.path)


LEDGER: Final = Subject(read, damaged, broken, waits)
