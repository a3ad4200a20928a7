"""What people did in front of objects: touches, pick-ups, dwell; lossy, unsigned, and never counted by.

A piece that comes twice is kept once. What is lost shows: as a gap in a lane's numbers, or in the counts of
what the object itself had to drop.
"""

from collections.abc import Callable
from typing import Final

from sqlalchemy import Connection, delete, func, select

from cloud_sync.contract.telemetry import BadPieceError, TelemetryPiece, unpack_piece
from cloud_sync.contract.topics import PAYLOAD_BYTES_MAX
from cloud_sync.hub.ingest.opening import RefusedError, count, speaker
from cloud_sync.hub.store import schema
from cloud_sync.hub.store.attention import raise_alarm, reword
from cloud_sync.hub.store.database import Store
from cloud_sync.hub.store.upsert import upsert
from retail.units import INTEGER_MAX

ITEMS_KEPT_MAX: Final = 50_000
"""Of one lane: a week of a busy mirror, at 100 bytes each 5 MB."""
LANES_KEPT_MAX: Final = 8
"""Of one object: a lane ends with a power cut."""

CALLED: Final = "StaffCalled"
CAME: Final = "StaffCame"
"""What an object tells when a shopper asks for staff, and when that is over."""
CALLS: Final = "staff.called"
"""The kind of the alarm about it: one for each object, with how often there was a call."""
_CALLS: Final = {CALLED: "a shopper asks for staff", CAME: "the last call for staff is over"}

# Both are words of the object's software, as `touch` and eight letters of base64url.
_KIND_CHARS_MAX: Final = 64
_LANE_CHARS_MAX: Final = 64


class Gestures:
    """Keeps the telemetry of all objects."""

    def __init__(self, store: Store, clock_ms: Callable[[], int]) -> None:
        self._store, self._clock_ms = store, clock_ms

    def take(self, topic: str, payload: bytes) -> None:
        """Keep one piece; whatever is in it, this returns and the lane goes on."""
        try:
            dev = speaker(self._store, topic).address.object
            piece = _opened(dev, payload)
        except RefusedError as refused:
            count(self._store, refused, self._clock_ms())
            return
        with self._store.writing() as connection:
            known = _known(connection, piece)
            if _keep_lane(connection, piece):
                _forget_lanes(connection, dev)
            _keep_items(connection, piece)
            _hear_calls(connection, piece, known, self._clock_ms())


def _opened(dev: str, payload: bytes) -> TelemetryPiece:
    if len(payload) > PAYLOAD_BYTES_MAX:
        raise RefusedError("telemetry", dev, f"{dev}: telemetry of {len(payload)} bytes is none of ours")
    try:
        piece = unpack_piece(payload)
    except BadPieceError as error:
        raise RefusedError("telemetry", dev, f"{dev}: {error}") from error
    if piece.dev != dev:
        raise RefusedError(
            "place", dev, f"{dev}: telemetry of {piece.dev[:80]!r} came on this object's topic"
        )
    if not _is_sound(piece):
        raise RefusedError("telemetry", dev, f"{dev}: its telemetry has a name or a number that no lane has")
    return piece


def _is_sound(piece: TelemetryPiece) -> bool:
    seqs = [item.seq for item in piece.items]
    numbers = (piece.dropped, piece.replaced, *(item.at_ms for item in piece.items))
    return (
        _is_word(piece.lane, _LANE_CHARS_MAX)
        and all(0 <= number <= INTEGER_MAX for number in numbers)
        and all(_is_word(item.kind, _KIND_CHARS_MAX) for item in piece.items)
        and all(before < after for before, after in zip([0, *seqs], seqs, strict=False))
    )


def _is_word(text: str, chars_max: int) -> bool:
    """Whether a name can be shown and kept: PostgreSQL has no text with a NUL in it."""
    return 0 < len(text) <= chars_max and text.isprintable()


def _known(connection: Connection, piece: TelemetryPiece) -> int:
    """How far this lane was known."""
    table = schema.telemetry_lane
    mine = (table.c.dev == piece.dev, table.c.lane == piece.lane)
    return connection.execute(select(table.c.last).where(*mine)).scalar() or 0


def _hear_calls(connection: Connection, piece: TelemetryPiece, known: int, now_ms: int) -> None:
    """A shopper calls for staff, or waits no more: whoever looks at the hub reads the newest word."""
    for item in piece.items:
        if item.seq <= known or item.kind not in _CALLS:
            continue
        what = _CALLS[item.kind]
        if item.kind == CALLED:
            raise_alarm(connection, CALLS, piece.dev, f"{piece.dev}: {what}", now_ms)
        else:
            reword(connection, CALLS, piece.dev, f"{piece.dev}: {what}", now_ms)


def _keep_lane(connection: Connection, piece: TelemetryPiece) -> bool:
    """Note how far a lane is, which never goes back; whether it is a new one."""
    table = schema.telemetry_lane
    last = piece.items[-1].seq if piece.items else 0
    mine = (table.c.dev == piece.dev, table.c.lane == piece.lane)
    before = connection.execute(select(table).where(*mine)).first()
    told = {"last": last, "dropped": piece.dropped, "replaced": piece.replaced}
    if before is not None:
        told = {name: max(number, getattr(before, name)) for name, number in told.items()}
    row = upsert(connection, table).values(dev=piece.dev, lane=piece.lane, **told)
    connection.execute(row.on_conflict_do_update(index_elements=["dev", "lane"], set_=told))
    return before is None


def _keep_items(connection: Connection, piece: TelemetryPiece) -> None:
    if not piece.items:
        return
    table = schema.telemetry
    place = {"dev": piece.dev, "lane": piece.lane}
    rows = [
        {**place, "seq": item.seq, "kind": item.kind, "at_ms": item.at_ms, "body": item.body}
        for item in piece.items
    ]
    connection.execute(upsert(connection, table).on_conflict_do_nothing(), rows)
    mine = (table.c.dev == piece.dev, table.c.lane == piece.lane)
    connection.execute(delete(table).where(*mine, table.c.seq <= piece.items[-1].seq - ITEMS_KEPT_MAX))


def _forget_lanes(connection: Connection, dev: str) -> None:
    """Let the lanes go that nobody has written to for the longest time."""
    lane, item = schema.telemetry_lane, schema.telemetry
    newest = select(func.coalesce(func.max(item.c.at_ms), INTEGER_MAX)).where(
        item.c.dev == lane.c.dev, item.c.lane == lane.c.lane
    )
    query = (
        select(lane.c.lane).where(lane.c.dev == dev).order_by(newest.scalar_subquery().desc(), lane.c.lane)
    )
    for name in connection.execute(query.offset(LANES_KEPT_MAX)).scalars().all():
        for table in (item, lane):
            connection.execute(delete(table).where(table.c.dev == dev, table.c.lane == name))
