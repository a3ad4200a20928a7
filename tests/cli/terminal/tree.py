"""The tree of `opos`: every command behind the front door, found by walking it."""

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import click

from opos.__main__ import front_door
from opos.front_door import Listed


class Leaf(NamedTuple):
    """One command as it is typed, with what click knows of it."""

    words: str
    command: click.Command

    @property
    def is_group(self) -> bool:
        return isinstance(self.command, click.Group)

    @property
    def answers_json(self) -> bool:
        return any("--json" in each.opts for each in self.command.params)


@cache
def every() -> tuple[Leaf, ...]:
    """All of them, each group before what is behind it."""
    door = front_door()
    return tuple(_below(click.Context(door, info_name="opos", **door.context_settings)))


def _below(context: click.Context) -> Iterator[Leaf]:
    group = context.command
    yield Leaf(context.command_path.removeprefix("opos").strip(), group)
    if not isinstance(group, click.Group):
        return
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        below = command.load() if isinstance(command, Listed) else command
        yield from _below(click.Context(below, info_name=name, parent=context))
