"""Give an object another key."""

from pathlib import Path

import click

from edge.cli.object.door import AS_JSON, FILE, print_json, said
from edge.clock import SystemClock
from edge.config import without_trust
from edge.provision.rotate import RotationRefusedError
from edge.provision.rotate import rotate as rotate_object


@click.command()
@FILE
@AS_JSON
def rotate(file: Path, *, as_json: bool) -> None:
    """Give the object another key; the old one signs for it in the journal. The object must be stopped.

    The hub takes it over with that entry; nobody has to admit the object again. One that runs is given
    another key by its hub: `opos hub order OBJECT rotate-key`.
    """
    with said(RotationRefusedError):
        config = without_trust(file)
        done = rotate_object(config, SystemClock())
    if as_json:
        print_json({"object": config.object.id, "before": done.before, "kid": done.kid, "seq": done.seq})
    else:
        click.echo(f"{config.object.id} signs with key {done.kid} from entry {done.seq + 1} on")
        click.echo(f"{done.before} is kept until a backup of the hub has all that it signed")
