"""Enrol a fleet: claims for many objects at once, as a table, a sheet to print, or cloud-init for boards."""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final, TextIO

import click
import msgspec
from rich.console import Console
from rich.progress import track

from cloud_sync.contract.topics import Address
from cloud_sync.hub.cli.claims import KINDS, check_place, claims_table, refusals, timezone_of
from cloud_sync.hub.cli.options import DIR, JSON, now_ms, opened, print_json
from cloud_sync.hub.files import write_new
from cloud_sync.hub.fleet.seeds import SeedError, answers_text, seed
from cloud_sync.hub.fleet.sheet import sheet
from cloud_sync.hub.folder import Folder
from cloud_sync.hub.identity import claims as ledger
from cloud_sync.hub.identity.claims import MadeClaim, Offer

# A fleet is set up at a bench over some days; a claim that is good for longer is one that gets lost.
_MINUTES: Final = 3 * 24 * 60

_MORE: Final = """\b
Examples:
  opos fleet enroll --dir var/hub --tenant demo --site corner --kind shelf \\
      --prefix shelf- --count 40 --csv claims.csv --sheet claims.html
  opos fleet enroll --dir var/hub --tenant demo --site corner \\
      --prefix mirror- --count 12 --csv claims.csv \\
      --cloud-init cards/ --answers answers.toml --yes
"""


class _Asked(msgspec.Struct, frozen=True):
    """The options of `enroll`."""

    directory: Path
    tenant: str
    site: str
    kind: str
    timezone: str
    prefix: str
    count: int
    first: int
    table: Path
    sheet: Path | None
    seeds: Path | None
    answers: TextIO | None
    minutes: int
    replace: bool
    yes: bool
    as_json: bool

    @property
    def offers(self) -> list[Offer]:
        """Which objects are to come."""
        numbers = range(self.first, self.first + self.count)
        names = [f"{self.prefix}{number:04d}" for number in numbers]
        return [Offer(Address(self.tenant, self.site, each), self.kind, self.timezone) for each in names]


@click.group(epilog=_MORE)
def fleet() -> None:
    """Enrol a fleet: claims for many objects at once, as a table, a sheet to print, or cloud-init."""


@fleet.command(epilog=_MORE)
@DIR
@click.option("--tenant", required=True, help="Whose objects they are.")
@click.option("--site", required=True, help="Where they stand.")
@click.option("--kind", type=click.Choice(KINDS), default="mirror", show_default=True, help="What they are.")
@click.option("--timezone", default="UTC", show_default=True, callback=timezone_of, help="Where they stand.")
@click.option("--prefix", required=True, help="Names them: mirror- makes mirror-0001 and so on.")
@click.option("--count", type=click.IntRange(1, ledger.CLAIMS_MAX), required=True, help="How many.")
@click.option(
    "--first", type=click.IntRange(1, 9999), default=1, show_default=True, help="The number of the first."
)
@click.option(
    "--csv",
    "table",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="Write the claims here: a table with object, claim, expires_ms.",
)
@click.option("--sheet", type=click.Path(path_type=Path, dir_okay=False), help="A page to print: QR codes.")
@click.option(
    "--cloud-init",
    "seeds",
    type=click.Path(path_type=Path, file_okay=False),
    help="A folder for each board, with its user-data and meta-data.",
)
@click.option("--answers", type=click.File(encoding="utf-8"), help="What every board answers (opos setup).")
@click.option(
    "--minutes",
    type=click.IntRange(1, ledger.MINUTES_MAX),
    default=_MINUTES,
    show_default=True,
    help="How long the claims are good.",
)
@click.option("--replace", is_flag=True, help="They are known: new boards, or lost certificates.")
@click.option("--yes", is_flag=True, help="Let in whoever brings the secret: nobody compares a code.")
@JSON
def enroll(**options: Any) -> None:
    """Make claims for a fleet, each good for one object and once.

    Each object is set up with its own: `opos setup --claim scan` with the sheet in the hand, or at its first
    start by itself where cloud-init brings the claim. Without --yes each shows a code that somebody confirms
    at the hub (`opos hub claims`, `opos hub confirm`).
    """
    asked = _Asked(**options)
    if asked.answers is not None and asked.seeds is None:
        raise click.UsageError("--answers are for --cloud-init")
    try:
        answers = answers_text(asked.answers.read() if asked.answers else "", asked.kind)
    except UnicodeDecodeError as error:
        raise click.UsageError("the answers are no UTF-8: save the file as UTF-8") from error
    except SeedError as error:
        raise click.UsageError(str(error)) from error
    places = [path for path in (asked.table, asked.sheet, asked.seeds) if path is not None]
    if len({*places}) < len(places):
        raise click.UsageError("--csv, --sheet and --cloud-init go to different places: name one for each")
    for path in places:
        check_place(path)
    with refusals(), opened(asked.directory) as store:
        made = ledger.make_claims(
            store,
            Folder(asked.directory),
            asked.offers,
            now_ms(),
            minutes=asked.minutes,
            confirmed=asked.yes,
            replace=asked.replace,
        )
        _write(asked, made, answers)
    _say(asked, made)


def _write(asked: _Asked, made: Sequence[MadeClaim], answers: str) -> None:
    """All files are for their owner alone: each claim is a secret until it is spent."""
    write_new(asked.table, claims_table(made))
    if asked.sheet is not None:
        page = sheet(_watched(made, "Drawing the sheet"), asked.offers, confirmed=asked.yes)
        write_new(asked.sheet, page.encode())
    if asked.seeds is not None:
        for each in _watched(made, "Writing for the boards"):
            folder = asked.seeds / each.object
            folder.mkdir(mode=0o700, parents=True)
            for name, text in seed(each, answers):
                write_new(folder / name, text.encode())


def _watched(made: Sequence[MadeClaim], doing: str) -> Iterable[MadeClaim]:
    """Each of them, with a bar where a person waits: a thousand codes take some seconds."""
    hidden = not sys.stderr.isatty()
    return track(made, doing, console=Console(stderr=True), transient=True, disable=hidden)


def _say(asked: _Asked, made: Sequence[MadeClaim]) -> None:
    written = {"csv": asked.table, "sheet": asked.sheet, "cloud_init": asked.seeds}
    paths = {name: str(path) for name, path in written.items() if path is not None}
    if asked.as_json:
        print_json({"claims": len(made), "expires_ms": made[0].expires_ms, **paths})
        return
    count = "1 claim" if len(made) == 1 else f"{len(made)} claims, each"
    click.echo(f"{count} good for one object, in: {', '.join(paths.values())}", err=True)
    if not asked.yes:
        click.echo("each object shows a code to be confirmed: opos hub claims, opos hub confirm", err=True)
