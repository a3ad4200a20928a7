"""A backup is made beside a running hub, proven, and only then relied on: `safe` is what it surely holds."""

import os
from collections.abc import Iterable
from pathlib import Path

import msgspec
from sqlalchemy import Connection, bindparam, insert, select, update

from cloud_sync.hub.backup import content
from cloud_sync.hub.backup.progress import Progress, Say, in_silence
from cloud_sync.hub.backup.proof import Journal, Proof, prove
from cloud_sync.hub.backup.tape import End, Heading, KeptFile, Tape, TapeWriter
from cloud_sync.hub.store import schema
from cloud_sync.hub.store.database import Store, generation


class BackupRefusedError(ValueError):
    """A backup that is not made: what stands against it, and what to do."""


class Made(msgspec.Struct, frozen=True):
    """A backup that is on the disk and was read back: from now on objects may forget what it holds."""

    path: str
    at_ms: int
    generation: int
    entries: int
    rows: int
    bytes: int
    sha256: str


def make(
    store: Store, to: Path, now_ms: int, *, kept: Iterable[KeptFile] = (), say: Say = in_silence
) -> Made:
    """Write the backup `to`, a new file, with the files `kept`; `say` hears each row twice.

    Raises BackupRefusedError, DamagedBackupError or OSError; then there is no new file to rely on.
    """
    if to.exists():
        raise BackupRefusedError(f"{to} is there already: a backup never takes the place of another one")
    part = to.with_name(to.name + ".part")
    part.unlink(missing_ok=True)  # of a backup that was interrupted
    try:
        progress = _write(store, part, now_ms, kept, say)
        tape = Tape(part)
        proof = prove(tape, progress.add)
        part.rename(to)
    finally:
        part.unlink(missing_ok=True)
    _sync_directory(to.parent)
    _rely_on(store, tape, proof)
    return Made(
        path=str(to),
        at_ms=now_ms,
        generation=tape.heading.generation,
        entries=proof.entries,
        rows=sum(tape.heading.rows.values()),
        bytes=to.stat().st_size,
        sha256=tape.sha256,
    )


def vouch(connection: Connection, covered: dict[Journal, int]) -> None:
    """Say `safe` up to these entries: a backup has them."""
    if not covered:
        return
    # As ingest does it, the leases first and in this order: two who want the same wait in a line.
    lease = schema.lease.c.part
    connection.execute(select(lease).order_by(lease).with_for_update())
    cursor = schema.cursor.c
    of_journal = (cursor.dev == bindparam("whose"), cursor.epoch == bindparam("which"))
    statement = update(schema.cursor).where(*of_journal, cursor.safe < bindparam("upto"))
    connection.execute(
        statement.values(safe=bindparam("upto")),
        [{"whose": dev, "which": epoch, "upto": seq} for (dev, epoch), seq in covered.items()],
    )


def remember(connection: Connection, heading: Heading, entries: int, sha256: str) -> None:
    """Write down that there is this backup."""
    row = insert(schema.backup).values(at_ms=heading.at_ms, generation=heading.generation)
    connection.execute(row.values(entries=entries, sha256=sha256))


def _write(store: Store, part: Path, now_ms: int, kept: Iterable[KeptFile], say: Say) -> Progress:
    with store.reading() as connection, TapeWriter(part) as tape:
        heading = Heading(
            at_ms=now_ms,
            schema=schema.SCHEMA_VERSION,
            generation=generation(connection),
            rows=content.counts(connection),
        )
        progress = Progress(say, 2 * sum(heading.rows.values()))
        tape.put(heading)
        for file in kept:
            tape.put(file)
        for table in content.kept_tables():
            for record in content.rows(connection, table):
                tape.put(record)
                progress.add(len(record.rows))
        tape.put(End())
    return progress


def _rely_on(store: Store, tape: Tape, proof: Proof) -> None:
    with store.writing() as connection:
        if (now := generation(connection)) != tape.heading.generation:
            raise BackupRefusedError(
                f"{tape.path} is of generation {tape.heading.generation}, and the hub is now of {now}:"
                " the backup is kept, and nothing relies on it"
            )
        vouch(connection, proof.covered)
        remember(connection, tape.heading, proof.entries, tape.sha256)


def _sync_directory(path: Path) -> None:
    """Make a new name in `path` durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
