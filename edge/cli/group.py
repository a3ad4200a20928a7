"""A group of commands, each in a module of its own that is imported only when it is asked for."""

from importlib import import_module
from typing import Any

import click


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
            self.add_command(getattr(import_module(f"{self._module}.{name}"), name))
        return super().get_command(ctx, cmd_name)
