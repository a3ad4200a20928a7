"""Run an object, say who it is, give it another key, or make it new."""

from typing import Final

import click

from edge.cli.group import ModuleGroup

_NAMES: Final = ("up", "run", "show", "restore", "training", "quiet", "key", "seal", "rotate", "reset")

_MORE: Final = """\b
Examples:
  opos object up mirror/object.toml
  opos object show mirror/object.toml --json
  opos object training on mirror/object.toml
  opos object rotate mirror/object.toml
  opos object reset mirror/object.toml
"""


@click.group("object", cls=ModuleGroup, module=__name__, names=_NAMES, epilog=_MORE)
def object_() -> None:
    """Run an object, say who it is, give it another key, or make it new."""
