"""`python -m benchmarks.beside`: runs the bad days for both sides and says what came of them."""

import os
from pathlib import Path
from typing import Final

import click
import msgspec
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from benchmarks.beside.days import DAYS, Came
from benchmarks.beside.ours import Object
from benchmarks.beside.page import page
from benchmarks.beside.peer import Gateway, prepare

_PAGE: Final = Path(__file__).parents[2] / "docs" / "comparison-sync.md"
_SIDES: Final = (Object, Gateway)
# Twenty seconds of a till that never rests, and a backlog of two weeks.
_ROWS: Final = 20_000
_BACKLOG: Final = 100_000

# A pipe has no width of its own: this one breaks no name.
_TABLE_WIDTH: Final = 110

_MORE: Final = """\
\b
Examples:
  python -m benchmarks.beside
  python -m benchmarks.beside "black hole" --rows 5000 --json
  python -m benchmarks.beside --write

Exit codes: 0 OPOS has lost and doubled nothing; 1 it has; 2 wrong usage.
"""


@click.command(epilog=_MORE)
@click.argument("days", nargs=-1, type=click.Choice(list(DAYS)), metavar="[DAY]...")
@click.option(
    "--rows", type=click.IntRange(min=1_000), default=_ROWS, show_default=True, help="A day's rows."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@click.option("--write", is_flag=True, help="Write docs/comparison-sync.md; takes all days.")
@click.pass_context
def compare(context: click.Context, days: tuple[str, ...], rows: int, *, as_json: bool, write: bool) -> None:
    """Let both sides take rows while something goes wrong. Some minutes; the disk's day wants root."""
    if write and days:
        raise click.UsageError("--write takes all days: name none")
    prepare()
    came = _lived(days or tuple(DAYS), rows)
    if as_json:
        for one in came:
            click.echo(msgspec.json.encode(one))
    else:
        _print(came)
    if write:
        _PAGE.write_text(page(came, os.cpu_count() or 1), encoding="utf-8")
    context.exit(int(any(one.lost or one.doubled for one in came if one.side == Object.name)))


def _lived(days: tuple[str, ...], rows: int) -> list[Came]:
    console = Console(stderr=True)
    columns = SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()
    came = []
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        for day in days:
            for make in _SIDES:
                task = progress.add_task(f"{day}: {make.name}")
                came.append(DAYS[day](make, max(rows, _BACKLOG) if day == "drain" else rows))
                progress.remove_task(task)
    return came


def _print(came: list[Came]) -> None:
    table = Table(box=SIMPLE_HEAD, padding=(0, 2, 0, 0))
    for heading in ("day", "side", "taken", "arrived", "lost", "doubled", "rows/s"):
        table.add_column(heading, justify="left" if heading in {"day", "side"} else "right")
    for one in came:
        pace = "" if one.rows_per_s is None else f"{one.rows_per_s:,}"
        numbers = (f"{number:,}" for number in (one.taken, one.arrived, one.lost, one.doubled))
        table.add_row(one.day, one.side, *numbers, pace)
    console = Console()
    if not console.is_terminal:
        console.width = max(console.width, _TABLE_WIDTH)
    console.print(table)


if __name__ == "__main__":
    compare(prog_name="python -m benchmarks.beside")
