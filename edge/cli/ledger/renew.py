"""A person's word that an object may begin a new ledger in the place of one that was set aside."""

from pathlib import Path
from typing import Final

import click

from edge.cli.ledger.door import PATH
from edge.cli.object.door import sentence
from edge.offline_queue.outcomes import JournalDamagedError
from edge.offline_queue.set_aside import allow

_MORE: Final = """\b
Examples:
  opos ledger verify mirror/data/set-aside/ledger-4711/ledger.db
  opos ledger renew mirror/data/ledger.db
"""


@click.command(epilog=_MORE)
@PATH
def renew(path: Path) -> None:
    """Let a new ledger begin after a damaged one.

    Look at the damaged one first: it was set aside, is kept, and says what was sold. The new ledger names it.
    """
    try:
        note = allow(path)
    except (JournalDamagedError, OSError) as error:
        raise click.ClickException(sentence(error)) from error
    if note is None:
        raise click.ClickException(f"{path}: no ledger was set aside here: there is nothing to allow")
    click.echo(f"the old ledger stays at {path.parent / note.kept} ({note.reason})")
    click.echo("the object begins a new one when it starts next")
