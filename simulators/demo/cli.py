"""The command `opos demo`: a shop for a person with a browser, or one that a script plays to its end."""

import asyncio
import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, Final, TypeVar

import click
import msgspec

from simulators.demo.bad_days import BadDayError
from simulators.demo.chaos import Chaos
from simulators.demo.play import play
from simulators.demo.ports import BASE, fixed, free
from simulators.demo.script import Step, read_script
from simulators.demo.shop import open_shop
from simulators.demo.shop_files import CORNER, read_shop
from simulators.demo.telling import Teller
from simulators.demo.visit import page_url, visit

_T = TypeVar("_T")

_STOP_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_DIRECTORY: Final = Path("var/demo")
# What a shell reports for a program that Ctrl-C ended.
_INTERRUPTED: Final = 130


class Asked(msgspec.Struct, frozen=True):
    """What the command line asks for."""

    directory: Path | None
    shop_dir: Path
    port_base: int
    script: Path | None
    as_json: bool
    chaos: int | None


_HELP: Final = """\
Open a whole shop on this machine: a mirror, a shelf, a tray, a panel, their agents, a broker
and a hub.

A page in your browser lets you hold things up, take them, lay them down, scan them, and pull the network
cable. Ctrl-C closes the shop; the next start goes on with the same books.

\b
Examples:
  opos demo
  opos demo --dir /tmp/shop --port-base 9100
  opos demo --script simulators/demo.yaml --json
  opos demo --script simulators/demo.yaml --json --chaos 7
"""


@click.command(help=_HELP)
@click.option(
    "--dir", "directory", type=click.Path(path_type=Path, file_okay=False),
    help=f"Where the shop lives, and goes on next time.  [default: {_DIRECTORY}; for a script a new one]",
)  # fmt: skip
@click.option(
    "--shop", "shop_dir", type=click.Path(path_type=Path, file_okay=False), default=CORNER,
    help="The files of another shop than the one at the corner.",
)  # fmt: skip
@click.option(
    "--port-base", type=click.IntRange(1024, 65_400), default=BASE, show_default=True,
    help="The first of the shop's ports; the others follow it.",
)  # fmt: skip
@click.option("--script", type=click.Path(path_type=Path), help="Play this script to its end.")
@click.option("--json", "as_json", is_flag=True, help="Print the script's figures as one JSON object.")
@click.option("--chaos", type=int, metavar="SEED", help="Now and then kill -9 a process between two steps.")
def demo(**options: Any) -> None:
    """Open a whole shop on this machine."""
    asked = Asked(**options)
    if asked.script is None and (asked.as_json or asked.chaos is not None):
        raise click.UsageError("--json and --chaos are about a script: add --script FILE")
    teller = Teller()
    try:
        if asked.script is None:
            _until_stopped(_visit(asked, teller))
        else:
            sys.exit(_played(asked, asked.script, teller))
    except BadDayError as error:
        raise click.ClickException(error.sentence) from error


async def _visit(asked: Asked, teller: Teller) -> None:
    directory = asked.directory or _DIRECTORY
    ports = fixed(asked.port_base, [plan.id for plan in read_shop(asked.shop_dir).objects])
    teller.tell(f"Opening the shop in {directory} ...")
    async with open_shop(directory, asked.shop_dir, ports, page_url(ports)) as opened:
        await opened.supervisor.while_well(visit(opened, teller))


def _played(asked: Asked, script: Path, teller: Teller) -> int:
    """Play `script`, print its figures, return the exit code; a day that went wrong keeps its directory."""
    steps = read_script(script, read_shop(asked.shop_dir))
    directory = asked.directory or Path(tempfile.mkdtemp(prefix="opos-demo-"))
    figures = _until_stopped(_play(asked, directory, steps, teller))
    if figures is not None:
        _tell(asked, figures, teller)
    if asked.directory is None and (figures is None or figures["equal"]):
        shutil.rmtree(directory)
    if figures is None:
        return _INTERRUPTED
    return 0 if figures["equal"] else 1


def _tell(asked: Asked, figures: dict[str, Any], teller: Teller) -> None:
    if asked.as_json:
        click.echo(json.dumps(figures))
    else:
        teller.figures(figures)


async def _play(asked: Asked, directory: Path, steps: tuple[Step, ...], teller: Teller) -> dict[str, Any]:
    ports = free([plan.id for plan in read_shop(asked.shop_dir).objects])
    async with open_shop(directory, asked.shop_dir, ports) as opened:
        return await opened.supervisor.while_well(play(opened, steps, Chaos(asked.chaos), teller.tell))


def _until_stopped(work: Coroutine[Any, Any, _T]) -> _T | None:
    """The result of `work`; None if a signal ended it, and then all that it had opened is closed."""
    try:
        return asyncio.run(_stoppable(work))
    except asyncio.CancelledError:
        return None


async def _stoppable(work: Coroutine[Any, Any, _T]) -> _T:
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(work)
    for number in _STOP_SIGNALS:
        loop.add_signal_handler(number, _stop, task)
    return await task


def _stop(task: asyncio.Task[Any]) -> None:
    """The first signal closes the shop in order; the second ends this process, and the leash the others."""
    if task.cancelling():
        os._exit(_INTERRUPTED)
    task.cancel()
