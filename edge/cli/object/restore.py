"""Put back the file with which an object last started."""

from pathlib import Path
from typing import Final

import click

from edge.cli.object.door import AS_JSON, FILE, print_json, said
from edge.provision.doctor.patient import OBJECT_FILE
from edge.provision.last_good import NoneKeptError, put_back
from edge.provision.resting import start_what_rests

_MORE: Final = """\b
Examples:
  opos object restore mirror/object.toml
  sudo opos object restore /etc/opos/object.toml

The file that is replaced stays beside it, as object.toml.wrong.
"""


@click.command(epilog=_MORE)
@FILE
@AS_JSON
def restore(file: Path, *, as_json: bool) -> None:
    """Put FILE back as it was when the object last started, and start what does not run."""
    with said(NoneKeptError, OSError):
        wrong = put_back(file)
    started = start_what_rests() if file.absolute() == OBJECT_FILE else ()
    if as_json:
        print_json({"file": str(file), "kept": wrong and str(wrong), "started": started})
        return
    other = f"; the other one is {wrong}" if wrong else ""
    click.echo(f"{file} is again the one with which the object last started{other}")
    if started:
        click.echo(f"started: {', '.join(started)}")
