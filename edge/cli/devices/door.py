"""What the commands about devices share: their options, the profiles that can be worked by, JSON lines."""

from collections.abc import Iterator
from typing import Final

import click
import msgspec

from edge.drivers.profiles import Profile, ProfileError, known, load

AS_JSON: Final = click.option("--json", "as_json", is_flag=True, help="Print JSON lines for a program.")
WATCH: Final = click.option("--watch", is_flag=True, help="Go on, and tell what comes and goes.")


def readable() -> Iterator[Profile]:
    """Every profile; of one that is damaged a line on stderr says so."""
    for name in known():
        try:
            yield load(name)
        except ProfileError as error:
            click.echo(f"left out: {error}", err=True)


def print_json(value: object) -> None:
    """One line for a program."""
    click.echo(msgspec.json.encode(value))
