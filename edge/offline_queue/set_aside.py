"""A ledger that must not be written any more is set aside: kept whole, and followed by a new epoch.

Two things end an epoch: the file does not hold together (then a person must allow the next one), or the hub
has entries that the file has not (the card was rolled back or cloned: then the next one begins by itself).
A note beside the ledger says which, so that a power cut in the middle changes nothing.
"""

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Final, NoReturn

import apsw
import msgspec

from cloud_sync.contract.encoding import b64
from cloud_sync.contract.entry import SignedEntry, decode_body
from cloud_sync.contract.facts import Fork, ForkReason, HeadOf
from edge.offline_queue.bookkeeping import idem_digest
from edge.offline_queue.integrity import Problem, problems, refold
from edge.offline_queue.ledger import DAMAGE, sync_directory
from edge.offline_queue.outcomes import JournalDamagedError
from edge.offline_queue.projections import NoStartError, Projection, State, dump
from edge.offline_queue.pruning import KEYS_KEPT_MS
from edge.offline_queue.reader import LedgerReader, NoLedgerError

FOLDER: Final = "set-aside"
_NOTE: Final = "set-aside.json"
_NOTHING: Final = HeadOf(0, "")


class Note(msgspec.Struct, frozen=True):
    """Why a ledger was set aside, and where it is kept (beside the ledger, under `FOLDER`).

    `inode`, and on a card that was copied file by file `epoch`, tell the old file from the one that follows
    it; `epoch` is empty where it could not be read. `allowed` says that the next epoch may begin.
    """

    reason: ForkReason
    said: str
    kept: str
    inode: int
    epoch: str
    hub: HeadOf
    allowed: bool


class Predecessor(msgspec.Struct, frozen=True):
    """What a new epoch takes over from the one before: how it ended, its states, the keys it has used."""

    fact: Fork
    states: dict[str, State]
    keys_spent: list[tuple[bytes, int, int]]


def set_aside(
    path: Path,
    reason: ForkReason,
    said: str,
    hub: HeadOf = _NOTHING,
) -> Note:
    """Write down that the ledger at `path` is over; it is moved when it is next opened."""
    inode = _inode(path)
    kept = f"{FOLDER}/{path.stem}-{inode}/{path.name}"
    note = Note(reason, said, kept, inode, _epoch(path), hub, allowed=reason != "damaged")
    _write(path, note)
    return note


def quarantine(path: Path, said: str) -> NoReturn:
    """Move a damaged ledger out of the way; raises JournalDamagedError, which says where it is kept."""
    note = set_aside(path, "damaged", said)
    _move(path, path.parent / note.kept)
    raise JournalDamagedError(_waits(path, note))


@contextmanager
def held_together(path: Path, close: Callable[[], object]) -> Iterator[None]:
    """Set the ledger at `path` aside if what is read of it is damaged; `close` gives it back before that.

    Raises JournalDamagedError then.
    """
    try:
        yield
    except DAMAGE as error:
        close()
        quarantine(path, f"{path}: this is no whole ledger: {error}")


def note_of(path: Path) -> Note | None:
    """The note beside a ledger, if an epoch of it is over and the next has not begun."""
    try:
        return msgspec.json.decode(_note(path).read_bytes(), type=Note)
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise JournalDamagedError(f"{_note(path)}: expected why the ledger was set aside: {error}") from error


def allow(path: Path) -> Note | None:
    """A person lets the next epoch begin; returns the note, or None when nothing waits for that."""
    note = note_of(path)
    if note is None:
        return None
    note = msgspec.structs.replace(note, allowed=True)
    _write(path, note)
    return note


def forget(path: Path) -> None:
    """The next epoch has begun, and says so in its own journal."""
    _note(path).unlink(missing_ok=True)
    sync_directory(path.parent)


def predecessor(path: Path, projections: Sequence[Projection]) -> Predecessor | None:
    """What a new ledger at `path` takes over; None when there is nothing before it.

    Moves the old file out of the way first. Raises JournalDamagedError when a person must allow it.
    """
    note = note_of(path)
    if note is None:
        return None
    if _is_old(path, note):
        _move(path, path.parent / note.kept)
    if not note.allowed:
        raise JournalDamagedError(_waits(path, note))
    return _inherit(path.parent / note.kept, note, projections)


