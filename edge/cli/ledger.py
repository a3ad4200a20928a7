"""Look into an object's ledger: check it, read it, ask it questions."""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import msgspec

from cloud_sync.contract.entry import Sale, SignedEntry, decode_body, kind_of
from edge.checkout.figures import figures as figures_of
from edge.checkout.receipts import slip_of
from edge.offline_queue.integrity import Problem, problems
from edge.offline_queue.reader import LedgerReader, NoLedgerError
from retail.receipt import text

_PATH = click.argument("path", type=click.Path(path_type=Path, dir_okay=False))
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON for a program.")


_MORE = """\b
Examples:
  opos ledger verify ledger.db
  opos ledger show ledger.db --last 5
  opos ledger receipt ledger.db K7QM-0001
  opos ledger figures ledger.db --json
  opos ledger query ledger.db "SELECT kind, count(*) FROM entry GROUP BY kind"
"""


@click.group(epilog=_MORE)
def ledger() -> None:
    """Look into an object's ledger: check it, read it, ask it questions."""


@ledger.command()
@_PATH
@_JSON
def verify(path: Path, *, as_json: bool) -> None:
    """Check every hash, every link of the chain and every signature. Exit code 1 if anything is wrong."""
    with _opened(path) as reader:
        found: list[Problem] = []
        entries = head = 0
        for one in problems(reader):
            if isinstance(one, Problem):
                found.append(one)
            else:
                entries, head = entries + 1, one.seq
    if as_json:
        _print_json({"entries": entries, "head": head, "problems": found})
    else:
        for problem in found:
            click.echo(f"entry {problem.seq}: {problem.reason}")
        click.echo(f"{entries} entries, {len(found) or 'no'} problem{'' if len(found) == 1 else 's'}")
    sys.exit(1 if found else 0)


@ledger.command()
@_PATH
@click.option("--last", type=click.IntRange(1), default=20, show_default=True, help="How many entries.")
@_JSON
def show(path: Path, last: int, *, as_json: bool) -> None:
    """Print the last entries, one line each."""
    with _opened(path) as reader:
        head = reader.head()
        for entry in reader.entries(max(1, head - last + 1)):
            click.echo(entry.body if as_json else _line(entry))


@ledger.command()
@_PATH
@click.argument("number", required=False)
@click.option("--jws", is_flag=True, help="Print the signed receipt that any JOSE library verifies.")
def receipt(path: Path, number: str | None, *, jws: bool) -> None:
    """Print a receipt by its NUMBER, the last one without."""
    with _opened(path) as reader:
        identity = reader.identity()
        found = _sale(reader, number)
    if found is None:
        raise click.ClickException(f"{path}: there is no receipt {number or 'yet'}: see `opos ledger show`")
    entry, sale = found
    assert identity is not None, "a ledger with a sale has a first row"
    click.echo(entry.jws() if jws else "\n".join(text(slip_of(sale, identity.dev))))


@ledger.command()
@_PATH
@_JSON
def figures(path: Path, *, as_json: bool) -> None:
    """Add up sales, takings and stock from the entries alone."""
    with _opened(path) as reader:
        identity = reader.identity()
        assert identity is not None, "a ledger that opened has a first row"
        result = figures_of(decode_body(entry.body) for entry in reader.entries())
        report = {
            "object": identity.dev,
            "epoch": identity.epoch,
            "entries": reader.head(),
            "acked": reader.acked(),
            **msgspec.structs.asdict(result),
        }
    if as_json:
        _print_json(report)
        return
    for name, value in report.items():
        click.echo(f"{name:8} {msgspec.json.encode(value).decode() if isinstance(value, dict) else value}")


@ledger.command()
@_PATH
@click.argument("sql")
@_JSON
def query(path: Path, sql: str, *, as_json: bool) -> None:
    """Ask a copy of the ledger anything in SQL. The ledger itself is not touched."""
    # The copy is another file, so that another SQLite library may open it: see the reader. Imported here
    # since no other command needs them, and sqlite_utils is slow.
    import sqlite3  # noqa: PLC0415

    from sqlite_utils import Database  # noqa: PLC0415

    with tempfile.TemporaryDirectory(prefix="opos-ledger-") as directory:
        copy = Path(directory) / "copy.db"
        with _opened(path) as reader:
            reader.copy_to(copy)
        database = Database(copy)
        try:
            rows = list(database.query(sql))
        except sqlite3.Error as error:
            raise click.ClickException(f"{error}: {sql}") from error
        finally:
            database.close()
    _print_json(rows) if as_json else _print_table(rows)


@contextmanager
def _opened(path: Path) -> Iterator[LedgerReader]:
    try:
        reader = LedgerReader(path)
    except NoLedgerError as error:
        raise click.ClickException(str(error)) from error
    try:
        yield reader
    finally:
        reader.close()


def _sale(reader: LedgerReader, number: str | None) -> tuple[SignedEntry, Sale] | None:
    """The sale with a receipt number, or the last one, and its entry."""
    found = None
    for entry in reader.entries():
        fact = decode_body(entry.body).fact
        if isinstance(fact, Sale) and number in (None, fact.number):
            found = entry, fact
    return found


def _line(entry: SignedEntry) -> str:
    body = decode_body(entry.body)
    return f"{entry.seq:>8}  {kind_of(body.fact):16}  {body.idem}"


def _print_json(value: object) -> None:
    click.echo(msgspec.json.encode(value))


def _print_table(rows: list[dict[str, object]]) -> None:
    for row in rows:
        click.echo("  ".join(f"{name}={value}" for name, value in row.items()))
