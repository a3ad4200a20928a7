"""The command `opos sim shopper`: a thousand shoppers before an object, and what it made of them."""

import sys
from typing import Final

import click
import msgspec

# An hour of one core; who needs more takes several seeds.
SESSIONS_MAX: Final = 100_000

_HELP: Final = """\
Let shoppers act before a shelf, a mirror or a tray, and print what its sensing made of it.

What they do is known; what the sensors hear of it has the noise of real ones: missed tags, drift, creep,
packs that differ, bodies in the way. The sensing runs in its own process (`opos sense`) and hears nothing
but the sensors. All time is the play's own, and all luck comes from --seed.

\b
Examples:
  opos sim shopper --objects shelf --sessions 1000 --seed 7 --json
  opos sim shopper --objects mirror --sessions 200
  opos sim shopper --objects shelf --seed 7 --session 114  all of it

Exit codes: 0 nothing was charged or shown that nobody had; 1 something was; 2 wrong usage.
"""


@click.command(help=_HELP)
@click.option(
    "--objects",
    type=click.Choice(["shelf", "loose", "alike", "mirror", "tray"]),
    default="shelf",
    show_default=True,
    help="What they stand before; loose is a shelf of goods without tags that weights tell apart, alike one"
    " where they do not.",
)
@click.option(
    "--sessions", type=click.IntRange(1, SESSIONS_MAX), default=1000, show_default=True, help="How many."
)
@click.option("--seed", type=int, default=1, show_default=True, help="Who does what, and all noise.")
@click.option(
    "--session", "only", type=click.IntRange(min=0), help="Play this one alone, and tell all of it."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def shopper(objects: str, sessions: int, seed: int, only: int | None, *, as_json: bool) -> None:
    """Let shoppers act before an object."""
    from simulators.shoppers.report import show, tell  # noqa: PLC0415 (loads a table's drawing for nothing)
    from simulators.shoppers.run import one, run  # noqa: PLC0415 (a hand's command would load the plays for nothing)
    from simulators.shoppers.sensing import SensingError  # noqa: PLC0415 (the same)

    try:
        if only is not None:
            told = one(objects, seed, only)
            click.echo(msgspec.json.encode(told)) if as_json else tell(told)
            return
        table = run(objects, sessions, seed)
    except SensingError as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(msgspec.json.encode(table))
    else:
        show(table)
    sys.exit(1 if table.wrong_charges else 0)
