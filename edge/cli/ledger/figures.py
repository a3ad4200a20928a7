"""Sales, takings and stock of a ledger, added up from its entries alone."""

from pathlib import Path
from typing import Final

import click
import msgspec

from edge.checkout.figures import figures as figures_of
from edge.cli.ledger.door import AS_JSON, PATH, body_of, opened, print_json
from edge.cli.ledger.progress import Bar

_MORE: Final = """\b
Examples:
  opos ledger figures ledger.db
  opos ledger figures ledger.db --json
"""


@click.command(epilog=_MORE)
@PATH
@AS_JSON
def figures(path: Path, *, as_json: bool) -> None:
    """Add up sales, takings and stock from the entries alone."""
    with opened(path) as reader, Bar("adding up", reader.head()) as bar:
        identity = reader.identity()
        floor = reader.floor()
        result = figures_of(body_of(entry) for entry in bar.along(reader.entries()))
        report = {
            "object": identity.dev if identity else None,
            "epoch": identity.epoch if identity else None,
            "entries": reader.head(),
            "acked": reader.acked(),
            **msgspec.structs.asdict(result),
        }
    if floor > 1:
        click.echo(f"entries below {floor} were pruned: these are the figures of the rest", err=True)
    if as_json:
        print_json(report)
        return
    for name, value in report.items():
        click.echo(f"{name:8} {msgspec.json.encode(value).decode() if isinstance(value, dict) else value}")
