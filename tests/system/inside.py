"""The first process of the enclosure: tells the story step by step, and says of each whether it holds."""

import json
import subprocess
import sys
import time
import traceback
from pathlib import Path
from typing import Final

import click

from tests.system import bench, packages
from tests.system.debian import Layers
from tests.system.shop import Shop
from tests.system.step import FellError, Told
from tests.system.story import Step, chosen

LAST_WORDS: Final = "last-words.log"


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("dist", type=click.Path(path_type=Path))
@click.argument("needs", type=click.Path(path_type=Path))
@click.argument("debian", type=click.Path(path_type=Path))
@click.argument("reader", type=click.Path(path_type=Path))
@click.argument("until")
@click.argument("only")
@click.option("--shell", is_flag=True)
@click.option("--figures", type=click.Path(path_type=Path))
def main(  # noqa: PLR0917  each is a word of `tests.system`
    run: Path,
    dist: Path,
    needs: Path,
    debian: Path,
    reader: Path,
    until: str,
    only: str,
    shell: bool,
    figures: Path | None,
) -> None:
    """Tell the story; exit 1 where a step falls: those after it stand on it, so they are not told."""
    steps = chosen(until, only)
    with bench.running(run / "bench") as devices:
        layers = Layers(needs, debian, (reader,))
        shop = Shop(layers, packages.found(dist), run, devices)
        told = _told(shop, steps)
        if not told[-1].holds:
            (run.parent / LAST_WORDS).write_text(shop.hub.last_words() + shop.object.last_words())
            click.echo(f"What the machines said last is in {run.parent / LAST_WORDS}.", err=True)
        if figures is not None:
            figures.write_text(json.dumps(shop.figures))
        if shell:
            subprocess.run(shop.object.words("bash", "-i"), check=False)
    holding = sum(each.holds for each in told)
    click.echo(f"{holding} of {len(steps)} hold, in {sum(each.took_ms for each in told) / 1000:.0f} s.")
    sys.exit(holding < len(steps))


def _told(shop: Shop, steps: list[Step]) -> list[Told]:
    told: list[Told] = []
    for step in steps:
        told.append(_one(shop, step))
        click.echo(_line(told[-1]))
        if not told[-1].holds:
            break
    return told


def _one(shop: Shop, step: Step) -> Told:
    began_s = time.monotonic()
    try:
        said, holds = step(shop), True
    except (FellError, subprocess.SubprocessError, OSError, KeyError, ValueError) as error:
        traceback.print_exception(error)
        said, holds = f"{type(error).__name__}: {error}", False
    return Told(step.__name__, holds, said, round((time.monotonic() - began_s) * 1000))


def _line(told: Told) -> str:
    verdict = click.style("holds", fg="green") if told.holds else click.style("FALLS", fg="red")
    return f"{verdict}  {told.took_ms / 1000:5.1f} s  {told.name.replace('_', ' ')}: {told.said}"


if __name__ == "__main__":
    main()
