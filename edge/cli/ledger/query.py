"""Questions in SQL to a copy of a ledger."""

import csv
import io
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final

import click
import msgspec
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from edge.cli.ledger.door import AS_JSON, PATH, opened
from edge.cli.plain import plain
from edge.offline_queue.export import as_text_cell

# More rows than these nobody reads in a table; --csv and --json have them all.
_ROWS_MAX: Final = 1_000

_MORE: Final = """\b
Examples:
  opos ledger query ledger.db "SELECT kind, count(*) FROM entry GROUP BY kind"
  opos ledger query ledger.db --csv \\
      "SELECT seq, fact ->> 'number' FROM said WHERE kind = 'sale'"
  opos ledger query ledger.db "SELECT * FROM stock" --json
"""


@click.command(epilog=_MORE)
@PATH
@click.argument("sql")
@AS_JSON
@click.option("--csv", "as_csv", is_flag=True, help="Print rows for a spreadsheet.")
def query(path: Path, sql: str, *, as_json: bool, as_csv: bool) -> None:
    """Ask a copy of the ledger anything in SQL. The ledger itself is not touched.

    The view `said` has what each entry says as JSON: seq, kind, idem, wall_ms, fact.
    """
    if as_json and as_csv:
        raise click.UsageError("--json or --csv, not both")
    with tempfile.TemporaryDirectory(prefix="opos-ledger-") as directory:
        copy = Path(directory) / "copy.db"
        with opened(path) as reader:
            reader.copy_to(copy)
        with _asked(copy, sql) as (columns, rows):
            if as_json:
                _print_json(columns, rows)
            elif as_csv:
                _print_csv(columns, rows)
            else:
                _print_table(columns, rows)


@contextmanager
def _asked(copy: Path, sql: str) -> Iterator[tuple[list[str], Iterator[list[Any]]]]:
    """The names of the columns, and the rows as they come.

    Another process answers, since no process that opens a ledger with one SQLite library may have a second.
    """
    # -P: what is imported there is what is installed, whatever lies in the directory that we are in.
    command = [sys.executable, "-P", "-m", "edge.cli.ledger.answers", str(copy)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as asked:  # noqa: S603 (ourselves)
        assert asked.stdin is not None
        assert asked.stdout is not None
        try:
            with asked.stdin as question:
                question.write(sql.encode(errors="surrogateescape"))
            answers = map(msgspec.json.decode, asked.stdout)
            columns = _or_refused(next(answers, {"error": "the process that answers died"}))
            yield columns, map(_or_refused, answers)
        finally:
            asked.kill()


def _or_refused(answer: Any) -> list[Any]:
    if isinstance(answer, dict):
        raise click.ClickException(answer["error"])
    assert isinstance(answer, list)
    return answer


def _print_json(columns: list[str], rows: Iterable[list[Any]]) -> None:
    """One array of objects, written as the rows come."""
    before = b"["
    for row in rows:
        click.echo(before + msgspec.json.encode(dict(zip(columns, row, strict=True))), nl=False)
        before = b",\n"
    click.echo(b"]" if before != b"[" else b"[]")


def _print_csv(columns: list[str], rows: Iterable[list[Any]]) -> None:
    for row in chain([columns], rows):
        line = io.StringIO()
        csv.writer(line).writerow([as_text_cell(cell) if isinstance(cell, str) else cell for cell in row])
        click.echo(line.getvalue().encode(), nl=False)


def _print_table(columns: list[str], rows: Iterator[list[Any]]) -> None:
    shown = list(islice(rows, _ROWS_MAX))
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for number, name in enumerate(columns):
        counts = all(isinstance(row[number], int | float | None) for row in shown)
        table.add_column(escape(plain(name)), justify="right" if counts else "left")
    for row in shown:
        table.add_row(*(Text("" if cell is None else plain(str(cell))) for cell in row))
    Console(highlight=False).print(table)
    left = sum(1 for _ in rows)
    if left:
        click.echo(f"... and {left:,} more rows: --csv or --json prints them all", err=True)
