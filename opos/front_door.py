"""The group behind `opos`: it lists commands by their captions and imports one only when it is asked for."""

import errno
import re
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final

import click

from opos.captions import NoModuleError, caption
from opos.exits import Exit

COMMANDS: Final = "opos.commands"
"""The entry-point group that a package adds its commands to."""

# What a write fails with where there is no room for it: on the disk, in the quota, in a file so long.
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})

# The first sentence of every command is much shorter: none is cut.
_WHOLE_CHARS: Final = 1000

OPTIONAL = re.compile(r"(?P<name>[\w.-]+).*\bextra\s*==\s*[\"'](?P<extra>[\w-]+)")
"""A requirement that only an extra asks for, as the metadata of a distribution writes it."""


class Listed(click.Command):
    """A command as far as a list needs it: its name and its caption."""

    def __init__(self, entry: EntryPoint) -> None:
        super().__init__(entry.name)
        self.entry = entry

    def get_short_help_str(self, limit: int = 0) -> str:  # noqa: ARG002 (click's name; a caption is wrapped, never cut)
        """Say what the command is for, or why it is of no use."""
        try:
            return caption(self.entry.value.partition(":")[0].strip()).removesuffix(".")
        except NoModuleError as error:
            return f"cannot be loaded: {error}"

    def load(self) -> click.Command:
        """Import the real one, or end with one sentence that says why that cannot be."""
        try:
            command = self.entry.load()
        except (ImportError, AttributeError, SyntaxError) as error:
            raise self._cannot_be_loaded(f"{error}{_mend(self.entry, error)}") from error
        if not isinstance(command, click.Command):
            raise self._cannot_be_loaded(f"{self.entry.value} is not a click command")
        _say_it_whole(command)
        return command

    def _cannot_be_loaded(self, reason: str) -> click.ClickException:
        return click.ClickException(f"`opos {self.name}` cannot be loaded: {reason}")


class FrontDoor(click.Group):
    """A group whose commands stand in a list until one of them is asked for."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Put the real command in the place of the listed one."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, command.load() if isinstance(command, Listed) else command, rest

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; Ctrl-C is a way to end, and a file that cannot be had is no error of ours."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            ctx.exit(Exit.INTERRUPTED)
        except click.Abort as error:  # a question: click makes one of Ctrl-C and of an input's end
            if not isinstance(error.__context__, KeyboardInterrupt):
                raise
            click.echo(err=True)  # the prompt comes back on a line of its own
            ctx.exit(Exit.INTERRUPTED)
        except OSError as error:
            if error.errno not in _FULL and error.filename is None:
                raise
            raise click.ClickException(f"{error.filename or 'the output'}: {error.strerror}") from error


def _say_it_whole(command: click.Command) -> None:
    """Have the lists below a command say each first sentence whole: click would cut it at the line's end."""
    if isinstance(command, click.Group):
        for each in command.commands.values():
            each.short_help = each.get_short_help_str(_WHOLE_CHARS)
            _say_it_whole(each)


def listed() -> dict[str, click.Command]:
    """List the installed commands; of two with one name the first that Python finds counts."""
    commands: dict[str, click.Command] = {}
    for entry in entry_points(group=COMMANDS):
        commands.setdefault(entry.name, Listed(entry))
    return commands


def _mend(entry: EntryPoint, error: Exception) -> str:
    """Name the extra of the command's own distribution that brings the missing module, if there is one."""
    if not isinstance(error, ModuleNotFoundError) or not error.name or not entry.dist:
        return ""
    missing = _canonical(error.name.partition(".")[0])
    for requirement in entry.dist.requires or ():
        optional = OPTIONAL.match(requirement)
        if optional and _canonical(optional["name"]) == missing:
            return f": pip install '{entry.dist.name}[{optional['extra']}]'"
    return ""


def _canonical(name: str) -> str:
    """Write a distribution's name as the packaging standard compares it: case, dash and dot do not count."""
    return re.sub(r"[-_.]+", "-", name).lower()
