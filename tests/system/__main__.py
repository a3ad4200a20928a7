"""Boot a Debian, install our packages, tell the story: `python -m tests.system [--until WORDS]`."""

import os
import sys
from pathlib import Path
from typing import Final

import click

from tests.system import debian, packages
from tests.system.enclosure import alone, tell
from tests.system.story import chosen

_CHECKOUT: Final = Path(__file__).parents[2]


@click.command()
@click.option(
    "--until", default="", metavar="WORDS", help="End with the first step whose name has these words."
)
@click.option(
    "--only",
    default="",
    metavar="WORDS[,WORDS]",
    help="After the first sale, only the steps with these words.",
)
@click.option("--shell", is_flag=True, help="At the end, a shell in the object's machine.")
@click.option(
    "--figures", type=click.Path(path_type=Path), metavar="FILE", help="Write what was measured, as JSON."
)
@click.option(
    "--dist", type=click.Path(path_type=Path), default=_CHECKOUT / "dist", help="Where the packages are."
)
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    default=_CHECKOUT / "var/system",
    help="Where Debian is kept.",
)
def main(  # noqa: PLR0917  each is an option of the command
    until: str, only: str, shell: bool, figures: Path | None, dist: Path, folder: Path
) -> None:
    """Tell the installer's hour in booted machines; exit 1 where a step falls."""
    if not chosen(until, only):
        raise click.BadParameter(f"no step has {only or until!r} in its name", param_hint="--until, --only")
    if os.geteuid() != 0:
        raise click.ClickException("the machines are booted by root: run: sudo make system-test")
    try:
        debian.check_programs()
        found = packages.found(dist)
        with alone(folder.resolve()) as run:
            click.echo(
                "Making the Debian that the machines start from (minutes the first time) ...", err=True
            )
            layers = debian.made(folder.resolve(), found.needs())
            reader = debian.with_more(folder.resolve(), layers)
            code = tell(
                "tests.system.inside", str(run), str(dist.resolve()),
                str(layers.needs), str(layers.debian), str(reader.more[0]),
                until, only, *(["--shell"] if shell else []),
                *(["--figures", str(figures.resolve())] if figures else []),
            )  # fmt: skip
    except debian.MissingError as error:
        raise click.ClickException(str(error)) from error
    sys.exit(code)


if __name__ == "__main__":
    main()
