"""Examine drivers: `python -m tests.drivers.conformance [PROTOCOL]...`; `--write` makes the page's table."""

import sys

import click

from tests.drivers.conformance.report import drivers, report
from tests.drivers.conformance.table import PAGE, written
from tests.drivers.conformance.vectors import protocols


@click.command()
@click.argument("names", nargs=-1, metavar="[PROTOCOL]...")
@click.option("--write", is_flag=True, help="Write the table of docs/devices.md.")
def examine(names: tuple[str, ...], *, write: bool) -> None:
    """Say what is wrong with the drivers; exit 1 when something is."""
    if write:
        PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
        return
    flaws = 0
    for name in names or [each for each in drivers() if each in protocols()]:
        found = report(name)
        for examination, sentences in (found.examinations | found.faults).items():
            for sentence in sentences:
                click.echo(f"{name}: {examination}: {sentence}")
                flaws += 1
    click.echo(f"{flaws} flaws")
    sys.exit(1 if flaws else 0)


if __name__ == "__main__":
    examine()
