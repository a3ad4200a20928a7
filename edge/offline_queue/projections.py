"""Projections: tables that follow the journal, may be dropped, and are rebuilt from bodies alone."""

from collections.abc import Sequence
from typing import Final, Protocol

import apsw

from cloud_sync.contract.entry import Body, decode_body

# Catching up takes the writer's thread: so many entries at a time let a sale come in between.
_PIECE: Final = 500


class Projection(Protocol):
    """A view of the journal that a room above registers: the queue itself knows no shop."""

    @property
    def name(self) -> str:
        """Its name, for good."""
        ...

    @property
    def version(self) -> int:
        """Grows when its tables or its fold change: then it is rebuilt."""
        ...

    @property
    def tables(self) -> Sequence[str]:
        """The names of its tables."""
        ...

    @property
    def schema(self) -> str:
        """The statements that create them."""
        ...

    def fold(self, db: apsw.Cursor, body: Body) -> None:
        """Bring the tables up to date with one more entry."""
        ...


def prepare(db: apsw.Connection, projections: Sequence[Projection]) -> None:
    """Create what is new, and drop and create again what was made by another version."""
    for projection in projections:
        known = db.execute("SELECT version FROM projection WHERE name = ?", (projection.name,)).get
        if known != projection.version:
            reset(db, projection)


def reset(db: apsw.Connection, projection: Projection) -> None:
    """Empty a projection: the next `catch_up` rebuilds it."""
    with db:
        for table in projection.tables:
            db.execute(f"DROP TABLE IF EXISTS {table}")
        db.execute(projection.schema)
        db.execute("REPLACE INTO projection VALUES (?, ?, 0)", (projection.name, projection.version))


def catch_up(db: apsw.Connection, projections: Sequence[Projection]) -> bool:
    """Fold the next piece of the journal into each projection; False when there was nothing left to fold."""
    folded = False
    for projection in projections:
        seq = db.execute("SELECT seq FROM projection WHERE name = ?", (projection.name,)).get
        rows = db.execute(
            "SELECT seq, body FROM entry WHERE seq > ? ORDER BY seq LIMIT ?", (seq, _PIECE)
        ).fetchall()
        if not rows:
            continue
        folded = True
        with db:
            cursor = db.cursor()
            for _, body in rows:
                assert isinstance(body, bytes)
                projection.fold(cursor, decode_body(body))
            db.execute("UPDATE projection SET seq = ? WHERE name = ?", (rows[-1][0], projection.name))
    return folded
