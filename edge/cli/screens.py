"""Pictures of every screen of every object in every language, and a page that shows them side by side."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, get_args

import click
import msgspec
from playwright.sync_api import Browser

from edge.display.gallery import FULL, TINY, Framed, Shot, asked, blessed, firsts, framed, index, sheet_page
from edge.display.panels import Kind
from edge.display.screens import LANGUAGES
from edge.display.studio import NoBrowserError, Studio, chromium

BLESSED: Final = Path("tests/display/blessed")

_LANGUAGE: Final = click.Choice(list(LANGUAGES))

_EXAMPLES: Final = """\b
Examples:
  opos screens --out var/screens        all of them: a few minutes
  opos screens --out var/screens --object shelf --language ar --state basket
  opos screens --bless                  what tests compare with: look first
  opos screens --sheets docs/pictures   one sheet of each object

Exit codes: 0 done; 1 there is no Chromium, or nothing is of all that was asked for; 2 wrong usage.
"""


class Taken(msgspec.Struct, frozen=True):
    """What was taken: where it lies, how long it took, and every picture."""

    where: str
    took_ms: int
    pictures: tuple[Shot, ...]


@click.command(epilog=_EXAMPLES)
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), metavar="DIR", help="Where the gallery goes."
)
@click.option("--object", "kinds", type=click.Choice(get_args(Kind)), multiple=True, help="Only these.")
@click.option(
    "--language", "languages", type=click.Choice(list(LANGUAGES)), multiple=True, help="Only these."
)
@click.option("--state", "wanted", multiple=True, metavar="NAME", help="Only these states or screens.")
@click.option(
    "--scale",
    type=click.FloatRange(0.1, 1),
    default=1.0,
    show_default=True,
    help="So much of the panel's size.",
)
@click.option(
    "--bless",
    type=click.Path(path_type=Path, file_okay=False),
    is_flag=False,
    flag_value=BLESSED,
    metavar="[DIR]",
    help=f"Take the small pictures that tests compare with; without DIR: {BLESSED}.",
)
@click.option(
    "--sheets",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Take a sheet of each object.",
)
@click.option("--json", "as_json", is_flag=True, help="Say what was taken as JSON.")
def screens(  # noqa: PLR0913  each is an option of its own
    *,
    out: Path | None,
    kinds: tuple[Kind, ...],
    languages: tuple[str, ...],
    wanted: tuple[str, ...],
    scale: float,
    bless: Path | None,
    sheets: Path | None,
    as_json: bool,
) -> None:
    """Take a picture of every screen, and lay them side by side.

    Each is the real page of the glass with a sample of what the till can say, at the size of its panel, in
    the system's own Chromium. DIR/index.html shows them by object, language and state; DIR/screens.json has
    the list.
    """
    if not (out or bless or sheets):
        raise click.UsageError("say where the pictures go: --out, --bless or --sheets")
    kinds, languages = kinds or get_args(Kind), languages or tuple(LANGUAGES)
    frames = list(asked(framed(kinds, languages, dict.fromkeys(FULL, scale)), wanted))
    if out and not frames:
        raise click.ClickException("no picture is of all that; what there is: opos screens --out DIR")
    with _browser() as browser:
        if out:
            _say(_gallery(browser, frames, out), as_json=as_json)
        if bless:
            _say(_bless(browser, bless), as_json=as_json)
        for kind in kinds if sheets else ():
            assert sheets is not None
            _say(_sheet(browser, kind, languages, sheets), as_json=as_json)


@contextmanager
def _browser() -> Iterator[Browser]:
    try:
        with chromium() as browser:
            yield browser
    except NoBrowserError as error:
        raise click.ClickException(str(error)) from error


def _gallery(browser: Browser, frames: list[Framed], folder: Path) -> Taken:
    taken = _take(browser, frames, folder)
    (folder / "index.html").write_text(index(taken.pictures), encoding="utf-8")
    (folder / "screens.json").write_bytes(msgspec.json.format(msgspec.json.encode(taken.pictures)) + b"\n")
    return taken


def _bless(browser: Browser, folder: Path) -> Taken:
    if not folder.parent.is_dir():
        raise click.ClickException(f"there is no {folder.parent} here: run it where OPOS was cloned to")
    before = set(folder.rglob("*.png"))
    taken = _take(browser, blessed(), folder, eased=True)
    for gone in before - {folder / shot.file for shot in taken.pictures}:
        gone.unlink()
    return taken


def _sheet(browser: Browser, kind: Kind, languages: tuple[str, ...], folder: Path) -> Taken:
    """A PNG with every screen of one object, a column for each language."""
    started = time.monotonic()
    studio = Studio(browser)
    frames = list(firsts(framed((kind,), languages, TINY)))
    pictures = {(each.shot.screen, each.shot.language): studio.picture(each) for each in frames}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"screens-{kind}.png").write_bytes(studio.sheet(sheet_page(kind, pictures)))
    return _taken(folder / f"screens-{kind}.png", started, frames)


def _take(browser: Browser, frames: list[Framed], folder: Path, *, eased: bool = False) -> Taken:
    started = time.monotonic()
    studio = Studio(browser)
    for each in frames:
        file = folder / each.shot.file
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(studio.eased(each) if eased else studio.picture(each))
    return _taken(folder, started, frames)


def _taken(where: Path, started: float, frames: Iterable[Framed]) -> Taken:
    took_ms = round((time.monotonic() - started) * 1000)
    return Taken(str(where), took_ms, tuple(each.shot for each in frames))


def _say(taken: Taken, as_json: bool) -> None:
    if as_json:
        click.echo(msgspec.json.encode(taken))
        return
    shown = len({shot.screen for shot in taken.pictures})
    click.echo(
        f"{len(taken.pictures):,} pictures of {shown} screens in {taken.took_ms / 1000:.0f} s: {taken.where}"
    )
