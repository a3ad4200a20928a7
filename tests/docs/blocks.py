"""The commands in the fenced blocks of README.md and docs/*.md, as a person would type them."""

import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import click
import msgspec

from opos.__main__ import front_door
from opos.front_door import FrontDoor

ROOT: Final = Path(__file__).parent.parent.parent

_BLOCK: Final = re.compile(r"^```(?P<language>[^\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_SHELLS: Final = frozenset({"", "console", "sh"})
# What people type; in a block without a language what else stands there is a file or a picture.
_TYPED: Final = re.compile(
    r"(?:\.venv/bin/)?(?:opos|python|pytest|pip) |make |(?:/usr/sbin/)?mosquitto |xdg-open |man |journalctl "
    r"|systemctl |echo |sudo |apt(?:-get)? |cd |export |curl |scp |ssh "
)
_OPOS: Final = re.compile(r"(?:sudo (?:-u \w+ )?)?(?:\.venv/bin/)?opos ")


class Typed(msgspec.Struct, frozen=True):
    """One line that somebody types, or two that belong together, with what is explained beside it."""

    page: str
    number: int
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.number}: {self.text}"

    @property
    def parts(self) -> list[str]:
        """The commands of a pipe."""
        return [part.strip() for part in re.split(r"\s\|\s", self.text)]


class NoCommandError(Exception):
    """The front door does not take these words: why."""


@cache
def the_door() -> FrontDoor:
    """One for all tests: to read what is installed takes longer than to parse a line."""
    return front_door()


def typed() -> Iterator[Typed]:
    """All of them, page by page."""
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        yield from _typed_in(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))


def _typed_in(page: str, text: str) -> Iterator[Typed]:
    for block in _BLOCK.finditer(text):
        if block["language"] not in _SHELLS:
            continue
        first = text.count("\n", 0, block.start("text")) + 1
        # A line that ends in a pipe or a backslash goes on in the next one.
        joined = re.sub(
            r"(?:\\|(?<=\|))\n\s*", lambda found: " " if found[0][0] != "\\" else "", block["text"]
        )
        for number, line in enumerate(joined.splitlines(), first):
            if line.startswith("$ ") or _TYPED.match(line):
                yield Typed(page, number, line.removeprefix("$ ").strip())


def is_ours(part: str) -> bool:
    """Whether that is a command of the front door's."""
    return _OPOS.match(part) is not None


def words_of(part: str) -> list[str]:
    """The words after `opos`, without what is explained beside them. Raises NoCommandError.

    An explanation stands behind a # or behind two spaces; two spaces also align arguments, so the command is
    the shortest beginning that the front door takes.
    """
    bare = re.split(r"\s#\s|\s[<>]+\s?", _OPOS.sub("", part), maxsplit=1)[0]
    ends = [found.start() for found in re.finditer(r"\s{2,}", bare)] + [len(bare)]
    refused = ""
    for end in ends:
        try:
            words = shlex.split(bare[:end])
            _parse(words)
        except (ValueError, click.UsageError) as error:
            refused = refused or str(error)
            continue
        return words
    raise NoCommandError(refused)


def command_of(words: list[str]) -> tuple[str, str]:
    """The name of the command that these words call, and the module that brings it."""
    context, command, _ = _resolved(words)
    return str(context.info_name), getattr(command.callback, "__module__", "")


def _resolved(words: list[str]) -> tuple[click.Context, click.Command, list[str]]:
    """Go down the groups that are named: the context of the last command, and what is left for it."""
    door = the_door()
    context = click.Context(door, info_name="opos", **door.context_settings)
    command: click.Command = door
    while isinstance(command, click.Group) and words:
        name, below, words = command.resolve_command(context, words)
        assert below is not None
        command, parent = below, context
        context = click.Context(command, info_name=name, parent=parent)
    return context, command, words


def _parse(words: list[str]) -> None:
    """Have click read the words, and run nothing; a file that is not here is none of our business."""
    context, command, words = _resolved(words)
    try:
        command.make_context(context.info_name, list(words), parent=context.parent)
    except click.MissingParameter:
        raise
    except click.BadParameter as error:
        is_cut = any("..." in word for word in words)  # a claim that no page has room for
        if not is_cut and not isinstance(getattr(error.param, "type", None), click.Path | click.File):
            raise
    except click.exceptions.Exit:
        return


def named_blocks(page: str) -> Iterator[tuple[str, str]]:
    """Name and text of the files that a page shows as `json NAME` (without its ending) or `toml NAME`."""
    text = (ROOT / page).read_text(encoding="utf-8")
    for block in _BLOCK.finditer(text):
        language, _, name = block["language"].partition(" ")
        if language in {"json", "toml"} and name:
            yield f"{name}.json" if language == "json" else name, block["text"]
