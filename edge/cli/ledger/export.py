"""The whole ledger for others: to a file that is there whole or not at all, or down a pipe."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import takewhile
from pathlib import Path
from typing import Final

import click

from cloud_sync.contract.entry import SignedEntry
from edge.cli.ledger.door import PATH, from_1_on, opened
from edge.cli.ledger.progress import Bar
from edge.offline_queue.export import FORMS, Form, UnsayableError
from edge.offline_queue.ledger import sync_directory
from edge.offline_queue.reader import LedgerReader

Write = Callable[[bytes], object]

# The ledger's own files: the database, its log and its locks.
_OWN: Final = ("", "-wal", "-shm", ".lock", ".part")

# So many sentences about single entries are read; the rest is counted.
_NAMED_MAX: Final = 10

_MORE: Final = """\b
Forms:
  jws    a compact JWS on each line: any JOSE library verifies it with the
         object's public key
  jsonl  a JSON object on each line; its `body` is the very bytes that were
         signed
  csv    a row for each entry, for people and their spreadsheets

\b
Examples:
  opos ledger export ledger.db --format jws > ledger.jws
  opos ledger export ledger.db --format jsonl | jq .body.fact
  opos ledger export ledger.db --format csv --out ledger.csv
"""


@click.command(epilog=_MORE)
@PATH
@click.option("--format", "form", type=click.Choice(list(FORMS)), required=True, help="How to write it down.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A file instead of stdout: all of it or none.",
)
@click.option(
    "--from", "first", type=int, callback=from_1_on, default=1, metavar="SEQ", help="From this entry on."
)
def export(path: Path, form: str, out: Path | None, first: int) -> None:
    """Write down every entry, oldest first."""
    try:
        with opened(path) as reader, _writing(path, out) as write:
            missed = _export(reader, FORMS[form], first, write, shown=out is not None)
    except BrokenPipeError:
        raise  # whoever read has seen enough: click ends in silence
    except OSError as error:
        raise click.ClickException(f"{error.filename or out or 'stdout'}: {error.strerror}") from error
    for sentence in missed[:_NAMED_MAX]:
        click.echo(sentence, err=True)
    if missed:
        raise click.ClickException(f"{path}: not every entry was written: see `opos ledger verify`")


def _export(reader: LedgerReader, form: Form, first: int, write: Write, *, shown: bool) -> list[str]:
    """Write the entries from `first` to the head of this moment; what could not be written, in sentences."""
    head = reader.head()
    missed: list[str] = []
    write(form.head)
    entries = takewhile(lambda entry: entry.seq <= head, reader.entries(first))
    with Bar("exporting", max(head - first + 1, 0), shown=shown or not sys.stdout.isatty()) as bar:
        for entry in bar.along(_gapless(entries, missed)):
            try:
                write(form.line(entry))
            except UnsayableError as error:
                missed.append(f"{error}; --format jws writes it as it is")
    return missed


def _gapless(entries: Iterable[SignedEntry], missed: list[str]) -> Iterator[SignedEntry]:
    """`entries`, with a sentence in `missed` for each hole between two of them."""
    before = None
    for entry in entries:
        if before is not None and entry.seq != before + 1:
            missed.append(f"entries {before + 1} to {entry.seq - 1} are missing")
        yield entry
        before = entry.seq


def _writing(ledger: Path, out: Path | None) -> AbstractContextManager[Write]:
    return _to_stdout() if out is None else _to_file(ledger, out)


@contextmanager
def _to_stdout() -> Iterator[Write]:
    stdout = sys.stdout.buffer
    yield stdout.write
    stdout.flush()


@contextmanager
def _to_file(ledger: Path, out: Path) -> Iterator[Write]:
    """A file that has its name only once all of it is on the disk."""
    out = out.resolve()
    if out in {ledger.with_name(f"{ledger.name}{suffix}").resolve() for suffix in _OWN}:
        raise click.UsageError(f"--out: {out.name} belongs to the ledger itself")
    if out.exists() and not out.is_file():
        raise click.UsageError(f"--out: {out} is no file")
    part = out.with_name(f"{out.name}.part")
    try:
        with part.open("wb") as file:
            yield file.write
            file.flush()
            os.fsync(file.fileno())
        part.replace(out)
        sync_directory(out.parent)
    finally:
        part.unlink(missing_ok=True)
