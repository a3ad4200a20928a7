"""Look into an object's ledger: check it, read it, ask it questions."""

from importlib import import_module
from typing import Final

import click

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


class _Commands(click.Group):
    """The commands by their names."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 (click's name)
        """All of them, the one that is asked for most at the top."""
        return list(_NAMES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """One of them; a name that is none of theirs is compared with them all, for a hint."""
        for name in [cmd_name] if cmd_name in _NAMES else _NAMES:
            self.add_command(getattr(import_module(f"{__name__}.{name}"), name))
        return super().get_command(ctx, cmd_name)


@click.group(cls=_Commands, epilog=_MORE)
def ledger() -> None:
    """Look into an object's ledger: check it, read it, ask it questions."""
