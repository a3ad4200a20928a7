"""How a command gets at a ledger: its path, its answer for a program, and a sentence for what is wrong."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

import apsw
import click
import msgspec

from cloud_sync.contract.entry import Body, SignedEntry, decode_body
from edge.offline_queue.integrity import HINDERED
from edge.offline_queue.reader import LedgerReader, NoLedgerError, as_entry
from retail.units import INTEGER_MAX


def _named(_: click.Context, __: click.Parameter, path: Path) -> Path:
    """A path as it was typed; an empty word, as from a variable that was never set, names no file."""
    if not path.name:
        raise click.BadParameter(f"expected the path of a ledger, got {str(path)!r}")
    return path


PATH: Final = click.argument(
    "path", type=click.Path(path_type=Path, dir_okay=False, readable=False), callback=_named
)
AS_JSON: Final = click.option("--json", "as_json", is_flag=True, help="Print JSON for a program.")

DAMAGE: Final = (apsw.Error, ValueError)
"""How bytes that no journal has written show: SQLite refuses the file, or a text is none of ours."""

# A piece of the ledger that is read at once: a few hundred kilobytes.
_PIECE: Final = 500


def from_1_on(_: click.Context, __: click.Parameter, number: int | None) -> int | None:
    """A seq or a count as it was typed: none is larger than a number of JSON can be."""
    if number is not None and not 0 < number <= INTEGER_MAX:
        raise click.BadParameter(f"expected a whole number from 1 on, got {number}")
    return number


@contextmanager
def opened(path: Path) -> Iterator[LedgerReader]:
    """The ledger at `path`, to be read; whatever is wrong with it is one sentence and exit code 1."""
    try:
        with closing(LedgerReader(path)) as reader:
            yield reader
    except NoLedgerError as error:
        raise click.ClickException(why_none(path, error)) from error
    except HINDERED as error:
        raise click.ClickException(why_not_now(path, error)) from error
    except DAMAGE as error:
        raise click.ClickException(
            f"{path}: it is damaged ({error}): keep it, and see what `opos ledger verify` says"
        ) from error


def why_none(path: Path, error: NoLedgerError) -> str:
    """Say why there is no ledger at `path`."""
    if path.is_file() and path.stat().st_size == 0:
        return f"{path}: this is no ledger: the file is empty"
    if isinstance(error.__cause__, HINDERED):
        return why_not_now(path, error.__cause__)
    if isinstance(error.__cause__, apsw.CorruptError):
        return f"{path}: it is damaged ({error.__cause__}): keep it"
    return str(error)


def why_not_now(path: Path, error: BaseException | None) -> str:
    """Say that the machine, and not the ledger, is in the way."""
    return f"{path}: it cannot be read now ({error}): that says nothing about its entries; try again"


def entry_at(reader: LedgerReader, seq: int) -> SignedEntry | None:
    """The entry `seq`, if there is one."""
    found = reader.after(min(seq, INTEGER_MAX) - 1, 1)
    return found[0] if found and found[0].seq == seq else None


def backwards(reader: LedgerReader) -> Iterator[SignedEntry]:
    """Every entry from the newest to the oldest, read in pieces."""
    sql = "SELECT seq, kid, prev, body, hash, sig FROM entry WHERE seq < ? ORDER BY seq DESC LIMIT ?"
    before = reader.head() + 1
    while rows := reader.database.execute(sql, (before, _PIECE)).fetchall():
        yield from map(as_entry, rows)
        before = int(rows[-1][0])  # type: ignore[arg-type]


def body_of(entry: SignedEntry) -> Body:
    """What an entry says; raises ValueError that names the entry when nobody can read it."""
    try:
        return decode_body(entry.body)
    except ValueError as error:
        raise ValueError(f"entry {entry.seq} cannot be read: {error}") from error


def print_json(value: object) -> None:
    """Answer a program."""
    click.echo(msgspec.json.encode(value))
