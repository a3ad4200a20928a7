"""The pages of `man opos`, made from the commands themselves: `python -m opos.manual --out FOLDER`.

Their language is described in man(7). One page a command, as git has them: `man opos-ledger-verify`.
"""

import argparse
import os
import re
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

import click

from opos.__main__ import front_door
from opos.completion import SHELLS, script
from opos.exits import MEANINGS
from opos.front_door import Listed

# Where Debian's policy and the shells' own manuals want each script, below /usr/share.
_COMPLETIONS: Final = {
    "bash": "bash-completion/completions/opos",
    "zsh": "zsh/vendor-completions/_opos",
    "fish": "fish/vendor_completions.d/opos.fish",
}
# In front of what click must not wrap; what stands so begins a block, as an empty line does.
_VERBATIM: Final = "\b\n"
_BLOCKS: Final = re.compile("\n\\s*\n|\n(?=\b\n)")


def pages(date: str) -> Iterator[tuple[str, str]]:
    """Name and text of each page, the front door's first; `date` is in the foot of each."""
    door = front_door()
    yield from _pages_of(click.Context(door, info_name="opos", **door.context_settings), date)


def _pages_of(context: click.Context, date: str) -> Iterator[tuple[str, str]]:
    below = list(_commands(context))
    yield context.command_path.replace(" ", "-"), _page(context, below, date)
    for name, command in below:
        yield from _pages_of(click.Context(command, info_name=name, parent=context), date)


def _commands(context: click.Context) -> Iterator[tuple[str, click.Command]]:
    """The commands below one, each of them loaded."""
    group = context.command
    if isinstance(group, click.Group):
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            if command is not None and not command.hidden:
                yield name, command.load() if isinstance(command, Listed) else command


def _page(context: click.Context, below: Sequence[tuple[str, click.Command]], date: str) -> str:
    command, name = context.command, context.command_path.replace(" ", "-")
    usage = " ".join(command.collect_usage_pieces(context))
    lines = [
        f'.TH "{name.upper()}" "1" "{date}" "OPOS {version("opos")}" "OPOS"',
        *(".SH NAME", rf"{_said(name)} \- {_said(_caption(command))}"),
        *(".SH SYNOPSIS", rf"\fB{_said(context.command_path)}\fR {_said(usage)}"),
        *(".SH DESCRIPTION", *_paragraphs(command.help or "")),
        *_options(context),
        *_below(name, below),
        *_paragraphs(_examples(context), ".SH EXAMPLES"),
        *(".SH EXIT STATUS", *_exits()),
        *_see_also(context),
    ]
    return "\n".join(lines) + "\n"


def _caption(command: click.Command) -> str:
    """The first sentence of what a command says of itself."""
    first = (command.help or "").strip().partition("\n\n")[0]
    return re.split(r"(?<=\.)\s", " ".join(first.split()), maxsplit=1)[0].removesuffix(".")


def _options(context: click.Context) -> Iterator[str]:
    parameters = context.command.get_params(context)
    records = [record for each in parameters if (record := each.get_help_record(context)) and record[1]]
    if records:
        yield ".SH OPTIONS"
    for option, sentence in records:
        yield from (".TP", rf"\fB{_said(option)}\fR", _said(" ".join(sentence.split())))


def _below(name: str, below: Sequence[tuple[str, click.Command]]) -> Iterator[str]:
    if below:
        yield ".SH COMMANDS"
    for each, command in below:
        yield from (".TP", rf"\fB{_said(f'{name}-{each}')}\fR(1)", _said(_caption(command)))


def _examples(context: click.Context) -> str:
    """The front door's own say how every command ends, which has a section of its own."""
    return (context.command.epilog or "") if context.parent is not None else ""


def _exits() -> Iterator[str]:
    for code, meaning in MEANINGS.items():
        yield from (".TP", rf"\fB{code.value}\fR", _said(meaning))


def _see_also(context: click.Context) -> Iterator[str]:
    if context.parent is not None:
        above = context.parent.command_path.replace(" ", "-")
        yield from (".SH SEE ALSO", rf"\fB{_said(above)}\fR(1)")


def _paragraphs(text: str, heading: str = "") -> Iterator[str]:
    """Text for man to wrap, and what click must not wrap as it stands; where there is none, no heading."""
    blocks = [block for block in _BLOCKS.split(text.strip("\n")) if block.strip()]
    if blocks and heading:
        yield heading
    for block in blocks:
        lines = block.removeprefix(_VERBATIM).splitlines()
        if block.startswith(_VERBATIM):
            yield from (".PP", ".nf", *(_said(line) for line in lines if line != "Examples:"), ".fi")
        else:
            yield from (".PP", _said(" ".join(line.strip() for line in lines)))


def _said(text: str) -> str:
    """Text that man prints as it stands: a backslash, a dash, and a dot in front mean something to it."""
    quiet = text.replace("\\", r"\e").replace("-", r"\-")
    return rf"\&{quiet}" if quiet.startswith((".", "'")) else quiet


def main(words: Sequence[str]) -> int:
    """Write pages and completions below a folder such as /usr/share; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m opos.manual", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="the folder, such as dist/share")
    out: Path = parser.parse_args(words).out
    # The same source makes the same pages (reproducible-builds.org): without its day they have none.
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    date = f"{datetime.fromtimestamp(int(epoch), UTC):%Y-%m-%d}" if epoch else ""
    for name, page in pages(date):
        _keep(out / "man" / "man1" / f"{name}.1", page)
    for shell in SHELLS:
        _keep(out / _COMPLETIONS[shell], script(shell) + "\n")
    return 0


def _keep(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
