"""Begin something new: a driver for a device that nobody here speaks to yet."""

from pathlib import Path
from typing import Final

import click
import msgspec

from edge.provision.scaffold import ScaffoldError, begin

_EXAMPLES: Final = """\b
Examples:
  opos new driver acme-7
  opos new driver acme-7 --in ~/work --json
"""


@click.group()
def new() -> None:
    """Begin something new: a driver for a device that nobody here speaks to yet."""


@new.command(epilog=_EXAMPLES)
@click.argument("name")
@click.option(
    "--in",
    "where",
    type=click.Path(path_type=Path, file_okay=False),
    default=".",
    help="The folder to put it in.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the files as JSON.")
def driver(name: str, where: Path, *, as_json: bool) -> None:
    """Write a package for the protocol NAME: driver, simulator, profile, tests.

    It works at once, for a protocol that no device has: replace that one by yours, test by test.
    """
    try:
        files = begin(name, where)
    except ScaffoldError as error:
        raise click.BadParameter(str(error), param_hint="NAME") from error
    except OSError as error:
        raise click.ClickException(f"{where} cannot be written: {error.strerror}") from error
    if as_json:
        click.echo(msgspec.json.encode([str(file) for file in files]))
        return
    for file in files:
        click.echo(f"  {file}")
    click.echo(f"\nRead {files[0]}, then:  cd {files[0].parent} && pip install -e . && pytest")
