"""Where a ledger stands: all that a pen must know of a file that it has just opened."""

from contextlib import closing
from pathlib import Path
from typing import Any

import apsw
import msgspec

from cloud_sync.contract.entry import decode_body, first_prev
from cloud_sync.contract.facts import Fork, KeyRotated
from edge.offline_queue.outcomes import JournalDamagedError
from edge.offline_queue.reader import LedgerReader, NoLedgerError


class Standing(msgspec.Struct, frozen=True):
    """The end of the chain, its beginning, and what the hub has confirmed."""

    epoch: str
    head: int
    hash: bytes
    """The hash of the last entry, or what stands before the first one."""
    wall_ms: int
    """The time in the last entry: the next one's is no earlier."""
    kid: str | None
    """The key that signs the next entry; None in a ledger without any."""
    floor: int
    """The first entry that is kept."""
    checkpoint: int
    """The last checkpoint; 0 before the first."""
    follows: str | None
    """The epoch whose place this one took, as far as the file still says so."""
    acked: int
    generation: int
    safe: int


def signing_kid(path: Path) -> str | None:
    """The key that signs the next entry of the ledger at `path`; None before the first, and without a ledger.

    Raises JournalDamagedError where the end of the ledger cannot be read.
    """
    try:
        with closing(LedgerReader(path)) as reader:
            return standing(reader.database).kid
    except NoLedgerError:
        return None
    except (apsw.Error, ValueError) as error:
        raise JournalDamagedError(f"{path}: its end cannot be read: {error}") from error


def standing(db: apsw.Connection) -> Standing:
    """Read it from an open ledger."""
    epoch = str(db.execute("SELECT epoch FROM journal").get)
    head, digest, wall_ms, kid = 0, first_prev(epoch), 0, None
    row: Any = db.execute("SELECT seq, hash, kid, body FROM entry ORDER BY seq DESC LIMIT 1").fetchone()
    if row is not None:
        head, digest, kid, data = row
        last = decode_body(data)
        wall_ms = last.wall_ms
        if isinstance(last.fact, KeyRotated):
            kid = last.fact.key.kid
    confirmed: Any = db.execute("SELECT seq, generation, safe FROM acked").fetchone() or (0, 0, 0)
    return Standing(
        epoch=epoch,
        head=head,
        hash=digest,
        wall_ms=wall_ms,
        kid=kid,
        floor=int(db.execute("SELECT coalesce(min(seq), 1) FROM entry").get),
        checkpoint=int(db.execute("SELECT coalesce(max(seq), 0) FROM entry WHERE kind = 'checkpoint'").get),
        follows=_follows(db),
        acked=confirmed[0],
        generation=confirmed[1],
        safe=confirmed[2],
    )


def _follows(db: apsw.Connection) -> str | None:
    second = db.execute("SELECT body FROM entry WHERE seq = 2").get
    fact = decode_body(second).fact if second else None
    return fact.epoch if isinstance(fact, Fork) else None
