"""Pruning: the oldest entries go, their idempotency keys stay for a while."""

from typing import Any, Final

import apsw

from cloud_sync.contract.entry import decode_body
from edge.offline_queue.bookkeeping import checked, idem_digest

KEYS_KEPT_MS: Final = 90 * 24 * 3_600 * 1_000
"""A retry that comes later than this is not a retry."""


def next_floor(db: apsw.Connection, floor: int, safe: int) -> int | None:
    """The next checkpoint above `floor` that a backup of the hub covers; None when there is none."""
    sql = "SELECT min(seq) FROM closing WHERE seq > ? AND seq <= ?"
    row: Any = db.execute(sql, (floor, safe)).fetchone()
    return None if row[0] is None else int(row[0])


def tear_out(db: apsw.Connection, floor: int, wall_ms: int) -> None:
    """Delete what lies below the checkpoint `floor`, in the transaction that is open; it is `wall_ms` now."""
    old: list[Any] = db.execute("SELECT seq, body FROM entry WHERE seq < ?", (floor,)).fetchall()
    for seq, data in old:
        body = decode_body(data)
        key = checked(idem_digest(body.idem), seq, body.wall_ms)
        db.execute("REPLACE INTO spent VALUES (?, ?, ?, ?)", key)
    db.execute("DELETE FROM entry WHERE seq < ?", (floor,))
    db.execute("DELETE FROM closing WHERE seq < ?", (floor,))
    db.execute("DELETE FROM spent WHERE wall_ms < ?", (wall_ms - KEYS_KEPT_MS,))
