"""A group of commands, each in a module of its own that is imported only when it is asked for."""

from importlib import import_module
from typing import Any, Final

import click

# The first sentence of every command is much shorter: none is cut.
_WHOLE_CHARS: Final = 1000


class ModuleGroup(click.Group):
    """The command `name` is what `module.name` calls so; `names` in the order in which they are listed."""

    def __init__(self, *arguments: Any, module: str, names: tuple[str, ...], **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._module, self._names = module, names

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 (click's name)
        """All of them, the one that is asked for most at the top."""
        return list(self._names)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """One of them; a name that is none of theirs is compared with them all, for a hint."""
        for name in [cmd_name] if cmd_name in self._names else self._names:
            command: click.Command = getattr(import_module(f"{self._module}.{name}"), name)
            command.short_help = command.get_short_help_str(_WHOLE_CHARS)  # click cuts it at a line's end
            self.add_command(command)
        return super().get_command(ctx, cmd_name)
