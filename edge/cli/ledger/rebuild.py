"""The tables that follow the entries, made again from them."""

import hashlib
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

import apsw
import click
import msgspec

from edge.cli.ledger.door import AS_JSON, DAMAGE, PATH, opened, print_json
from edge.cli.ledger.progress import Bar
from edge.cli.ledger.projections import kept
from edge.offline_queue.ledger import locked, open_ledger
from edge.offline_queue.outcomes import JournalClosedError, JournalDamagedError
from edge.offline_queue.projections import NoStartError, Projection, catch_up, prepare, reset, rows_of
from edge.offline_queue.set_aside import note_of

_MORE: Final = """\b
Examples:
  opos ledger rebuild ledger.db
  opos ledger rebuild ledger.db --json
"""


class Rebuilt(msgspec.Struct, frozen=True):
    """One table as it stands now; `changed` says that it was not what its entries say."""

    name: str
    rows: int
    changed: bool


@click.command(epilog=_MORE)
@PATH
@AS_JSON
def rebuild(path: Path, *, as_json: bool) -> None:
    """Make the tables again from the entries.

    Stock, items, documents and takings follow the entries; this says which of them were wrong. The object
    must be stopped, since it alone writes its ledger. No entry is touched; if anything fails, the tables stay
    as they were.
    """
    with opened(path) as reader:
        identity, projections, head = reader.identity(), kept(reader), reader.head()
    try:
        if identity is None or note_of(path) is not None:
            raise click.ClickException(f"{path}: no object writes this ledger: it stays as it is")
        with locked(path), closing(open_ledger(path, identity.dev)) as db:
            tables = _rebuild(db, projections, head)
    except (JournalDamagedError, JournalClosedError, NoStartError) as error:
        raise click.ClickException(str(error)) from error
    except (*DAMAGE, OSError) as error:
        raise click.ClickException(f"{path}: {error}: nothing was changed") from error
    if as_json:
        print_json({"head": head, "tables": tables})
    else:
        _print(tables)
        click.echo(f"{identity.dev}: the tables are made again from the entries up to {head}")


def _print(tables: Sequence[Rebuilt]) -> None:
    for table in tables:
        what = "was wrong, and is right now" if table.changed else "was right"
        click.echo(f"{table.name:12} {table.rows:>8,} rows   {what}")


def _rebuild(db: apsw.Connection, projections: Sequence[Projection], head: int) -> list[Rebuilt]:
    """All of it in one transaction: a rebuild that fails leaves the tables as they were."""
    with db:
        before = _as_they_are(db, projections, head)
        for projection in projections:
            reset(db, projection)
        _fold(db, projections, Bar("making again", head * len(projections)))
        after = _digests(db, projections)
    return [Rebuilt(name, rows, digest != before.get(name)) for name, (digest, rows) in after.items()]


def _as_they_are(db: apsw.Connection, projections: Sequence[Projection], head: int) -> dict[str, bytes]:
    """The hashes of the tables once they have read every entry; none where they cannot."""
    try:
        with db:
            prepare(db, projections)
            _fold(db, projections, Bar("catching up", head * len(projections)))
            digests = _digests(db, projections)
    except DAMAGE:
        return {}
    return {name: digest for name, (digest, _) in digests.items()}


def _fold(db: apsw.Connection, projections: Sequence[Projection], bar: Bar) -> None:
    with bar:
        while catch_up(db, projections):
            bar.reach(int(db.execute("SELECT sum(seq) FROM projection").get))


def _digests(db: apsw.Connection, projections: Sequence[Projection]) -> dict[str, tuple[bytes, int]]:
    """Of each table the hash of its rows, and how many there are."""
    return {table: _digest(db, table) for projection in projections for table in projection.tables}


def _digest(db: apsw.Connection, table: str) -> tuple[bytes, int]:
    digest, count = hashlib.sha256(), 0
    for row in rows_of(db, table):
        digest.update(msgspec.msgpack.encode(row))
        count += 1
    return digest.digest(), count
