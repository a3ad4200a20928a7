"""A ledger as the first release left it when its machine lost power: the next start migrates it."""

from contextlib import closing
from pathlib import Path
from typing import Final

import apsw

from tests.offline_queue.power.disk import Image, read_image
from tests.offline_queue.power.history import History, b64
from tests.offline_queue.power.shop import DEV, receipt_of, words_of
from tests.offline_queue.power.witness import State

_SCHEMA: Final = Path(__file__).parent.with_name("schema_version_1.sql")


def written_by_the_first_release(root: Path, history: History, acked: int) -> tuple[Image, State]:
    """The entries of `history` in a file of schema version 1, confirmed by the hub up to `acked`."""
    with closing(apsw.Connection(str(root / "ledger.db"))) as db:
        db.execute("PRAGMA page_size = 1024")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute(_SCHEMA.read_text(encoding="utf-8"))
        db.execute("INSERT INTO journal VALUES (1, ?, ?)", (DEV, history.epoch))
        db.executemany("INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?)", history.rows)
        said = receipt_of(history.epoch, acked, b64(history.row(acked)[6]))
        db.execute("INSERT INTO acked VALUES (1, ?, 1, 0, ?)", (acked, words_of(said)))
        db.execute("INSERT INTO projection VALUES ('takings', 0, 0)")
        db.pragma("user_version", 1)
        return read_image(root), State(history.head, acked=acked, generation=1)
