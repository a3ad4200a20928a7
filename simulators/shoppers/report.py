"""The confusion table for a person: what shoppers did in rows, what came of it in columns."""

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Final

import msgspec
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table as Grid

from simulators.shoppers.run import Told
from simulators.shoppers.session import Outcome
from simulators.shoppers.table import Table

# A pipe has no width of its own: this one lets no name of a play break.
_WIDTH: Final = 110


def show(table: Table) -> None:
    """Print both tables, and the numbers that they come to."""
    console = Console()
    if not console.is_terminal:
        console.width = max(console.width, _WIDTH)
    console.print(_grid("what shoppers did", table.plays, [outcome.value for outcome in Outcome]))
    heard = sorted({column for row in table.things.values() for column in row})
    console.print(_grid("what was done with a thing", table.things, heard))
    console.print(
        f"{table.exact_percent:g} % of {table.sessions} sessions exactly right, {table.ambiguous_percent:g} %"
        f" asked without need, {table.wrong_charges} wrong, {table.missed} missed (seed {table.seed})"
    )
    if table.shown_p50_ms is not None:
        console.print(
            f"told after {table.shown_p50_ms} ms (half), {table.shown_p99_ms} ms (99 %),"
            f" {table.shown_max_ms} ms (all)"
        )
    for like, numbers in table.examples.items():
        console.print(f"{like}: sessions {', '.join(map(str, numbers))}")


def tell(told: Told) -> None:
    """Print what was done and what was said of it, in the order of time."""
    done = ((act.at_ms, f"  {act.act}") for act in told.done)
    said = ((round(each.at_ms), f"> {msgspec.json.encode(each.event).decode()}") for each in told.said)
    console = Console(soft_wrap=True)
    for at_ms, line in sorted((*done, *said), key=itemgetter(0)):
        console.print(f"{at_ms:>7} ms {line}", markup=False, highlight=False)
    console.print(f"{told.play}: {told.outcome.value}")


def _grid(corner: str, rows: Mapping[str, Mapping[str, int]], columns: Sequence[str]) -> Grid:
    used = [column for column in columns if any(column in row for row in rows.values())]
    grid = Grid(box=SIMPLE_HEAD, padding=(0, 2, 0, 0))
    grid.add_column(corner)
    for column in used:
        grid.add_column(column.replace("_", " "), justify="right")
    for name, row in rows.items():
        grid.add_row(name, *(str(row.get(column, "")) for column in used))
    return grid
