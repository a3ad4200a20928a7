"""The command `opos sim chaos`: worlds in which everything fails, played by a process of their own."""

import subprocess
import sys
from typing import Final

import click

_HELP: Final = """\
Play worlds in which everything fails, each from one seed, and count what was lost: nothing may be.

A world is a day of some objects with real ledgers and agents, of a hub with a real database, and of a
broker that loses, doubles, delays and spoils what it carries. All of them are killed, cards are cloned and
put back, the hub comes back from a backup. Time is simulated, and a seed plays again to the last step.

\b
Examples:
  opos sim chaos --worlds 500
  opos sim chaos --seed 7 --worlds 1 --json     the same world again

Exit codes: 0 no promise was broken; 1 one was, and its seed is printed; 2 wrong usage.
"""


@click.command(help=_HELP)
@click.option("--seed", type=click.IntRange(0), help="The first seed; any, if it is not given.")
@click.option("--worlds", type=click.IntRange(1), default=200, show_default=True, help="How many worlds.")
@click.option("--processes", type=click.IntRange(1), help="How many at a time; one a core, if not given.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def chaos(seed: int | None, worlds: int, processes: int | None, *, as_json: bool) -> None:
    """Start the process and end as it does: a simulator imports nothing of ours."""
    options = {"--seed": seed, "--worlds": worlds, "--processes": processes}
    given = [part for name, value in options.items() if value is not None for part in (name, str(value))]
    command = [sys.executable, "-m", "proofs.worlds", *given, *(["--json"] if as_json else [])]
    sys.exit(subprocess.run(command, check=False).returncode)  # noqa: S603 - our own module
