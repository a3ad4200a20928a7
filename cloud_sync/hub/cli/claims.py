"""Commands that let objects in: claim, claims, confirm, refuse."""

import csv
import io
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Final
from zoneinfo import ZoneInfo

import click

from cloud_sync.contract.enrolment import claim_text
from cloud_sync.contract.signing import SoftwareKey
from cloud_sync.contract.topics import Address
from cloud_sync.hub.cli.options import DIR, JSON, now_ms, opened, print_json, said
from cloud_sync.hub.files import write_new
from cloud_sync.hub.folder import Folder
from cloud_sync.hub.identity import claims as ledger
from cloud_sync.hub.identity.claims import ClaimError, MadeClaim, Offer, Standing, State
from cloud_sync.hub.identity.enrolling import confirm as let_in
from cloud_sync.hub.identity.revoking import RevocationError
from cloud_sync.hub.identity.ring import RotationError
from cloud_sync.hub.store.database import Store

ROOT_KEY: Final = click.option(
    "--root-key",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="The file of a root's key, if none is in the hub's directory.",
)
_CODE: Final = click.argument("code", required=False)
_OBJECT: Final = click.option("--object", "object_id", default="", help="The object, if not the code.")
KINDS: Final = ("mirror", "shelf", "tray", "panel")
"""What an object can be; a claim for anything else would be found out by its installer, in the shop."""

# How soon somebody who waits for an object sees it.
_ROUND_S: Final = 0.25
# A key of ours is a quarter of a kilobyte.
_PEM_BYTES_MAX: Final = 16 * 1024


@contextmanager
def refusals() -> Iterator[None]:
    """Turn what stands against an order of this room into a sentence and exit code 1."""
    try:
        with said():
            yield
    except (ClaimError, RotationError, RevocationError) as error:
        raise click.ClickException(str(error)) from error


def root_of(folder: Folder, root_key: Path | None) -> SoftwareKey:
    """The root to sign with: the file that was named, or the one at hand."""
    if root_key is None:
        return folder.root_key()
    try:
        with root_key.open("rb") as file:
            return SoftwareKey.from_pem(file.read(_PEM_BYTES_MAX))
    except ValueError as error:
        raise click.BadParameter(
            f"{root_key}: expected a P-256 private key in PEM, without a password, as in root.key"
        ) from error


def timezone_of(_: click.Context, __: click.Parameter, name: str) -> str:
    """The callback of an option: a zone that this machine knows."""
    try:
        return ZoneInfo(name).key
    except (KeyError, ValueError, OSError) as error:
        raise click.BadParameter(f"expected a time zone such as Europe/Berlin, got {name!r}") from error


def check_place(path: Path) -> None:
    """Return if claims can be written to `path`: once they are made those of before are void."""
    if path.exists():
        raise click.ClickException(f"{path} is there already: claims are not written over others")
    try:
        with tempfile.TemporaryFile(dir=path.absolute().parent):
            pass
    except OSError as error:
        raise click.ClickException(f"{path} cannot be written: {error.strerror}") from error


@click.command()
@DIR
@click.option("--object", "object_id", default="", help="The object's name; with --count, see --prefix.")
@click.option("--tenant", required=True, help="Whose object it is.")
@click.option("--site", required=True, help="Where it stands.")
@click.option("--kind", type=click.Choice(KINDS), default="mirror", show_default=True, help="What it is.")
@click.option("--timezone", default="UTC", show_default=True, callback=timezone_of, help="Where it stands.")
@click.option(
    "--minutes",
    type=click.IntRange(1, ledger.MINUTES_MAX),
    default=ledger.MINUTES,
    show_default=True,
    help="How long it is good.",
)
@click.option("--count", type=click.IntRange(1, ledger.CLAIMS_MAX), help="Make so many, for a fleet.")
@click.option("--prefix", default="", help="Names them: mirror- makes mirror-0001 and so on.")
@click.option("--csv", "table", type=click.Path(path_type=Path, dir_okay=False), help="Write them here.")
@click.option("--replace", is_flag=True, help="The object is known: a new board, or a lost certificate.")
@click.option("--yes", is_flag=True, help="Let in whoever brings the secret: nobody compares a code.")
@click.option("--wait", is_flag=True, help="Stay until the object is let in, and ask for its code here.")
@JSON
def claim(  # noqa: PLR0913 - each is an option of the command
    *,
    directory: Path,
    object_id: str,
    tenant: str,
    site: str,
    kind: str,
    timezone: str,
    minutes: int,
    count: int | None,
    prefix: str,
    table: Path | None,
    replace: bool,
    yes: bool,
    wait: bool,
    as_json: bool,
) -> None:
    """Make a claim: the right to enrol one object, once and soon. Give its text to whoever sets it up."""
    names = _names(object_id, prefix, count)
    if wait and len(names) > 1:
        raise click.UsageError("--wait is for one object")
    if table is not None:
        check_place(table)
    offers = [Offer(Address(tenant, site, name), kind, timezone) for name in names]
    with refusals(), opened(directory) as store:
        folder = Folder(directory)
        made = ledger.make_claims(
            store, folder, offers, now_ms(), minutes=minutes, confirmed=yes, replace=replace
        )
        if table is not None:
            write_new(table, claims_table(made))
            click.echo(f"{len(made)} claims are in {table}: each lets one object in", err=as_json)
        else:
            _say_made(made, minutes, as_json=as_json)
        if wait:
            _attend(store, folder, made[0], as_json=as_json)


