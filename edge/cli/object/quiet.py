"""Wait for a moment between two sales."""

import http.client
import json
import threading
import time
from pathlib import Path
from typing import Final

import click

from edge.checkout.state import OPEN_STAGES, Stage
from edge.cli.object.door import AS_JSON, FILE, print_json, said
from edge.config import ObjectConfig, without_trust

_LOOK_S: Final = 0.25
_STATUS_BYTES_MAX: Final = 64 * 1024

# Nobody is there.
_ALONE: Final = frozenset({Stage.IDLE, Stage.UNPAIRED, Stage.OUT_OF_SERVICE})

# Goods may hang in front of a mirror all day. Who has not begun to pay after so long has not come to, and
# finds the same goods on the glass a second later.
_LOOKING_S: Final = 60.0

# A shopper pays within a minute or two; longer than five is a terminal that a person has to look at.
_WAIT_S: Final = 300

_MORE: Final = """\b
Examples:
  opos object quiet /etc/opos/object.toml && systemctl stop opos-edge
  opos object quiet /etc/opos/object.toml --wait 0 --json
"""


@click.command(epilog=_MORE)
@FILE
@click.option(
    "--wait",
    "wait_s",
    type=click.IntRange(0),
    default=_WAIT_S,
    show_default=True,
    help="Seconds until it is given up.",
)
@AS_JSON
def quiet(file: Path, *, wait_s: int, as_json: bool) -> None:
    """Wait until the object that FILE describes may be stopped without troubling a shopper.

    Exit code 0: nobody pays now, or the object does not run. 1: somebody still does.
    """
    with said():
        config = without_trust(file)
    stage = _waited(config, wait_s)
    is_quiet = stage is None or stage in _ALONE | OPEN_STAGES
    if as_json:
        print_json({"object": config.object.id, "quiet": is_quiet, "stage": stage and stage.value})
    elif is_quiet:
        click.echo(f"{config.object.id}: nobody pays now")
    if not is_quiet:
        assert stage is not None, "what does not run is quiet"
        raise click.ClickException(f"{config.object.id}: somebody is still there ({stage.value}): try again")


def _waited(config: ObjectConfig, wait_s: int) -> Stage | None:
    """The stage at the first quiet moment, or at the end of the wait; None where nobody answers."""
    began_s, pause = time.monotonic(), threading.Event()
    while True:
        stage = _stage(config)
        waited_s = time.monotonic() - began_s
        may_look = OPEN_STAGES if waited_s >= min(_LOOKING_S, wait_s) else frozenset()
        if stage is None or stage in _ALONE | may_look or waited_s >= wait_s:
            return stage
        pause.wait(_LOOK_S)


def _stage(config: ObjectConfig) -> Stage | None:
    """Where its shopper stands; None where no object of ours answers, or one that hangs."""
    connection = http.client.HTTPConnection(config.display.host, config.display.port, timeout=5)
    try:
        connection.request("GET", "/status")
        with connection.getresponse() as response:
            return Stage(json.loads(response.read(_STATUS_BYTES_MAX))["stage"])
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return None
    finally:
        connection.close()
