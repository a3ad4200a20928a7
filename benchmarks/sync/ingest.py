"""What a row costs a hub: verified, kept, and counted; CPU of the worker and of the server behind it.

The ceiling of keeping is a bare COPY of the entries into a table without an index (for SQLite: an INSERT of
all of them in one transaction); of counting, to decode each body and to insert its sale.
"""

import time
from typing import Final

import apsw
import psycopg
from sqlalchemy.engine import make_url

from benchmarks.harness import Benchmark, Direction, Goal, Judged
from benchmarks.journal.promise import room
from benchmarks.sync.databases import Engine, Meter, new_database, new_hub
from benchmarks.sync.frames import ADDRESS, ENTRIES, EPOCH, journal
from cloud_sync.contract.batch import unpack
from cloud_sync.contract.entry import decode_body
from cloud_sync.contract.facts import Sale
from cloud_sync.contract.signing import SoftwareKey, Verifier
from cloud_sync.hub.ingest.intake import Intake, Taken
from cloud_sync.hub.projections.projector import Projector
from cloud_sync.hub.store.database import Store

# What a desk takes at once from one object that drains: all that it may have on its way.
_TOGETHER: Final = 8
_COLUMNS: Final = (
    "dev text, epoch text, seq bigint, kid text, hash bytea, body bytea, frame bigint, part bigint"
)
_TYPES: Final = ("text", "text", "int8", "text", "bytea", "bytea", "int8", "int8")


def ingest_us(engine: Engine) -> float:
    """The CPU of a row from the frame to the commit, in microseconds."""
    journal()
    with new_hub(engine) as store:
        meter = Meter(_url(store))
        take_all(store)
        return meter.us(ENTRIES)


def take_all(store: Store) -> None:
    """Take every frame in, as a desk does."""
    intake = Intake(store, SoftwareKey.generate(), lambda: 1_790_000_000_000)
    topic, frames = ADDRESS.up("journal"), journal().frames
    for at in range(0, len(frames), _TOGETHER):
        outcomes = intake.take_many([(topic, frame) for frame in frames[at : at + _TOGETHER]])
        assert all(outcome.taken is Taken.APPENDED for outcome in outcomes), outcomes


def verify_us() -> float:
    """V: to open a frame and verify its signature and its chain, for each row, in microseconds of CPU."""
    verifier, frames = Verifier(journal().key.public), journal().frames
    meter = Meter(None)
    for frame in frames:
        unpack(frame, verifier)
    return meter.us(ENTRIES)


def copy_us() -> float:
    """C: a bare COPY of a row into PostgreSQL, in microseconds of CPU."""
    url, rows = new_database(), _rows()
    address = make_url(url)
    with psycopg.connect(
        host=address.host, port=address.port, user=address.username, dbname=address.database
    ) as connection:
        connection.execute(f"CREATE TABLE bare ({_COLUMNS})")
        connection.commit()
        meter = Meter(url)
        with connection.cursor() as cursor, cursor.copy("COPY bare FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(_TYPES)
            for row in rows:
                copy.write_row(row)
        connection.commit()
        return meter.us(ENTRIES)


def insert_us() -> float:
    """The same for SQLite: an INSERT of each row, all in one transaction."""
    rows = _rows()
    with room() as directory:
        database = apsw.Connection(str(directory / "bare.db"))
        database.execute(f"CREATE TABLE bare ({_COLUMNS})")
        meter = Meter(None)
        with database:
            database.executemany("INSERT INTO bare VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
        used_us = meter.us(ENTRIES)
        database.close()
        return used_us


def projected_per_s() -> float:
    """Rows a second from the journal into sales, money and stock, in SQLite."""
    with new_hub("sqlite") as store:
        take_all(store)
        projector = Projector(store)
        began = time.perf_counter()
        rows = 0
        while step := projector.step():
            rows += step
        took_s = time.perf_counter() - began
    assert rows == ENTRIES
    return rows / took_s


def bare_projected_per_s() -> float:
    """The ceiling: decode each body, and insert its sale and its lines, all in one transaction."""
    entries = journal().entries
    with room() as directory:
        database = apsw.Connection(str(directory / "bare.db"))
        database.execute("CREATE TABLE sale (seq, sale, number, total_minor, currency)")
        database.execute("CREATE TABLE line (seq, gtin, name, units, total_minor)")
        began = time.perf_counter()
        with database:
            facts = [(entry.seq, decode_body(entry.body).fact) for entry in entries]
            sales = [(seq, fact) for seq, fact in facts if isinstance(fact, Sale)]
            database.executemany(
                "INSERT INTO sale VALUES (?, ?, ?, ?, ?)",
                [(seq, fact.sale, fact.number, fact.total_minor, fact.currency) for seq, fact in sales],
            )
            database.executemany(
                "INSERT INTO line VALUES (?, ?, ?, ?, ?)",
                [
                    (seq, line.gtin, line.name, line.units, line.total_minor)
                    for seq, fact in sales
                    for line in fact.lines
                ],
            )
        took_s = time.perf_counter() - began
        database.close()
    return len(entries) / took_s


def _rows() -> list[tuple[str, str, int, str, bytes, bytes, int, int]]:
    return [
        (ADDRESS.object, EPOCH, entry.seq, entry.kid, entry.hash, entry.body, 1, 1)
        for entry in journal().entries
    ]


def _url(store: Store) -> str | None:
    """The address of the server behind a store; a file has none."""
    return store.engine.url.render_as_string(hide_password=False) if store.is_postgresql else None


# The budget of keeping: V + 8 C. What comes on top of V is measured against C.
_RELATIONAL: Final = Goal(Judged.RATIO, Direction.AT_MOST, 8)
_APPENDED: Final = Goal(Judged.VALUE, Direction.AT_LEAST, 100_000)

BENCHMARKS: Final = (
    Benchmark(
        name="ingest-beyond-verifying",
        unit="us CPU",
        goal=_RELATIONAL,
        value=lambda: ingest_us("postgresql") - verify_us(),
        ceiling=copy_us,
        rounds=5,
    ),
    Benchmark(
        name="ingest-beyond-verifying-sqlite",
        unit="us CPU",
        goal=_RELATIONAL,
        value=lambda: ingest_us("sqlite") - verify_us(),
        ceiling=insert_us,
        rounds=5,
    ),
    Benchmark(
        name="append",
        unit="/s CPU",
        goal=None,
        value=lambda: 1e6 / ingest_us("postgresql"),
        ceiling=lambda: 1e6 / (verify_us() + copy_us()),
        rounds=5,
    ),
    Benchmark(
        name="append-sqlite",
        unit="/s CPU",
        goal=_APPENDED,
        value=lambda: 1e6 / ingest_us("sqlite"),
        ceiling=lambda: 1e6 / (verify_us() + insert_us()),
        rounds=5,
    ),
    Benchmark(
        name="projected",
        unit="/s",
        goal=Goal(Judged.VALUE, Direction.AT_LEAST, 50_000),
        value=projected_per_s,
        ceiling=bare_projected_per_s,
        rounds=5,
    ),
)
