"""One changed value behind the ledger's back, which its full check must find."""

import random
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import apsw

_TABLES: Final = ("entry", "journal", "acked", "projection", "closing", "spent", "takings", "stock")


def tamper(path: Path, luck: random.Random) -> str:
    """Change one column of one row of the ledger at `path`; what was changed."""
    with closing(apsw.Connection(str(path))) as db:
        db.pragma("ignore_check_constraints", 1)  # a flipped bit asks no constraint
        triggers = _rows(db, "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
        for name, _ in triggers:
            db.execute(f"DROP TRIGGER {name}")
        changed = None
        while changed is None:
            changed = _change(db, luck)
        for _, sql in triggers:
            db.execute(sql)
        return changed


def _rows(db: apsw.Connection, sql: str) -> list[Any]:
    return db.execute(sql).fetchall()


def _change(db: apsw.Connection, luck: random.Random) -> str | None:
    """Change something; None if another row has that value already, and may not share it."""
    there = [table for table in _TABLES if _rows(db, f"SELECT 1 FROM {table}")]
    table = luck.choice(there)
    column = luck.choice([each[1] for each in _rows(db, f"PRAGMA table_info({table})")])
    row, value = luck.choice(_rows(db, f"SELECT rowid, {column} FROM {table}"))
    update = f"UPDATE {table} SET {column} = ? WHERE rowid = ?"
    try:
        db.execute(update, (_other(value, luck), row))
    except apsw.ConstraintError:
        return None
    return f"{column} of row {row} of {table} is not {value!r} any more"


def _other(value: int | str | bytes, luck: random.Random) -> int | str | bytes:
    if isinstance(value, int):
        return value + luck.choice((-1, 1)) * (1 << luck.randrange(20))
    if isinstance(value, str):
        at = luck.randrange(len(value))
        flipped_letter = chr(ord(value[at]) ^ 1)
        return value[:at] + flipped_letter + value[at + 1 :]
    assert isinstance(value, bytes)
    flipped = bytearray(value)
    flipped[luck.randrange(len(flipped))] ^= 1 << luck.randrange(8)
    return bytes(flipped)
