"""The entries of a ledger for people: one line each, or one of them whole."""

import shutil
import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Final, get_args

import click
import msgspec

from cloud_sync.contract.encoding import b64
from cloud_sync.contract.entry import SignedEntry, decode_body, entry_hash
from cloud_sync.contract.facts import Fact, kind_of
from edge.cli.ledger.door import AS_JSON, PATH, backwards, body_of, entry_at, from_1_on, opened
from edge.cli.ledger.words import words, written
from edge.cli.plain import plain
from edge.offline_queue.export import moment
from edge.offline_queue.reader import LedgerReader
from retail.receipt import columns

_LAST: Final = 20

_KINDS: Final = sorted(str(fact.__struct_config__.tag) for fact in get_args(Fact))

_MORE: Final = """\b
Examples:
  opos ledger show ledger.db
  opos ledger show ledger.db 17
  opos ledger show ledger.db --kind sale --last 5
  opos ledger show ledger.db --from 100 --json
"""

# As wide as a seq of a very long ledger, a moment with its doubt, and the longest kind.
_ROW: Final = "{:>8}  {:20}  {:16}  {}"


@click.command(epilog=_MORE)
@PATH
@click.argument("seq", type=int, callback=from_1_on, required=False)
@click.option(
    "--last",
    type=int,
    callback=from_1_on,
    metavar="N",
    help=f"How many entries, the newest ones; {_LAST} if nothing is said.",
)
@click.option(
    "--from", "first", type=int, callback=from_1_on, metavar="SEQ", help="All entries from this one on."
)
@click.option(
    "--kind", type=click.Choice(_KINDS), metavar="KIND", help="Only entries of this kind: sale, boot ..."
)
@AS_JSON
def show(  # noqa: PLR0913 (each is an option of the command)
    path: Path, seq: int | None, *, last: int | None, first: int | None, kind: str | None, as_json: bool
) -> None:
    """Print entries, one line each, or one of them whole.

    The order is that of the ledger. Times are UTC; a ? after one says that nobody had set the object's clock.
    With --json each line is the body of an entry as it was signed.
    """
    if seq is not None and (last, first, kind) != (None, None, None):
        raise click.UsageError("SEQ is one entry: leave out --last, --from and --kind, or leave out SEQ")
    with opened(path) as reader:
        if seq is not None:
            _show_one(reader, path, seq, as_json=as_json)
        else:
            _show_all(_chosen(reader, last, first, kind), as_json=as_json)


def _chosen(
    reader: LedgerReader, last: int | None, first: int | None, kind: str | None
) -> Iterable[SignedEntry]:
    """The entries that were asked for, in the ledger's order."""
    if first is not None and last is None:
        return _of_kind(reader.entries(first), kind)
    newest = islice(_of_kind(backwards(reader), kind), last or _LAST)
    return reversed([entry for entry in newest if entry.seq >= (first or 1)])


def _of_kind(entries: Iterable[SignedEntry], kind: str | None) -> Iterator[SignedEntry]:
    return (entry for entry in entries if kind is None or kind_of(body_of(entry).fact) == kind)


def _show_all(entries: Iterable[SignedEntry], *, as_json: bool) -> None:
    if not as_json:
        click.echo(click.style(_ROW.format("entry", "written (UTC)", "kind", "what it says"), bold=True))
    for entry in entries:
        click.echo(_json(entry) if as_json else _cropped(_line(entry)))


def _json(entry: SignedEntry) -> bytes:
    body_of(entry)  # what nobody can read would be no line of JSON
    return entry.body


def _line(entry: SignedEntry) -> str:
    try:
        body = decode_body(entry.body)
    except ValueError as error:
        return _ROW.format(entry.seq, "?", "?", plain(f"cannot be read: {error}"))
    return _ROW.format(entry.seq, written(body), kind_of(body.fact), words(body.fact))


def _cropped(line: str) -> str:
    """`line` as far as the terminal is wide: a line that wraps is no table any more."""
    width = shutil.get_terminal_size().columns
    if not sys.stdout.isatty() or columns(line) <= width:
        return line
    while columns(line) >= width:
        line = line[: width - 1] if len(line) >= width else line[:-1]
    return f"{line}\N{HORIZONTAL ELLIPSIS}"


def _show_one(reader: LedgerReader, path: Path, seq: int, *, as_json: bool) -> None:
    entry = entry_at(reader, seq)
    if entry is None:
        raise click.ClickException(f"{path}: there is no entry {seq}: the last one is {reader.head()}")
    if as_json:
        click.echo(entry.body)
        return
    for name, value in _facts_of(entry, reader):
        click.echo(f"{click.style(f'{name:8}', bold=True)}  {value}")
    click.echo(_plain_json(entry.body))


def _facts_of(entry: SignedEntry, reader: LedgerReader) -> Iterator[tuple[str, str]]:
    body = body_of(entry)
    fits = entry_hash(entry.kid, entry.prev, entry.body) == entry.hash
    yield "entry", f"{entry.seq}, {kind_of(body.fact)}: {words(body.fact)}"
    yield "written", f"{moment(body.wall_ms)}, by a clock that is {body.clock}"
    yield "idem", plain(body.idem)
    yield "key", entry.kid
    yield "prev", b64(entry.prev)
    yield "hash", b64(entry.hash) + ("" if fits else ", which is not that of its bytes")
    yield "hub", "has confirmed it" if entry.seq <= reader.acked() else "has not confirmed it yet"
    yield "body", f"{len(entry.body)} bytes:"


def _plain_json(body: bytes) -> str:
    """A body on several lines; JSON has a way to write what would do something to a terminal."""
    text = msgspec.json.format(body).decode()
    return "\n".join(map(plain, text.split("\n")))
