"""Everything that can be asked of a ledger: each table in order, each row by every way that leads there."""

from collections.abc import Iterator
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import Any

import apsw

from edge.offline_queue.reader import LedgerReader, NoLedgerError

Question = tuple[str, tuple[Any, ...]]
Answers = list[object]


def questions(db: apsw.Connection) -> Iterator[Question]:
    """Everything that can be asked: each table in order, and each row by its key and through each index."""
    yield "SELECT * FROM sqlite_schema", ()
    yield "PRAGMA user_version", ()
    yield "PRAGMA application_id", ()
    for (table,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
        yield f"SELECT rowid, * FROM {table} NOT INDEXED ORDER BY rowid", ()
        yield from _look_ups(db, str(table), "NOT INDEXED", ["rowid"])
        for (index,) in db.execute("SELECT name FROM pragma_index_list(?)", (table,)).fetchall():
            columns = [str(row[0]) for row in db.execute("SELECT name FROM pragma_index_info(?)", (index,))]
            names, part = ", ".join(columns), _part(db, str(index))
            yield f"SELECT {names}, rowid FROM {table} INDEXED BY {index} WHERE {part} ORDER BY {names}", ()
            yield from _look_ups(db, str(table), f"INDEXED BY {index}", columns, part)


def _part(db: apsw.Connection, index: str) -> str:
    """What a partial index has of its table; `true` for one that has it all."""
    statement = str(db.execute("SELECT sql FROM sqlite_schema WHERE name = ?", (index,)).get)
    return statement.partition(" WHERE ")[2] or "true"


def _look_ups(
    db: apsw.Connection, table: str, by: str, columns: list[str], part: str = "true"
) -> Iterator[Question]:
    """Each row of a table by what stands in `columns`, one look-up after the other."""
    keys = db.execute(f"SELECT {', '.join(columns)} FROM {table} WHERE {part}").fetchall()
    if keys:
        marks = ", ".join([f"({', '.join('?' * len(columns))})"] * len(keys))
        match = " AND ".join(f"{table}.{name} = asked.column{n + 1}" for n, name in enumerate(columns))
        match = f"{match} AND {part}"
        sql = f"SELECT {table}.* FROM (VALUES {marks}) AS asked CROSS JOIN {table} {by} ON {match}"
        yield sql, tuple(chain.from_iterable(keys))


def answers(path: Path, asked: list[Question]) -> Answers:
    """What a ledger answers; a file that is refused answers why, as does a question that it cannot answer."""
    try:
        with closing(LedgerReader(path)) as reader:
            return [_answer(reader.database, *question) for question in asked]
    except NoLedgerError as error:
        return [str(error)]


def _answer(db: apsw.Connection, sql: str, values: tuple[Any, ...]) -> object:
    try:
        return db.execute(sql, values).fetchall()
    except (apsw.Error, UnicodeDecodeError) as error:
        return repr(error)
