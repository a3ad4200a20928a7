"""Whether a ledger is what its object wrote: every hash, every link, every signature, every table."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import click
import msgspec

from cloud_sync.contract.entry import SignedEntry
from edge.cli.ledger.door import AS_JSON, DAMAGE, PATH, print_json, why_none, why_not_now
from edge.cli.ledger.progress import Bar
from edge.cli.ledger.projections import kept, of_version_1
from edge.cli.plain import plain
from edge.offline_queue.integrity import HINDERED, Problem, full_check, problems
from edge.offline_queue.reader import LedgerReader, NoLedgerError

# A ledger without its key has as many problems as entries: nobody reads more than these.
_LISTED_MAX: Final = 1_000

_MORE: Final = """\b
Examples:
  opos ledger verify ledger.db
  opos ledger verify ledger.db --json
  opos ledger verify ledger.db --quick
"""


class Verdict(msgspec.Struct):
    """What was found: `entries` were read, the last of them `head`; `more` problems are not listed."""

    entries: int = 0
    head: int = 0
    problems: list[Problem] = msgspec.field(default_factory=list)
    more: int = 0
    object: str | None = None
    epoch: str | None = None
    first: int = 0
    """The first entry: above 1 when those before it were pruned."""

    def note(self, found: Problem | SignedEntry) -> None:
        """Take in one more finding, or an entry."""
        if isinstance(found, SignedEntry):
            self.entries += 1
            self.first = self.first or found.seq
            self.head = found.seq
        elif len(self.problems) < _LISTED_MAX:
            self.problems.append(found)
        else:
            self.more += 1


@click.command(epilog=_MORE)
@PATH
@click.option("--quick", is_flag=True, help="Read the entries only; leave out what was made from them.")
@AS_JSON
def verify(path: Path, *, quick: bool, as_json: bool) -> None:
    """Check the whole ledger. Exit code 1 if anything is wrong.

    Every hash, every link of the chain and every signature; then the tables beside it, which are made again
    from the entries and compared. The object may go on selling meanwhile. Nothing is repaired. When the
    machine does not let the ledger be read now, there is no verdict: nothing on stdout, and exit code 1.
    """
    verdict = _verdict(path, quick=quick)
    if as_json:
        print_json(verdict)
    else:
        for line in _sentences(path, verdict):
            click.echo(line)
    sys.exit(1 if verdict.problems else 0)


def _verdict(path: Path, *, quick: bool) -> Verdict:
    verdict = Verdict()
    try:
        with closing(LedgerReader(path)) as reader:
            _read(reader, verdict, quick=quick)
    except NoLedgerError as error:
        if isinstance(error.__cause__, HINDERED):
            raise click.ClickException(why_not_now(path, error.__cause__)) from error
        verdict.note(Problem(0, why_none(path, error)))
    except HINDERED as error:
        raise click.ClickException(why_not_now(path, error)) from error
    except DAMAGE as error:
        verdict.note(Problem(verdict.head + 1, f"the ledger cannot be read on from here: {error}"))
    return verdict


def _read(reader: LedgerReader, verdict: Verdict, *, quick: bool) -> None:
    identity = reader.identity()
    if identity is not None:
        verdict.object, verdict.epoch = identity.dev, identity.epoch
    with Bar("verifying", reader.head()) as bar:
        for found in _checked(reader, quick=quick):
            verdict.note(found)
            bar.step()


def _checked(reader: LedgerReader, *, quick: bool) -> Iterator[Problem | SignedEntry]:
    return problems(reader) if quick or of_version_1(reader) else full_check(reader, kept(reader))


def _sentences(path: Path, verdict: Verdict) -> Iterable[str]:
    for problem in verdict.problems:
        where = f"entry {problem.seq}: " if problem.seq else ""
        yield click.style(f"{where}{plain(problem.reason)}", fg="red")
    count = len(verdict.problems) + verdict.more
    if verdict.more:
        yield f"... and {verdict.more} more"
    said = "1 problem" if count == 1 else f"{count or 'no'} problems"
    yield f"{verdict.object or path}: {verdict.entries} entries, {said}"
    if count and path.exists():
        yield "Keep the file as it is: it is the evidence. Show this to whoever keeps the hub."
