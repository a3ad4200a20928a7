"""The command `opos sim fleet`: a thousand objects for an afternoon, and what became of their sales."""

import sys
from pathlib import Path
from typing import Any, Final

import click
import msgspec

from simulators.fleet.shift import Place, Shift, Where

# Each has a connection, and three descriptors of this process.
OBJECTS_MAX: Final = 5_000
# What an object of this simulator may hold in memory.
OFFLINE_MAX: Final = 100_000

_HELP: Final = """\
Let N simulated objects sell, each over its own MQTT connection, and hold the hub's figures against theirs.

They start a Mosquitto and a hub of their own in a temporary directory, unless --broker, --hub and --hub-dir
say where there are some. They share no code with the hub: what both read is docs/contract.md.

\b
Examples:
  opos sim fleet 1000 --rate 1 --minutes 2
  opos sim fleet 16 --rate 0 --offline 120 --json       all come back at once
  opos sim fleet 20 --broker 127.0.0.1:8120 --hub http://127.0.0.1:8110 \\
      --hub-dir var/demo/hub

Exit codes: 0 every sale was counted once; 1 something was refused, lost or doubled; 2 wrong usage.
"""


class Asked(msgspec.Struct, frozen=True):
    """What the command line asks for."""

    objects: int
    rate: float
    minutes: float
    offline: int
    seed: int
    broker: Where | None
    hub: str | None
    hub_dir: Path | None
    database: str | None
    as_json: bool


def _where(_: click.Context, __: click.Parameter, text: str | None) -> Where | None:
    """The host and port of HOST:PORT."""
    if text is None:
        return None
    host, _colon, port = text.rpartition(":")
    if not host or not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise click.BadParameter(f"expected HOST:PORT such as 127.0.0.1:1883, got {text!r}")
    return Where(host.removeprefix("[").removesuffix("]"), int(port))


@click.command(help=_HELP)
@click.argument("objects", metavar="N", type=click.IntRange(1, OBJECTS_MAX))
@click.option(
    "--rate", type=click.FloatRange(0, 600), default=1.0, show_default=True, help="Sales a minute of each."
)
@click.option(
    "--minutes", type=click.FloatRange(0, 7 * 24 * 60), default=1.0, show_default=True, help="For how long."
)
@click.option(
    "--offline", type=click.IntRange(0, OFFLINE_MAX), default=0, help="Sales of each before its line opens."
)
@click.option("--seed", type=int, default=1, show_default=True, help="Who sells what, and when.")
@click.option("--broker", metavar="HOST:PORT", callback=_where, help="A broker that is there.")
@click.option("--hub", metavar="URL", help="The hub that listens to it.")
@click.option(
    "--hub-dir",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="That hub's directory: the objects are admitted there.",
)
@click.option("--database", metavar="URL", help="An empty PostgreSQL database for the hub that is started.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def fleet(**options: Any) -> None:
    """Let N simulated objects sell."""
    asked = Asked(**options)
    shift = Shift(asked.objects, asked.rate, asked.minutes, asked.offline, asked.seed)
    if not shift.sales:
        raise click.UsageError("nobody would sell anything: say --rate and --minutes, or --offline")
    there = _there(asked)
    from simulators.fleet.run import run  # noqa: PLC0415 (a hand's command would load MQTT for nothing)

    sys.exit(0 if run(shift, there, asked.database, as_json=asked.as_json) else 1)


def _there(asked: Asked) -> Place | None:
    """The place that the options name; None if they name none."""
    if asked.broker is not None and asked.hub is not None and asked.hub_dir is not None:
        if asked.database is not None:
            raise click.UsageError("--database is for a hub that is started here: that of --hub has one")
        return Place(asked.broker, asked.hub.rstrip("/"), asked.hub_dir)
    if (asked.broker, asked.hub, asked.hub_dir) == (None, None, None):
        return None
    raise click.UsageError("--broker, --hub and --hub-dir belong together: say all of them, or none")
