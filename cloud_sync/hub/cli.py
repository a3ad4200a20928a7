"""The hub's commands: make one, let objects and goods in, run it, see how it stands."""

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import get_args

import click
import msgspec
from sqlalchemy.exc import DBAPIError

from cloud_sync.contract.signing import PublicKey, Tier
from cloud_sync.contract.topics import Address
from cloud_sync.hub import objects
from cloud_sync.hub.documents.importer import import_shop
from cloud_sync.hub.documents.sheet import ImportRefusedError
from cloud_sync.hub.documents.shop import read_shop
from cloud_sync.hub.folder import Folder, RunningError
from cloud_sync.hub.projections.projector import Projector
from cloud_sync.hub.status import sentences, status_of
from cloud_sync.hub.store import database
from cloud_sync.hub.store.database import NoHubError, Store

_DIR = click.option(
    "--dir",
    "directory",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="The hub's directory.",
)
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON for a program.")

_MORE = """\b
Examples:
  opos hub init --dir var/hub
  opos hub import simulators/shops/corner --dir var/hub
  opos object key mirror/object.toml --json |
      opos hub admit --dir var/hub --object mirror-4 --tenant demo --site corner --key -
  opos hub certify --dir var/hub --object mirror-4 > mirror/data/certificate.jws
  opos hub trust --dir var/hub > mirror/trust.json
  opos hub run --dir var/hub --port 8110 --broker 127.0.0.1:1883
"""

# What a caller can do wrong, and what a machine can: one sentence each, exit code 1.
_SENTENCES = (NoHubError, RunningError, ImportRefusedError, objects.AdmissionError, OSError)


def _broker(_: click.Context, __: click.Parameter, text: str) -> tuple[str, int]:
    """The host ([::1] for an IPv6 address) and port in HOST:PORT."""
    host, _colon, port = text.rpartition(":")
    if not host or not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise click.BadParameter(f"expected HOST:PORT such as 127.0.0.1:1883, got {text!r}")
    return host.removeprefix("[").removesuffix("]"), int(port)


@click.group(epilog=_MORE)
def hub() -> None:
    """Keep a shop's hub: sales, money and stock of all its objects."""


@hub.command()
@_DIR
def init(directory: Path) -> None:
    """Make a hub: its directory, its three keys, its database. What is there already stays."""
    with _said():
        folder = Folder(directory)
        folder.make_keys()
        database.create(folder.database, _now_ms())
        keys = folder.trust()
    click.echo(f"a hub is in {directory}; it signs receipts with {keys.receipt[0].kid}", nl=False)
    click.echo(f" and documents with {keys.documents[0].kid}; its root is {keys.roots[0].kid}")


@hub.command("import")
@click.argument("shop", type=click.Path(path_type=Path, file_okay=False, exists=True))
@_DIR
def import_(shop: Path, directory: Path) -> None:
    """Take in a SHOP directory: shop.toml, products.csv, deliveries.csv. Again changes only what is new."""
    with _said(), _opened(directory) as store:
        imported = import_shop(store, read_shop(shop), Folder(directory).documents_key(), _now_ms())
    click.echo(f"{imported.tenant}/{imported.site}: {len(imported.new_transfers)} new deliveries")
    for each in imported.documents:
        is_new = "is new" if each.changed else "is unchanged"
        click.echo(f"  {each.name} {each.version.generation}.{each.version.n} {is_new}")


