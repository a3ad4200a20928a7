"""Projections: tables that follow the journal, may be dropped, and are rebuilt column for column.

They are rebuilt from bodies; where bodies were pruned, from the closing states that the first checkpoint of
the file has signed for: state = checkpoint + tail.
"""

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any, Final, Protocol

import apsw
import msgspec

from cloud_sync.contract.encoding import b64
from cloud_sync.contract.entry import Body, decode_body
from cloud_sync.contract.facts import ClosingState, Fork
from edge.offline_queue.bookkeeping import checked
from edge.offline_queue.ledger import transaction

# Catching up takes the writer's thread: so many entries at a time let a sale come in between.
_PIECE: Final = 500

# In an epoch that follows another, entry 1 is the genesis, 2 the fork, and 3 the state that was taken over.
TAKEN_OVER_SEQ: Final = 3


class Projection(Protocol):
    """A view of the journal that a room above registers: the queue itself knows no shop.

    Its tables hold whole numbers and text, no floats; their rows are the same whenever they are folded from
    the same bodies.
    """

    @property
    def name(self) -> str:
        """Its name, for good."""
        ...

    @property
    def version(self) -> int:
        """Grows when its tables or its fold change: then it is rebuilt."""
        ...

    @property
    def reads(self) -> Sequence[int]:
        """The versions, its own among them, whose closing states are rows of these tables as they are."""
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


class NoStartError(Exception):
    """A projection cannot be rebuilt: the entries are pruned, and no closing state of its version is left."""


State = list[tuple[str, list[Sequence[Any]]]]
"""Each table's rows, in the order of all its columns."""


def prepare(db: apsw.Connection, projections: Sequence[Projection]) -> None:
    """Create what is new, and rebuild from its start what was made by another version."""
    for projection in projections:
        known = db.execute("SELECT version FROM projection WHERE name = ?", (projection.name,)).get
        if known != projection.version:
            reset(db, projection)


def reset(db: apsw.Connection, projection: Projection) -> None:
    """Put a projection back to where a rebuild begins: the next `catch_up` goes on from there.

    Raises NoStartError.
    """
    with transaction(db):
        for table in projection.tables:
            db.execute(f"DROP TABLE IF EXISTS {table}")
        db.execute(projection.schema)
        seq, state = rebuild_start(db, projection)
        load(db, state)
        _read_up_to(db, projection, seq)


def rebuild_start(db: apsw.Connection, projection: Projection) -> tuple[int, State]:
    """The seq of the checkpoint at which a rebuild begins, and the state there; 0 and nothing if at none.

    Raises NoStartError.
    """
    first = start_seq(db)
    if not first:
        return 0, []
    row = db.execute(
        "SELECT version, state FROM closing WHERE seq = ? AND name = ?", (first, projection.name)
    ).fetchone()
    if row is None or row[0] not in projection.reads:
        raise NoStartError(
            f"{projection.name}: the entries below {first} are pruned, and the checkpoint there has no"
            f" state of it that version {projection.version} reads"
        )
    return first, decode_state(row[1])


def start_seq(db: apsw.Connection) -> int:
    """The checkpoint that stands for everything before it; 0 when the file has every entry of its object."""
    floor = int(db.execute("SELECT coalesce(min(seq), 1) FROM entry").get)
    if floor > 1:
        return floor
    second = db.execute("SELECT body FROM entry WHERE seq = 2").get
    return TAKEN_OVER_SEQ if second and isinstance(decode_body(second).fact, Fork) else 0


def catch_up(db: apsw.Connection, projections: Sequence[Projection]) -> bool:
    """Fold the next piece of the journal into each projection; False when there was nothing left to fold."""
    folded = False
    for projection in projections:
        seq = db.execute("SELECT seq FROM projection WHERE name = ?", (projection.name,)).get
        rows: list[Any] = db.execute(
            "SELECT seq, body FROM entry WHERE seq > ? ORDER BY seq LIMIT ?", (seq, _PIECE)
        ).fetchall()
        if not rows:
            continue
        folded = True
        with transaction(db):
            cursor = db.cursor()
            for _, body in rows:
                projection.fold(cursor, decode_body(body))
            _read_up_to(db, projection, int(rows[-1][0]))
    return folded


def closing_states(
    db: apsw.Connection, projections: Sequence[Projection]
) -> Iterator[tuple[ClosingState, bytes]]:
    """What a checkpoint signs of each projection, and the bytes that it signs for."""
    for projection in projections:
        data = encode_state(dump(db, projection))
        yield ClosingState(projection.name, projection.version, digest_of(data)), data


def dump(db: apsw.Connection, projection: Projection) -> State:
    """The rows of a projection's tables."""
    return [(table, [*rows_of(db, table)]) for table in projection.tables]


def rows_of(db: apsw.Connection, table: str) -> Iterator[tuple[Any, ...]]:
    """The rows of a table in the order of all its columns, one at a time."""
    columns = db.execute("SELECT count(*) FROM pragma_table_info(?)", (table,)).get
    order = ", ".join(str(number + 1) for number in range(columns))
    return iter(db.execute(f"SELECT * FROM {table} ORDER BY {order}"))  # noqa: S608 - a name of ours


def load(db: apsw.Connection, state: State) -> None:
    """Fill empty tables with `state`."""
    for table, rows in state:
        if rows:
            marks = ", ".join("?" * len(rows[0]))
            db.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)  # noqa: S608 - a name of ours


def encode_state(state: State) -> bytes:
    """The bytes that are hashed and kept."""
    return msgspec.msgpack.encode(state)


def decode_state(data: bytes) -> State:
    """Back from the bytes; raises ValueError on others."""
    return msgspec.msgpack.decode(data, type=State)


def digest_of(data: bytes) -> str:
    """The hash by which a checkpoint names a state."""
    return b64(hashlib.sha256(data).digest())


def _read_up_to(db: apsw.Connection, projection: Projection, seq: int) -> None:
    db.execute(
        "REPLACE INTO projection VALUES (?, ?, ?, ?)", checked(projection.name, projection.version, seq)
    )
