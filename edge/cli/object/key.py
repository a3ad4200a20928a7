"""Make the key that an object signs with."""

from pathlib import Path

import click

from edge.cli.object.door import AS_JSON, FILE, KEPT, print_json, said
from edge.config import without_trust
from edge.keys import make_key


@click.command()
@FILE
@AS_JSON
def key(file: Path, *, as_json: bool) -> None:
    """Make the object's key if it has none, and print the public half for `opos hub admit`."""
    with said():
        config = without_trust(file)
        signer = make_key(config)
    public = signer.public
    if as_json:
        print_json(public.jwk())
    else:
        click.echo(f"{config.object.id} signs with key {public.kid}\nx {public.x}\ny {public.y}")
        click.echo(f"kept in {KEPT[signer.tier]}")