@hub.command()
@_DIR
@click.option("--object", "object_id", required=True, help="The object's name.")
@click.option("--tenant", required=True, help="Whose object it is.")
@click.option("--site", required=True, help="Where it stands.")
@click.option(
    "--key", required=True, help="Its public key, as `opos object key --json` prints it; - reads it."
)
@click.option("--replace", is_flag=True, help="It is known, and has a new board or a new place.")
@_JSON
def admit(  # noqa: PLR0913 - each is an option of the command
    directory: Path, object_id: str, tenant: str, site: str, key: str, *, replace: bool, as_json: bool
) -> None:
    """Let an object speak to this hub."""
    known = objects.KnownObject(Address(tenant, site, object_id), _key(key))
    with _said(), _opened(directory) as store:
        admitted = objects.admit(store, known, _now_ms(), replace=replace)
    if as_json:
        said = {"object": object_id, "tenant": tenant, "site": site, "kid": known.key.kid}
        _print_json({**said, "admitted": admitted.value})
    else:
        click.echo(f"{object_id} is admitted at {tenant}/{site} with key {known.key.kid} ({admitted.value})")


@hub.command()
@_DIR
@click.option("--object", "object_id", required=True, help="The object's name.")
@click.option(
    "--tier", type=click.Choice(get_args(Tier)), default="file", show_default=True, help="What keeps its key."
)
def certify(directory: Path, object_id: str, tier: Tier) -> None:
    """Print the root's word for an object's key: its certificate.jws, which goes beside its ledger."""
    with _said(), _opened(directory) as store, store.reading() as connection:
        click.echo(objects.certify(connection, object_id, Folder(directory).root_key(), tier))


@hub.command()
@_DIR
@_JSON
def trust(directory: Path, *, as_json: bool) -> None:
    """Print the hub's public keys: an object's trust.json."""
    with _said():
        keys = Folder(directory).trust()
    text = msgspec.json.encode(keys)
    sys.stdout.write((text if as_json else msgspec.json.format(text)).decode() + "\n")


@hub.command()
@_DIR
@_JSON
def status(directory: Path, *, as_json: bool) -> None:
    """Say how the hub stands: figures, objects, and what a person should look at."""
    with _said(), _opened(directory) as store, store.reading() as connection:
        found = status_of(connection)
    if as_json:
        _print_json(found)
    else:
        click.echo("\n".join(sentences(found, _now_ms())))


@hub.command()
@_DIR
def rebuild(directory: Path) -> None:
    """Make sales, money and stock again from the journals. A running hub waits that long."""
    with _said(), _opened(directory) as store:
        Projector(store).rebuild()
    click.echo("sales, money and stock are made again from the journals")


@hub.command()
@_DIR
@click.option("--port", type=click.IntRange(0, 65535), required=True, help="For HTTP, on this machine only.")
@click.option("--broker", required=True, metavar="HOST:PORT", callback=_broker, help="The MQTT broker.")
def run(directory: Path, port: int, broker: tuple[str, int]) -> None:
    """Run the hub until it is told to stop."""
    # Imported here: the other commands need no HTTP, and it is most of the time that a start takes.
    from cloud_sync.hub import service  # noqa: PLC0415

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    with _said():
        listening = service.listen(port)
        click.echo(f"the hub's page is http://127.0.0.1:{listening.getsockname()[1]}/")
        died = service.run(Folder(directory), listening, service.Broker(*broker))
    if died:
        raise click.ClickException(f"{', '.join(died)} died (see the log): start the hub again")


@contextmanager
def _said() -> Iterator[None]:
    """Turn what can be said in a sentence into that sentence and exit code 1."""
    try:
        yield
    except _SENTENCES as error:
        raise click.ClickException(str(error)) from error
    except DBAPIError as error:
        raise click.ClickException(f"the hub's database cannot be used: {error.orig}") from error


def _opened(directory: Path) -> closing[Store]:
    return closing(database.connect(Folder(directory).database))


def _key(text: str) -> PublicKey:
    try:
        return msgspec.json.decode(sys.stdin.read() if text == "-" else text, type=PublicKey)
    except msgspec.DecodeError as error:
        raise click.BadParameter(
            f'expected {{"x":..,"y":..}} as `opos object key --json` prints it: {error}'
        ) from error


def _print_json(value: object) -> None:
    sys.stdout.write(msgspec.json.encode(value).decode() + "\n")


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