@click.command()
@DIR
@JSON
def claims(directory: Path, *, as_json: bool) -> None:
    """List the claims, the newest first, with the codes of objects that wait."""
    with refusals(), opened(directory) as store, store.reading() as connection:
        found = ledger.standings(connection, now_ms())
    if as_json:
        print_json({"claims": found})
        return
    for each in found:
        click.echo(f"{each.object:<24} {each.state.value:<10} {each.code:<8} {each.tenant}/{each.site}")
    if not found:
        click.echo("no claims: `opos hub claim` makes one")


@click.command()
@DIR
@_CODE
@_OBJECT
@ROOT_KEY
@JSON
def confirm(
    directory: Path, code: str | None, object_id: str, root_key: Path | None, *, as_json: bool
) -> None:
    """Let the object in that shows CODE (WDJB-MJHT): you have seen it on its own glass."""
    with refusals(), opened(directory) as store:
        found = _waiting(store, code or "", object_id)
        folder = Folder(directory)
        let_in(store, folder, found.id, root_of(folder, root_key), now_ms())
    if as_json:
        print_json({"object": found.object, "state": State.CONFIRMED.value})
    else:
        click.echo(f"{found.object} is let in at {found.tenant}/{found.site}")


@click.command()
@DIR
@_CODE
@_OBJECT
@JSON
def refuse(directory: Path, code: str | None, object_id: str, *, as_json: bool) -> None:
    """Let nobody in who shows CODE: its claim is void."""
    with refusals(), opened(directory) as store:
        found = _waiting(store, code or "", object_id)
        with store.writing() as connection:
            ledger.refuse(connection, found.id, now_ms())
    if as_json:
        print_json({"object": found.object, "state": State.REFUSED.value})
    else:
        click.echo(f"{found.object} is not let in: its claim is void")


def _names(object_id: str, prefix: str, count: int | None) -> list[str]:
    if (count is None) == (not object_id) or (count is not None) != bool(prefix):
        raise click.UsageError("say --object NAME for one object, or --count N --prefix P for many")
    return [object_id] if count is None else [f"{prefix}{number:04d}" for number in range(1, count + 1)]


def claims_table(made: Sequence[MadeClaim]) -> bytes:
    """A line for each claim, as a spreadsheet reads it."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(("object", "claim", "expires_ms"))
    writer.writerows((each.object, claim_text(each.claim), each.expires_ms) for each in made)
    return text.getvalue().encode()


def _say_made(made: Sequence[MadeClaim], minutes: int, *, as_json: bool) -> None:
    for each in made:
        text = claim_text(each.claim)
        if as_json:
            print_json(
                {"object": each.object, "id": each.claim.id, "claim": text, "expires_ms": each.expires_ms}
            )
        else:
            click.echo(
                f"the claim for {each.object}, good for {minutes} minutes and for one object:\n\n{text}\n"
            )
            click.echo("on the object:  sudo opos setup")
            click.echo(f"in a terminal:  opos enroll {text[:12]}...")


def _waiting(store: Store, code: str, object_id: str) -> Standing:
    if bool(code) == bool(object_id):
        raise click.UsageError("say the CODE that the object shows, or --object NAME")
    with store.reading() as connection:
        return ledger.waiting(connection, now_ms(), code=code, object_id=object_id)


def _attend(store: Store, folder: Folder, made: MadeClaim, *, as_json: bool) -> None:
    """Stay until the object of a claim is let in; people are asked for its code where there are people."""
    told = State.OPEN
    pause = Event()
    while True:
        sys.stdout.flush()  # a program that reads our lines waits for them
        with store.reading() as connection:
            now = ledger.standing(connection, made.claim.id, now_ms())
        assert now is not None
        if now.state is not told:
            told = now.state
            _say_state(now, as_json=as_json)
            if told is State.WAITING and not as_json and sys.stdin.isatty():
                _compare(store, folder, now)
        if told is State.ENROLLED:
            return
        if told in {State.REFUSED, State.EXPIRED}:
            raise click.ClickException(f"{now.object} was not let in: its claim is {told.value}")
        pause.wait(_ROUND_S)


def _compare(store: Store, folder: Folder, now: Standing) -> None:
    if click.confirm(f"does {now.object} itself show {now.code}?"):
        let_in(store, folder, now.id, folder.root_key(), now_ms())
        return
    with store.writing() as connection:
        ledger.refuse(connection, now.id, now_ms())


def _say_state(now: Standing, *, as_json: bool) -> None:
    if as_json:
        print_json({"object": now.object, "state": now.state.value, "code": now.code})
    else:
        code = f", it shows {now.code}" if now.code else ""
        click.echo(f"{now.object}: {now.state.value}{code}")


COMMANDS: Final[tuple[click.Command, ...]] = (claim, claims, confirm, refuse)
