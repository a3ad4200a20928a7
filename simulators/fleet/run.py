"""One run of a fleet from start to end: its place, a bar for whoever watches, and what it says at last."""

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from simulators.demo.bad_days import BadDayError
from simulators.fleet.crowd import Crowd
from simulators.fleet.day import spend
from simulators.fleet.place import own_place
from simulators.fleet.report import Report
from simulators.fleet.shift import Place, Shift


def run(shift: Shift, there: Place | None, database: str | None, *, as_json: bool) -> bool:
    """Let the fleet work at a place that is there, or at one of its own; whether all is well."""
    try:
        report = asyncio.run(_spend(shift, there, database))
    except BadDayError as error:
        raise click.ClickException(error.sentence) from error
    if as_json:
        click.echo(msgspec.json.encode(report))
    else:
        _print(report, shift)
    return report.is_well


async def _spend(shift: Shift, there: Place | None, database: str | None) -> Report:
    with _bar(shift) as bar:
        if there is not None:
            return await spend(shift, there, bar)
        directory = Path(tempfile.mkdtemp(prefix="opos-fleet-"))
        async with own_place(directory, database) as place:
            report = await spend(shift, place, bar)
    if report.is_well:
        shutil.rmtree(directory)
    else:
        click.echo(f"the hub and all logs stay in {directory}", err=True)
    return report


class _Bar:
    """Shows a person how many sales are confirmed, on stderr."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress = progress
        self._task = progress.add_task("sales confirmed", total=total)

    def __call__(self, crowd: Crowd) -> None:
        done = sum(len(member.trader.waits_ns) for member in crowd.members)
        self._progress.update(self._task, completed=done)


@contextmanager
def _bar(shift: Shift) -> Iterator[_Bar]:
    console = Console(stderr=True)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        yield _Bar(progress, shift.sales)


def _print(report: Report, shift: Shift) -> None:
    click.echo(f"{report.objects} objects sold {report.sales} times; {report.receipts} sales have a receipt")
    if report.receipts:
        click.echo(
            f"  receipts came after {report.receipt_p50_ms:g} ms (half), {report.receipt_p99_ms:g} ms (99 %),"
            f" {report.receipt_max_ms:g} ms (all)"
        )
    since = "the last sale" if shift.live else "the lines were opened"
    money = "equal" if report.money_equal else f"NOT EQUAL: {report.money} sold, {report.hub_money} there"
    click.echo(f"  the hub had counted all {report.complete_s:g} s after {since}; money is {money}")
    click.echo(f"  {report.rejected} rejected, {report.lost} lost, {report.doubled} doubled")
    used = ", ".join(f"{name} {seconds:g} s" for name, seconds in report.cpu_s.items())
    click.echo(f"  CPU: {used}")
