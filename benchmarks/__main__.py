"""`python -m benchmarks`: measures the chosen figures and says which goals are met."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

import click
import msgspec
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from benchmarks.harness import Benchmark, Figure, Skipped, SkippedError, figure, samples, wanted
from benchmarks.subjects import UnknownNameError, chosen, installed
from opos.exits import Exit

# A pipe has no width of its own: this one lets no name of a figure break.
TABLE_WIDTH: Final = 110

MORE = """\
\b
Examples:
  python -m benchmarks
  python -m benchmarks cli --json

Exit codes: 0 every goal is met; 1 a goal is missed, or its figure could not be taken; 2 wrong usage; 130
stopped by Ctrl-C.
"""


@click.command(epilog=MORE)
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line for each figure.")
@click.option(
    "--rounds", type=click.IntRange(min=1), help="Take so many samples of each, instead of its own number."
)
@click.pass_context
def measure(context: click.Context, names: tuple[str, ...], as_json: bool, rounds: int | None) -> None:
    """Measure value and ceiling of each figure, in turns and in the same run.

    NAME is a subject (a module of benchmarks/) or one of its figures; without a name everything is measured.
    """
    try:
        selection = chosen(names, installed())
    except UnknownNameError as error:
        raise click.UsageError(str(error)) from error
    figures = []
    try:
        for found in _measured(selection, rounds):
            figures.append(found)
            if as_json:
                click.echo(msgspec.json.encode(found))
    except KeyboardInterrupt:  # a way to end: not a goal that is missed
        context.exit(Exit.INTERRUPTED)
    if not as_json:
        _print(figures)
    context.exit(0 if all(found.met for found in figures) else 1)


def _measured(selection: Iterable[Benchmark], rounds: int | None) -> Iterator[Figure | Skipped]:
    """Measure one after another; a person at a terminal sees how far it is, on stderr."""
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        for benchmark in selection:
            try:
                yield _taken(benchmark, rounds or benchmark.rounds, progress)
            except SkippedError as error:
                yield Skipped(benchmark.name, benchmark.unit, wanted(benchmark), str(error))


def _taken(benchmark: Benchmark, rounds: int, progress: Progress) -> Figure:
    if benchmark.prepare is not None:
        benchmark.prepare(progress.track)
    taken = islice(samples(benchmark), rounds)
    return figure(benchmark, list(progress.track(taken, total=rounds, description=benchmark.name)))


def _print(figures: Iterable[Figure | Skipped]) -> None:
    console = Console()
    if not console.is_terminal:
        console.width = max(console.width, TABLE_WIDTH)
    table = Table(box=SIMPLE_HEAD, padding=(0, 2, 0, 0))
    table.add_column("figure", overflow="fold")
    for heading in ("value", "ceiling", "ratio", "goal", "", "spread"):
        table.add_column(heading, justify="right", no_wrap=True)
    for each in figures:
        table.add_row(each.name, *_cells(each))
    console.print(table)
    for each in figures:
        if isinstance(each, Skipped):
            console.print(f"{each.name} was skipped: {each.skipped}", markup=False)


def _cells(found: Figure | Skipped) -> tuple[str, ...]:
    if isinstance(found, Skipped):
        return "", "", "", found.goal, "[bold yellow]skipped[/]", ""
    numbers = f"{found.value:g} {found.unit}", f"{found.ceiling:g}", f"{found.ratio:.2f}"
    verdict = "[green]met[/]" if found.met else "[bold red]missed[/]"
    return *numbers, found.goal, verdict if found.goal else "", f"{found.spread:.0%}"


if __name__ == "__main__":
    measure(prog_name="python -m benchmarks")
