"""Commands for who wants to know how the hub stands, or to have its figures made again."""

import secrets
from importlib.metadata import version
from pathlib import Path
from typing import Final

import click

from cloud_sync.hub.cli.options import DIR, JSON, now_ms, opened, print_json, said
from cloud_sync.hub.files import replace
from cloud_sync.hub.folder import Folder
from cloud_sync.hub.projections.projector import Projector
from cloud_sync.hub.status import sentences, status_of

# As many bits as a key has.
_TOKEN_BYTES: Final = 32

_METRICS_MORE: Final = """\b
Examples:
  opos hub metrics --dir var/hub
  opos hub metrics --dir var/hub --new-token  what Prometheus says at the door
"""


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


@click.command(epilog=_METRICS_MORE)
@DIR
@click.option(
    "--new-token", is_flag=True, help="Make a token for /metrics at the door with TLS, and print it."
)
def metrics(directory: Path, *, new_token: bool) -> None:
    """Print the hub's numbers as Prometheus reads them; docs/health.md says what each of them is.

    A running hub tells them at /metrics: on this machine to everybody, elsewhere to who brings the token.
    With --new-token the one of before is void at once.
    """
    # Imported here: the other commands need no Prometheus.
    from cloud_sync.hub.metrics import text  # noqa: PLC0415

    with said(), opened(directory) as store:
        if new_token:
            token = secrets.token_urlsafe(_TOKEN_BYTES)
            replace(Folder(directory).metrics_token, f"{token}\n".encode())
            click.echo(token)
            return
        with store.reading() as connection:
            found = status_of(connection, now_ms())
    # Whether a broker is heard, only a hub that runs can say: one with workers at work hears it.
    click.echo(text(found, broker=bool(found.hub.workers), program=version("opos")), nl=False)


COMMANDS: Final[tuple[click.Command, ...]] = (status, metrics, rebuild)
