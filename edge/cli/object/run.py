"""Run the object that a file describes."""

import logging
from importlib.metadata import version
from pathlib import Path

import click

from edge.cli.object.door import FILE
from edge.config import ConfigError, load


@click.command()
@FILE
def run(file: Path) -> None:
    """Run the object that FILE describes, until it is told to stop.

    Its agent is another process: `opos sync run`, or both together with `opos object up`.
    """
    # Imported here: a file that is wrong is said before, and this is most of the time that a start takes.
    from edge.runtime.opening import StartError  # noqa: PLC0415
    from edge.runtime.work import run_object  # noqa: PLC0415

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        failure = run_object(load(file), version("opos"))
    except (ConfigError, StartError) as error:
        raise click.ClickException(str(error)) from error
    if failure is not None:
        raise click.ClickException(
            f"the journal can no longer be written ({failure}): start the object again"
        )
