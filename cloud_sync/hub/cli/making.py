"""Commands that make a hub and let goods and objects in: init, import, admit, certify, trust."""

import sys
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Final, get_args

import click
import msgspec

from cloud_sync.contract.signing import PublicKey, Tier
from cloud_sync.contract.topics import Address
from cloud_sync.hub import objects
from cloud_sync.hub.cli.options import DIR, JSON, now_ms, opened, print_json, said
from cloud_sync.hub.documents.importer import import_shop
from cloud_sync.hub.documents.shop import read_shop
from cloud_sync.hub.folder import Folder
from cloud_sync.hub.store import database
from cloud_sync.hub.store.database import NoHubError

_SERVER: Final = "postgresql+psycopg://"


def _url(_: click.Context, __: click.Parameter, text: str | None) -> str | None:
    """The address of a database on a server, as SQLAlchemy has it."""
    if text is None or text.startswith(_SERVER):
        return text
    raise click.BadParameter(
        f"expected an address such as {_SERVER}opos@db.example/opos, got {text[:24]!r}..."
    )


@click.command()
@DIR
@click.option(
    "--database",
    "url",
    metavar="URL",
    callback=_url,
    help=f"Have the database on a PostgreSQL server: {_SERVER}USER@HOST/NAME.  [default: a file]",
)
def init(directory: Path, url: str | None) -> None:
    """Make a hub: its directory, its keys, its database. What is there already stays."""
    with said():
        folder = Folder(directory)
        if url is not None and folder.database != url:
            _check_new(folder, url)
        folder.make_keys()
        if url is not None:
            folder.keep_database(url)
        database.create(folder.database, now_ms())
        keys = folder.trust()
    click.echo(f"a hub is in {directory}; it signs receipts with {keys.receipt[0].kid}", nl=False)
    click.echo(f" and documents with {keys.documents[0].kid}; its root is {keys.roots[0].kid}")


@click.command("import")
@click.argument("shop", type=click.Path(path_type=Path, file_okay=False, exists=True))
@DIR
def import_(shop: Path, directory: Path) -> None:
    """Take in a SHOP directory: shop.toml, products.csv, deliveries.csv. Again changes only what is new."""
    with said(), opened(directory) as store:
        imported = import_shop(store, read_shop(shop), Folder(directory).documents_key(), now_ms())
    click.echo(f"{imported.tenant}/{imported.site}: {len(imported.new_transfers)} new deliveries")
    for each in imported.documents:
        is_new = "is new" if each.changed else "is unchanged"
        click.echo(f"  {each.name} {each.version.generation}.{each.version.n} {is_new}")


# An object, its place and its key, with room for long names: what is longer is no line of ours.
_LINE_BYTES_MAX: Final = 64 * 1024


class _Asked(msgspec.Struct, frozen=True):
    """The options of `admit`."""

    directory: Path
    object_id: str | None
    tenant: str | None
    site: str | None
    key: str | None
    file: BinaryIO | None
    replace: bool
    as_json: bool


class _Line(msgspec.Struct, frozen=True):
    """A line of --from."""

    object: str
    tenant: str
    site: str
    key: PublicKey


@click.command()
@DIR
@click.option("--object", "object_id", help="The object's name.")
@click.option("--tenant", help="Whose object it is.")
@click.option("--site", help="Where it stands.")
@click.option("--key", help="Its public key, as `opos object key --json` prints it; - reads it.")
@click.option(
    "--from",
    "file",
    type=click.File("rb"),
    help="Many at once, all or none: a JSON line each with object, tenant, site and key; - reads them.",
)
@click.option("--replace", is_flag=True, help="It is known, and has a new board or a new place.")
@JSON
def admit(**options: Any) -> None:
    """Let an object speak to this hub, or all objects of a file."""
    asked = _Asked(**options)
    newcomers = _newcomers(asked)
    with said(), opened(asked.directory) as store, store.writing() as connection:
        outcomes = [
            objects.admit_in(connection, known, now_ms(), replace=asked.replace) for known in newcomers
        ]
    for known, admitted in zip(newcomers, outcomes, strict=True):
        _tell(known, admitted, as_json=asked.as_json)


def _newcomers(asked: _Asked) -> list[objects.KnownObject]:
    """Whom the options name; a wrong use is said."""
    one = (asked.object_id, asked.tenant, asked.site, asked.key)
    if asked.file is not None:
        if any(one):
            raise click.UsageError("--from names objects, places and keys itself")
        lines = iter(partial(asked.file.readline, _LINE_BYTES_MAX), b"")
        return [_newcomer(number, line) for number, line in enumerate(lines, 1)]
    for name, value in zip(("object", "tenant", "site", "key"), one, strict=True):
        if value is None:
            raise click.UsageError(f"Missing option '--{name}'.")
    object_id, tenant, site, key = (str(value) for value in one)
    return [objects.KnownObject(Address(tenant, site, object_id), _key(key))]


def _newcomer(number: int, text: bytes) -> objects.KnownObject:
    try:
        line = msgspec.json.decode(text, type=_Line)
    except msgspec.DecodeError as error:
        raise click.BadParameter(
            f'line {number}: expected {{"object":..,"tenant":..,"site":..,"key":{{"x":..,"y":..}}}}: {error}'
        ) from error
    return objects.KnownObject(Address(line.tenant, line.site, line.object), line.key)


def _tell(known: objects.KnownObject, admitted: objects.Admitted, *, as_json: bool) -> None:
    address, kid = known.address, known.key.kid
    if as_json:
        told = {"object": address.object, "tenant": address.tenant, "site": address.site, "kid": kid}
        print_json({**told, "admitted": admitted.value})
    else:
        place = f"{address.tenant}/{address.site}"
        click.echo(f"{address.object} is admitted at {place} with key {kid} ({admitted.value})")


@click.command()
@DIR
@click.option("--object", "object_id", required=True, help="The object's name.")
@click.option(
    "--tier", type=click.Choice(get_args(Tier)), default="file", show_default=True, help="What keeps its key."
)
def certify(directory: Path, object_id: str, tier: Tier) -> None:
    """Print the root's word for an object's key: its certificate.jws, which goes beside its ledger."""
    with said(), opened(directory) as store, store.reading() as connection:
        click.echo(objects.certify(connection, object_id, Folder(directory).root_key(), tier))


@click.command()
@DIR
@JSON
def trust(directory: Path, *, as_json: bool) -> None:
    """Print the hub's public keys: an object's trust.json."""
    with said():
        keys = Folder(directory).trust()
    text = msgspec.json.encode(keys)
    click.echo(text if as_json else msgspec.json.format(text))


def _check_new(folder: Folder, url: str) -> None:
    """Refuse to part a hub from its data, or to give it those of another one."""
    if not isinstance(folder.database, Path) or folder.database.exists():
        raise click.ClickException(
            f"{folder.path}: this hub has its database elsewhere: take it along with `opos hub backup` and"
            " `opos hub restore --database`"
        )
    try:
        database.connect(url).close()
    except NoHubError:
        return
    raise click.ClickException(
        "another hub is in this database: to have a second machine work on it, copy that hub's directory"
    )


def _key(text: str) -> PublicKey:
    try:
        said_it = sys.stdin.read(_LINE_BYTES_MAX) if text == "-" else text
        return msgspec.json.decode(said_it, type=PublicKey)
    except msgspec.DecodeError as error:
        raise click.BadParameter(
            f'expected {{"x":..,"y":..}} as `opos object key --json` prints it: {error}'
        ) from error


COMMANDS: Final[tuple[click.Command, ...]] = (init, import_, admit, certify, trust)