def _waits(path: Path, note: Note) -> str:
    return (
        f"{note.said}; the file is kept at {path.parent / note.kept}. Nothing is sold until somebody has"
        f" looked (opos ledger verify) and has begun a new ledger: opos ledger renew {path}"
    )


def _move(path: Path, kept: Path) -> None:
    """The log goes first: a ledger without its log would miss its last sales."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    sync_directory(kept.parent.parent)
    for suffix in ("-wal", ""):
        old, new = path.with_name(path.name + suffix), kept.with_name(kept.name + suffix)
        if old.exists():
            # A reader that came between may have begun another log: it is kept, and not over the real one.
            old.rename(new.with_name(f"{new.name}.later") if new.exists() else new)
            sync_directory(kept.parent)
    path.with_name(f"{path.name}-shm").unlink(missing_ok=True)
    sync_directory(path.parent)


def _inherit(kept: Path, note: Note, projections: Sequence[Projection]) -> Predecessor:
    """What can be believed of the old file: everything up to the first entry with a problem."""
    try:
        reader = LedgerReader(kept)
    except NoLedgerError:
        return Predecessor(Fork("", _NOTHING, note.hub, note.reason), {}, [])
    with closing(reader), closing(apsw.Connection("")) as scratch:
        last, keys = _believed(reader)
        seq = last.seq if last else 0
        states = _states(reader, projections, scratch, seq)
        identity = reader.identity()
        was = HeadOf(seq, b64(last.hash) if last else "")
        hub = note.hub if note.hub.seq else _confirmed(reader)
        fact = Fork(identity.epoch if identity else "", was, hub, note.reason)
        return Predecessor(fact, states, keys)


def _states(
    reader: LedgerReader, projections: Sequence[Projection], scratch: apsw.Connection, seq: int
) -> dict[str, State]:
    """The projections as they stood at entry `seq`; nothing where that cannot be read."""
    try:
        refold(reader, projections, scratch, seq)
    except (apsw.Error, ValueError, NoStartError):
        return {}
    return {each.name: dump(scratch, each) for each in projections}


def _believed(reader: LedgerReader) -> tuple[SignedEntry | None, list[tuple[bytes, int, int]]]:
    """The last entry before the first problem, and the keys of the last 90 days up to it."""
    last: SignedEntry | None = None
    keys: deque[tuple[bytes, int, int]] = deque()
    with suppress(apsw.Error, ValueError):  # a damaged page: what comes before it is believed
        keys.extend(reader.spent())
        for one in problems(reader):
            if isinstance(one, Problem):
                break
            last, body = one, decode_body(one.body)
            keys.append((idem_digest(body.idem), one.seq, body.wall_ms))
            while keys[0][2] < body.wall_ms - KEYS_KEPT_MS:  # years of sales take no more memory than 90 days
                keys.popleft()
    return last, list(keys)


def _confirmed(reader: LedgerReader) -> HeadOf:
    """How far the hub had confirmed the old file; nothing where that cannot be read."""
    try:
        seq = reader.acked()
        digest = reader.hash_of(seq)
    except apsw.Error:
        return _NOTHING
    return HeadOf(seq, b64(digest) if digest else "")


def _is_old(path: Path, note: Note) -> bool:
    """Whether what lies at `path` is the file that was set aside, or what a power cut has left of it."""
    if not path.exists() or _inode(path) == note.inode:
        return True
    return bool(note.epoch) and _epoch(path) == note.epoch


def _epoch(path: Path) -> str:
    """The epoch of the ledger at `path`; empty where none can be read."""
    try:
        reader = LedgerReader(path)
    except NoLedgerError:
        return ""
    with closing(reader):
        identity = reader.identity()
        return identity.epoch if identity else ""


def _inode(path: Path) -> int:
    """What tells one file from another one of its name; 0 where there is none."""
    return path.stat().st_ino if path.exists() else 0


def _note(path: Path) -> Path:
    return path.with_name(f"{path.stem}.{_NOTE}")


def _write(path: Path, note: Note) -> None:
    part = _note(path).with_suffix(".part")
    with part.open("wb") as file:
        file.write(msgspec.json.encode(note))
        file.flush()
        os.fsync(file.fileno())
    part.rename(_note(path))
    sync_directory(path.parent)
