"""Look into an object's ledger: check it, read it, ask it questions."""

from typing import Final

import click

from edge.cli.group import ModuleGroup

# Each stands in a module of its own that is imported when it is asked for: a check needs no QR code.
_NAMES: Final = ("verify", "show", "receipt", "export", "query", "rebuild", "renew", "figures")

_MORE: Final = """\b
Examples:
  opos ledger verify ledger.db
  opos ledger show ledger.db --last 5
  opos ledger receipt ledger.db K7QM-0001
  opos ledger export ledger.db --format csv --out ledger.csv
  opos ledger query ledger.db "SELECT kind, count(*) FROM entry GROUP BY kind"
"""


@click.group(cls=ModuleGroup, module=__name__, names=_NAMES, epilog=_MORE)
def ledger() -> None:
    """Look into an object's ledger: check it, read it, ask it questions."""
