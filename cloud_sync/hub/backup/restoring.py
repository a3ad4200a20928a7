"""A hub comes back: from a backup, into an empty database on either engine, under a generation of its own."""

from collections.abc import Sequence
from itertools import chain, groupby, islice
from typing import Final

import msgspec
from sqlalchemy import Connection, Table, insert, select, update

from cloud_sync.contract.signing import Signer
from cloud_sync.hub.backup import content
from cloud_sync.hub.backup.making import remember, vouch
from cloud_sync.hub.backup.progress import Progress, Say, in_silence
from cloud_sync.hub.backup.proof import Proof, prove
from cloud_sync.hub.backup.tape import Rows, Tape
from cloud_sync.hub.documents.resigning import reissue
from cloud_sync.hub.projections.projector import rebuild
from cloud_sync.hub.store import schema
from cloud_sync.hub.store.database import Store, generation
from cloud_sync.hub.store.making import count_on

# In one statement: 2,048 rows, which is 256 MiB if each is the longest frame that there can be.
_RECORDS_MAX: Final = 8

# What a hub has that was ever used; a new one has none of it.
_SIGNS_OF_LIFE: Final = (schema.object_, schema.frame, schema.document, schema.delivery, schema.claim)


class RestoreRefusedError(ValueError):
    """A backup that cannot go where it is wanted: what stands against it, and what to do."""


class Restored(msgspec.Struct, frozen=True):
    """A hub that is back: its new generation and the one it had, and what has come with it."""

    generation: int
    was: int
    made_ms: int
    """When the backup was made: what came in later, the objects send again."""
    entries: int
    rows: int
    documents: int
    """Documents that were signed again, above every version that an object can have."""


class Examined(msgspec.Struct, frozen=True):
    """A backup that was read whole and can go back: its proof, and the generation that the hub is to have."""

    tape: Tape
    proof: Proof
    generation: int
    progress: Progress


def examine(tape: Tape, now_ms: int, say: Say = in_silence) -> Examined:
    """See that a backup is whole and can be restored here and now; nothing is made yet.

    `say` hears each row twice: when it is read here, and when it is written. Raises RestoreRefusedError or
    DamagedBackupError.
    """
    _check_version(tape)
    new = _next_generation(tape, now_ms)
    progress = Progress(say, 2 * sum(tape.heading.rows.values()))
    return Examined(tape, prove(tape, progress.add), new, progress)


def restore(examined: Examined, store: Store, signer: Signer, now_ms: int) -> Restored:
    """Fill the empty hub in `store`, all of it or nothing; `signer` is its key for documents.

    Raises RestoreRefusedError.
    """
    tape, heading = examined.tape, examined.tape.heading
    with store.writing() as connection:
        _check_empty(connection)
        _fill(connection, tape, examined.progress)
        connection.execute(update(schema.hub).values(generation=examined.generation))
        # The hub's newest backup is this one, and it holds all that the hub has.
        vouch(connection, examined.proof.covered)
        remember(connection, heading, examined.proof.entries, tape.sha256)
        documents = reissue(connection, signer, now_ms)
        rebuild(connection)
    return Restored(
        generation=examined.generation,
        was=heading.generation,
        made_ms=heading.at_ms,
        entries=examined.proof.entries,
        rows=sum(heading.rows.values()),
        documents=documents,
    )


def _next_generation(tape: Tape, now_ms: int) -> int:
    """A generation that no hub from this backup, or from one before it, can have had.

    Milliseconds since 1970: the same backup can be restored again and again, each time above the time before.
    """
    if now_ms < tape.heading.at_ms:
        raise RestoreRefusedError(
            f"{tape.path} was made after what this machine's clock says: set the clock, since the hub's new"
            " generation is taken from it"
        )
    return max(tape.heading.generation + 1, now_ms)


def _check_version(tape: Tape) -> None:
    if tape.heading.schema != schema.SCHEMA_VERSION:
        raise RestoreRefusedError(
            f"{tape.path} has the tables of version {tape.heading.schema}, and this is version"
            f" {schema.SCHEMA_VERSION}: restore it with the OPOS that made it, then update that hub"
        )
    if tape.heading.rows.keys() != {table.name for table in content.kept_tables()}:
        raise RestoreRefusedError(f"{tape.path} does not have the tables of version {schema.SCHEMA_VERSION}")


def check_empty(store: Store) -> None:
    """Raise RestoreRefusedError if there is more than a new hub in `store`."""
    with store.reading() as connection:
        _check_empty(connection)


def _check_empty(connection: Connection) -> None:
    lives = [table.name for table in _SIGNS_OF_LIFE if connection.execute(select(table).limit(1)).first()]
    if lives or generation(connection) != 1:
        raise RestoreRefusedError(
            f"there is a hub in this database already (it has rows in {', '.join(lives) or 'hub'}):"
            " a backup goes into an empty one, so choose another --dir or --database"
        )


def _fill(connection: Connection, tape: Tape, progress: Progress) -> None:
    put = _copy if connection.dialect.name == "postgresql" else _insert
    for name, records in groupby(tape.rows(), key=lambda record: record.table):
        while some := list(islice(records, _RECORDS_MAX)):
            put(connection, schema.metadata.tables[name], some)
            progress.add(sum(len(record.rows) for record in some))
    count_on(connection)


def _insert(connection: Connection, table: Table, records: Sequence[Rows]) -> None:
    for record in records:
        named = [dict(zip(record.columns, row, strict=True)) for row in record.rows]
        connection.execute(insert(table), named)


def _copy(connection: Connection, table: Table, records: Sequence[Rows]) -> None:
    """Hand PostgreSQL all rows in one statement: its rules look at them once, and not at each."""
    names = connection.dialect.identifier_preparer
    columns = ", ".join(names.quote(name) for name in records[0].columns)
    driver = connection.connection.driver_connection
    assert driver is not None
    with (
        driver.cursor() as cursor,
        cursor.copy(f"COPY {names.quote(table.name)} ({columns}) FROM STDIN") as copy,
    ):
        for row in chain.from_iterable(record.rows for record in records):
            copy.write_row(row)
