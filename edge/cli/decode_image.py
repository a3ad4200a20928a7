"""Decode photographs: every code in them, how many looks agreed on it, and whether that is enough."""

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
import msgspec

from edge.sensors.votes import Known, Voted, count, glances

if TYPE_CHECKING:
    from edge.drivers.camera.looks import Eyes

# A photograph has as much time as a frame of a film, of one core: those that can be read are read in 15 ms,
# but for one in a hundred, and the look that is begun last takes 9 ms.
BUDGET_NS: Final = 30_000_000

# A catalogue of a million products, a line each.
CATALOGUE_BYTES_MAX: Final = 32 * 1024 * 1024
_GTIN_DIGITS: Final = 14

_EXAMPLES: Final = """\b
Examples:
  opos decode image shelf.jpg
  opos decode image --rotate 45 --catalogue gtins.txt photos/*.webp
"""


class ImageAnswer(msgspec.Struct, frozen=True):
    """What one file shows; `ms` is how long one core worked on it, after the file was read."""

    file: str
    codes: tuple[Voted, ...] = ()
    ms: float = 0.0
    error: str | None = None


@click.command(epilog=_EXAMPLES)
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path))
@click.option("--rotate", default=0, metavar="DEGREES", help="Turn each picture clockwise first.")
@click.option(
    "--catalogue",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The GTINs that the shop knows, one a line; without it every GTIN counts as known.",
)
def image(files: tuple[Path, ...], rotate: int, catalogue: Path | None) -> None:
    """Decode photographs into the codes that they show, all symbologies switched on.

    Writes one JSON line for each FILE, in order. A code is `accepted` when two looks at it agree (two
    readers, or two crops), when no other product is in view, and when its GTIN is known. A file that is no
    picture is answered with an `error`, and the exit code stays 0.
    """
    known = _known(catalogue)
    # A file that is no picture is answered in our words; OpenCV reads this when it is loaded.
    os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
    try:
        # Loaded only here: the extra `camera` brings them, and they cost a third of a second.
        from edge.drivers.camera.looks import Eyes, alone  # noqa: PLC0415
    except ImportError as error:
        wanted = "the camera is not installed: pip install 'opos[camera]'"
        raise click.ClickException(f"{wanted} ({error})") from error
    alone()
    eyes = Eyes(upc_e=True)
    try:
        for path in files:
            click.echo(msgspec.json.encode(_answer(eyes, path, rotate, known)))
    finally:
        eyes.close()


def _known(catalogue: Path | None) -> Known:
    if catalogue is None:
        return lambda _: True
    with catalogue.open("rb") as file:
        text = file.read(CATALOGUE_BYTES_MAX + 1)
    if len(text) > CATALOGUE_BYTES_MAX:
        raise click.BadParameter(f"expected at most {CATALOGUE_BYTES_MAX} bytes", param_hint="--catalogue")
    gtins = frozenset(line.zfill(_GTIN_DIGITS) for line in text.decode(errors="replace").split())
    return gtins.__contains__


def _answer(eyes: "Eyes", path: Path, rotate: int, known: Known) -> ImageAnswer:
    from edge.drivers.camera.picture import PictureError, load, turned  # noqa: PLC0415

    try:
        picture = turned(load(path), rotate)
    except PictureError as error:
        return ImageAnswer(str(path), error=str(error))
    start_ns = time.thread_time_ns()
    votes = glances(eyes.looks(picture), time.thread_time_ns, BUDGET_NS)
    spent_us = (time.thread_time_ns() - start_ns) // 1000
    return ImageAnswer(str(path), count(votes, known), ms=spent_us / 1000)
