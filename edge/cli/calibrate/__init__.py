"""Calibrate what an object measures with: its scale by a known weight, its panel by four touches."""

from typing import Final

import click

from edge.cli.group import ModuleGroup

_MORE: Final = """\b
Examples:
  opos calibrate scale --weight 1000   the object of this machine
  opos calibrate scale shelf/object.toml --weight 2000 --by 48291730 --json
  opos calibrate touch
"""


@click.group(cls=ModuleGroup, module="edge.cli.calibrate", names=("scale", "touch"), epilog=_MORE)
def calibrate() -> None:
    """Calibrate what an object measures with: its scale by a known weight, its panel by four touches."""
