"""Commands for who wants to know how the hub stands, and to have its figures made again: status, rebuild."""

from pathlib import Path
from typing import Final

import click

from cloud_sync.hub.cli.options import DIR, JSON, now_ms, opened, print_json, said
from cloud_sync.hub.projections.projector import Projector
from cloud_sync.hub.status import sentences, status_of


@click.command()
@DIR
@JSON
def status(directory: Path, *, as_json: bool) -> None:
    """Say how the hub stands: figures, objects, and what a person should look at."""
    with said(), opened(directory) as store, store.reading() as connection:
        found = status_of(connection, now_ms())
    if as_json:
        print_json(found)
    else:
        click.echo("\n".join(sentences(found, now_ms())))


@click.command()
@DIR
def rebuild(directory: Path) -> None:
    """Make sales, money and stock again from the journals. A running hub waits that long."""
    with said(), opened(directory) as store:
        Projector(store).rebuild()
    click.echo("sales, money and stock are made again from the journals")


COMMANDS: Final[tuple[click.Command, ...]] = (status, rebuild)
