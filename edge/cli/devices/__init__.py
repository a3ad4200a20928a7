"""See what is plugged in, find out what an unknown device speaks, list what can be spoken to."""

from typing import Final

import click

from edge.cli.devices.door import AS_JSON, WATCH
from edge.cli.devices.listing import listing, show
from edge.cli.devices.probe import probe
from edge.cli.devices.profiles import profiles

_MORE: Final = """\b
Examples:
  opos devices                     what is plugged in, and its URI
  opos devices --watch             the same, and what comes and goes
  opos devices probe /dev/ttyUSB0  the protocol and baud rate of a serial line
  opos devices probe 10.0.0.9:4001 the same in the network
  opos devices profiles            every kind of device that OPOS knows
"""


@click.group(invoke_without_command=True, epilog=_MORE)
@AS_JSON
@WATCH
@click.pass_context
def devices(ctx: click.Context, *, as_json: bool, watch: bool) -> None:
    """See what is plugged in, find out what an unknown device speaks, list what can be spoken to."""
    if ctx.invoked_subcommand is None:
        show(as_json=as_json, watch=watch)
    elif as_json or watch:
        raise click.UsageError(f"write --json and --watch after {ctx.invoked_subcommand}")


for each in (listing, probe, profiles):
    devices.add_command(each)
