"""Calibrate what an object measures with: its scale by a known weight, its panel by four touches."""

from typing import Final

import click

from edge.cli.group import ModuleGroup

_MORE: Final = """\b
Examples:
  opos calibrate scale --weight 1000   the object of this machine
  opos calibrate --weight 1000         the same: there is one scale
  opos calibrate scale shelf/object.toml --weight 2000 --by 48291730 --json
  opos calibrate touch
"""


class _ScaleFirst(ModuleGroup):
    """What begins with an option is said to the scale."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the name of the scale in front, where only its options stand."""
        for_itself = not args or not args[0].startswith("-") or args[0] in ctx.help_option_names
        return super().parse_args(ctx, args if for_itself else ["scale", *args])


@click.group(cls=_ScaleFirst, module="edge.cli.calibrate", names=("scale", "touch"), epilog=_MORE)
def calibrate() -> None:
    """Calibrate what an object measures with: its scale by a known weight, its panel by four touches."""
