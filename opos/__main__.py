"""The `opos` command: one door to every tool of the house."""

import os
import sys
from pathlib import Path

import click

from opos.exits import EXIT_CODES
from opos.front_door import FrontDoor, listed

PURPOSE = """\
OPOS: the object as the point of sale.

A mirror or a shelf senses what a shopper holds, shows it, sells it and keeps its own books, with or
without a network.

\b
Examples:
  opos demo --dir var/demo       a whole shop on this machine
  opos COMMAND --help            what a command can do
"""


def main() -> None:
    """Open the front door: parse the command line, run one command, end with its exit code."""
    if sys.stdin is None:  # closed by who started us, as by a daemon: a command that reads it finds its end
        sys.stdin = Path(os.devnull).open(encoding="utf-8")  # noqa: SIM115 - the process ends it
    try:
        front_door()()
    finally:
        _drop_what_nobody_took()


def _drop_what_nobody_took() -> None:
    """Let go of words that a full disk has refused: Python would try again at its end, and end with 120."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:  # it was told already: every line is flushed
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def front_door() -> FrontDoor:
    """The command `opos`, with every installed command behind it."""
    door = FrontDoor("opos", commands=listed(), help=PURPOSE, epilog=EXIT_CODES)
    click.version_option(package_name="opos", message="%(prog)s %(version)s")(door)
    door.context_settings = {
        "help_option_names": ["-h", "--help"],
        "max_content_width": 100,
        "color": False if os.environ.get("NO_COLOR") else None,  # no-color.org: whatever it is set to
    }
    return door


if __name__ == "__main__":
    main()
