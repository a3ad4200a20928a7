"""Run the object that a file describes."""

import gc
import logging
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Final

import click

from edge.cli.logs import log_of
from edge.cli.object.door import FILE
from edge.config import ConfigError, load
from edge.provision.last_good import keep_good

_log: Final = logging.getLogger(__name__)


@click.command()
@FILE
def run(file: Path) -> None:
    """Run the object that FILE describes, until it is told to stop.

    Its agent is another process: `opos sync run`, or both together with `opos object up`.
    """
    # Imported here: a file that is wrong is said before, and this is most of the time that a start takes.
    # None of it is ever garbage: to look for some meanwhile takes a seventh of that time, and 30 ms again
    # with each look through everything while it sells.
    gc.disable()
    from edge.runtime.lives import run_object  # noqa: PLC0415
    from edge.runtime.opening import StartError  # noqa: PLC0415

    gc.freeze()
    gc.enable()
    try:
        config = load(file)
        log_of(config, "opos-edge")
        failure = run_object(config, version("opos"), partial(_keep_good, file, config.data_dir))
    except (ConfigError, StartError) as error:
        raise click.ClickException(str(error)) from error
    if failure is not None:
        raise click.ClickException(
            f"the journal can no longer be written ({failure}): start the object again"
        )


def _keep_good(file: Path, data: Path) -> None:
    """What could not be kept is missed where the file is wrong one day, and keeps nobody from selling."""
    try:
        keep_good(file, data)
    except OSError as error:
        _log.warning("%s could not be kept as one that is good: %s", file, error)
