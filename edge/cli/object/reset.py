"""Make an object new, as if it had never met a shop."""

from pathlib import Path
from typing import Final

import click

from edge.cli.object.door import AS_JSON, FILE, print_json, said
from edge.config import without_trust
from edge.provision.place import TakenError, place_of
from edge.provision.reset import ResetRefusedError, UnsyncedError
from edge.provision.reset import reset as reset_object
from retail.locale import amount
from retail.units import Money

_MORE: Final = """\b
Examples:
  opos object reset mirror/object.toml
  opos object reset mirror/object.toml --despite-unsynced 12 \\
      --keep-in /media/stick

\b
What goes: the keys, the ledger, documents, certificates, and FILE itself.
What stays: a secret or a TPM handle that sealed the key, and what was
  written down.
At the hub: `opos hub revoke` if the object is given away; a new claim with
  --replace if it comes back.
"""


@click.command(epilog=_MORE)
@FILE
@click.option(
    "--despite-unsynced",
    "despite",
    type=click.IntRange(0),
    metavar="N",
    help="Reset although the hub has not confirmed N entries: exactly so many. They are written down first.",
)
@click.option(
    "--keep-in",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where they are written down; `kept` beside FILE, if nothing is said.",
)
@AS_JSON
def reset(file: Path, *, despite: int | None, keep_in: Path | None, as_json: bool) -> None:
    """Make the object that FILE describes new: it forgets its shop, and nothing that was sold is lost."""
    with said(ResetRefusedError, TakenError, OSError):
        config = without_trust(file)
        try:
            done = reset_object(place_of(file, config), config, despite, keep_in or file.parent / "kept")
        except UnsyncedError as error:
            if as_json:
                print_json({"object": config.object.id, "unsynced": error.unsynced})
            for currency, amount_minor in error.unsynced.value.items():
                click.echo(
                    f"sales of {amount(Money(amount_minor, currency), 'en')} are not at the hub", err=True
                )
            raise
    if as_json:
        kept = [str(path) for path in done.kept]
        print_json({"object": done.object, "unsynced": done.unsynced, "kept": kept})
        return
    for path in done.kept:
        click.echo(f"written down: {path}")
    click.echo(f"{done.object} is reset: enrol it with a claim (`opos enroll`)")
