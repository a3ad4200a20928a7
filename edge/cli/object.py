"""Run an object, or make the key that it signs with."""

import logging
import os
import sys
from importlib.metadata import version
from pathlib import Path

import click
import msgspec

from cloud_sync.contract.signing import SoftwareKey
from edge.config import ConfigError, load, without_trust

_FILE = click.argument("file", type=click.Path(path_type=Path, dir_okay=False))


_MORE = """\b
Examples:
  opos object key mirror/object.toml
  opos object run mirror/object.toml
"""


@click.group("object", epilog=_MORE)
def object_() -> None:
    """Run an object, or make the key that it signs with."""


@object_.command()
@_FILE
def run(file: Path) -> None:
    """Run the object that FILE describes, until it is told to stop."""
    # Imported here: `opos object key` needs none of it, and it is most of the time that a start takes.
    from edge.runtime import StartError, run_object  # noqa: PLC0415

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        failure = run_object(load(file), version("opos"))
    except (ConfigError, StartError) as error:
        raise click.ClickException(str(error)) from error
    if failure is not None:
        raise click.ClickException(
            f"the journal can no longer be written ({failure}): start the object again"
        )


@object_.command()
@_FILE
@click.option("--json", "as_json", is_flag=True, help="Print the public key as a JWK for a program.")
def key(file: Path, *, as_json: bool) -> None:
    """Make the object's key if it has none, and print the public half for `opos hub admit`."""
    try:
        config = without_trust(file)
        config.data_dir.mkdir(parents=True, exist_ok=True)
        public = _key(config.key).public
    except (ConfigError, OSError, ValueError) as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        sys.stdout.write(msgspec.json.encode(public.jwk()).decode() + "\n")
    else:
        click.echo(f"{config.object.id} signs with key {public.kid}\nx {public.x}\ny {public.y}")


def _key(path: Path) -> SoftwareKey:
    """The key in `path`, made if there is none: whole or not at all, and for its owner alone."""
    if path.exists():
        return SoftwareKey.from_pem(path.read_bytes())
    made = SoftwareKey.generate()
    part = path.with_suffix(".part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(made.to_pem())
        file.flush()
        os.fsync(file.fileno())
    part.rename(path)
    return made
