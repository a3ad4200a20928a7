"""The process that answers a question in SQL about a copy of a ledger, with a SQLite of its own.

Run it as `python -m edge.cli.ledger.answers COPY` with the question on stdin, and import it nowhere: no
process that opens a ledger with apsw may carry this other SQLite library. It answers with lines of JSON: the
names of the columns, then the rows; or `{"error": ...}`.
"""

import signal
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import msgspec
from sqlite_utils import Database

from cloud_sync.contract.encoding import b64

# What a question is made of. Nothing here writes, attaches another file, or loads code.
_ASKING: Final = frozenset(
    {
        sqlite3.SQLITE_SELECT,
        sqlite3.SQLITE_READ,
        sqlite3.SQLITE_FUNCTION,
        sqlite3.SQLITE_RECURSIVE,
        sqlite3.SQLITE_PRAGMA,
        sqlite3.SQLITE_SAVEPOINT,  # sqlite-utils asks inside of one
    }
)

_REFUSED: Final = "expected a question, such as a SELECT: nothing here writes to a ledger"

# Of a long question the beginning is enough to know it by.
_QUOTED_MAX: Final = 200

# Bodies are bytes, which SQLite's JSON functions do not take.
_SAID: Final = """
CREATE TEMP VIEW said AS
SELECT seq, kind, idem, body ->> 'wall_ms' AS wall_ms, body -> 'fact' AS fact
FROM (SELECT seq, kind, idem, CAST(body AS TEXT) AS body FROM entry)
"""


def main() -> None:
    """Answer one question."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C is for who asked: no traceback from here
    question = sys.stdin.buffer.read().decode(errors="replace")
    for answer in answers(Path(sys.argv[1]), question):
        sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n")


def answers(copy: Path, question: str) -> Iterator[object]:
    """The lines of the answer to `question`."""
    with closing(sqlite3.connect(f"{copy.as_uri()}?mode=ro", uri=True)) as connection:
        database = Database(connection)
        database.execute(_SAID)
        refused: list[int] = []

        def allow(action: int, *_: object) -> int:
            if action in _ASKING:
                return sqlite3.SQLITE_OK
            refused.append(action)
            return sqlite3.SQLITE_DENY

        connection.set_authorizer(allow)
        try:
            yield from _rows(database.execute(question))
        except (sqlite3.Error, ValueError) as error:
            why = str(error).removesuffix(".")
            yield {"error": _REFUSED if refused else f"{why}: {question[:_QUOTED_MAX]}"}


def _rows(cursor: sqlite3.Cursor) -> Iterator[object]:
    if cursor.description is None:  # it was no question: a comment, or nothing at all
        yield {"error": _REFUSED}
        return
    yield [name for name, *_ in cursor.description]
    for row in cursor:
        yield [_shown(cell) for cell in row]


def _shown(cell: Any) -> Any:
    """A cell as JSON has it: bytes are the text that they are, or base64url as everywhere in a ledger."""
    if not isinstance(cell, bytes):
        return cell
    try:
        text = cell.decode()
    except UnicodeDecodeError:
        return b64(cell)
    return b64(cell) if any(character < " " for character in text) else text


if __name__ == "__main__":
    main()
