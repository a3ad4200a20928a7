"""Keep the list of staff: who may do what at the objects of a site, by badge and PIN."""

import secrets
import sys
from pathlib import Path
from typing import Final

import click
import msgspec

from cloud_sync.contract.encoding import b64
from edge.checkout.staff import (
    AGE,
    PIN_DIGITS,
    RETURN,
    TRAIN,
    UNPROVEN,
    VOID,
    BadStaffListError,
    Cost,
    Member,
    StaffList,
    hashed,
    read_staff,
)
from edge.cli.asking import is_person
from edge.cli.ledger.codes import code_of, lines_of
from edge.provision.rewriting import draft_of, give_name, keep_alike
from edge.sensors.shown import BADGE_PREFIX

ACTS: Final = {"return": RETURN, "void": VOID, "no-receipt": UNPROVEN, "training": TRAIN, "age": AGE}
"""What a person may be allowed, by the words of the command."""

_PSEUDONYM_BYTES: Final = 8
_SALT_BYTES: Final = 16
_BADGE_DIGITS: Final = 8
# A list of a thousand people has 200 KiB: an object reads no more of one either.
_LIST_BYTES_MAX: Final = 1024 * 1024

FILE: Final = click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
BADGE: Final = click.argument("badge")
AS_JSON: Final = click.option("--json", "as_json", is_flag=True, help="Print JSON for a program.")
FROM_STDIN: Final = click.option("--pin-stdin", is_flag=True, help="Read the PIN from standard input.")

_MORE: Final = """\b
Examples:
  opos staff new staff.json
  opos staff new staff.json --may return --may void
  opos staff pin staff.json 48291730
  opos staff list staff.json
  opos staff drop staff.json 48291730

\b
An object works by it with, in its file:
  [staff]
  list = "staff.json"
"""


@click.group(epilog=_MORE)
def staff() -> None:
    """Keep the list of staff: who may do what at the objects of a site, by badge and PIN."""


@staff.command(short_help="Add a person to FILE; print the badge.")
@FILE
@click.option("--badge", help="The badge's digits; some that nobody has, if nothing is said.")
@click.option(
    "--may",
    type=click.Choice([*ACTS]),
    multiple=True,
    help="What this person may do; taking back with a receipt, if nothing is said.",
)
@FROM_STDIN
@AS_JSON
def new(file: Path, badge: str | None, may: tuple[str, ...], *, pin_stdin: bool, as_json: bool) -> None:
    """Add a person to FILE, which is made if there is none; print the badge as a picture.

    No name is asked for: write down yourself whose pseudonym it is, where the shop keeps such things.
    """
    listed = _read(file) if file.exists() else StaffList()
    taken = {each.badge for each in listed.members}
    badge = badge or _new_badge(taken)
    if badge in taken:
        raise click.ClickException(f"{file}: badge {badge} is somebody's: drop it first, or take another")
    pseudonym = secrets.token_hex(_PSEUDONYM_BYTES)
    acts = frozenset(ACTS[word] for word in may or ("return",))
    member = _member(badge, pseudonym, _pin(from_stdin=pin_stdin), acts, listed.cost)
    _write(file, msgspec.structs.replace(listed, members=(*listed.members, member)))
    if as_json:
        _print_json({"badge": badge, "staff": pseudonym, "code": BADGE_PREFIX + badge, "may": sorted(acts)})
        return
    click.echo(f"badge {badge} is {pseudonym} in the journal")
    _show(BADGE_PREFIX + badge)


@staff.command()
@FILE
@BADGE
@FROM_STDIN
def pin(file: Path, badge: str, *, pin_stdin: bool) -> None:
    """Give the person with BADGE another PIN."""
    listed, member = _found(file, badge)
    again = _member(badge, member.staff, _pin(from_stdin=pin_stdin), member.acts, listed.cost)
    _write(file, _without(listed, badge, again))
    click.echo(f"badge {badge} has another PIN")


@staff.command(short_help="Take a person off the list.")
@FILE
@BADGE
def drop(file: Path, badge: str) -> None:
    """Take the person with BADGE off the list: from now on they are nobody, at every object that reads it."""
    listed, _ = _found(file, badge)
    _write(file, _without(listed, badge))
    click.echo(f"badge {badge} is nobody's")


@staff.command("list")
@FILE
@AS_JSON
def list_(file: Path, *, as_json: bool) -> None:
    """Say who is on the list: badges, pseudonyms, and what each may do."""
    members = _read(file).members
    if as_json:
        rows = [{"badge": each.badge, "staff": each.staff, "may": sorted(each.acts)} for each in members]
        _print_json({"staff": rows})
        return
    for each in members:
        click.echo(f"{each.badge:>8}  {each.staff}  {', '.join(sorted(each.acts))}")


def _member(badge: str, pseudonym: str, pin: str, acts: frozenset[str], cost: Cost) -> Member:
    salt = secrets.token_bytes(_SALT_BYTES)
    try:
        made = Member(badge, pseudonym, b64(salt), hashed(pin, salt, cost), acts)
        return msgspec.convert(msgspec.to_builtins(made), Member)
    except msgspec.ValidationError as error:
        raise click.BadParameter(f"expected 1 to {_BADGE_DIGITS} digits", param_hint="BADGE") from error
    except ValueError as error:
        digits = f"{PIN_DIGITS.start} to {PIN_DIGITS.stop - 1} digits"
        raise click.ClickException(f"expected a PIN of {digits}") from error


def _new_badge(taken: set[str]) -> str:
    """Digits that nobody has, and that nobody guesses from those of another."""
    while True:
        badge = str(secrets.randbelow(9 * 10 ** (_BADGE_DIGITS - 1)) + 10 ** (_BADGE_DIGITS - 1))
        if badge not in taken:
            return badge


def _pin(*, from_stdin: bool) -> str:
    """A PIN, typed twice where somebody can see whether it is the same; never from the command line."""
    if from_stdin:
        return sys.stdin.readline().strip()
    if not is_person():
        raise click.UsageError("nobody is there to type a PIN: give --pin-stdin, and the PIN on stdin")
    return str(click.prompt("PIN", hide_input=True, confirmation_prompt="once more", err=True))


def _found(file: Path, badge: str) -> tuple[StaffList, Member]:
    listed = _read(file)
    for each in listed.members:
        if each.badge == badge:
            return listed, each
    raise click.ClickException(f"{file}: nobody has badge {badge}")


def _without(listed: StaffList, badge: str, *instead: Member) -> StaffList:
    others = tuple(each for each in listed.members if each.badge != badge)
    return msgspec.structs.replace(listed, members=(*others, *instead))


def _read(file: Path) -> StaffList:
    try:
        with file.open("rb") as opened:
            return read_staff(opened.read(_LIST_BYTES_MAX))
    except OSError as error:
        raise click.ClickException(f"{file} cannot be read: {error.strerror}") from error
    except BadStaffListError as error:
        raise click.ClickException(f"{file}: {error}") from error


def _write(file: Path, listed: StaffList) -> None:
    """All of it or nothing, and for nobody else to read: a PIN is short."""
    try:
        read_staff(msgspec.json.encode(listed))
        # Whoever keeps it with sudo leaves it the service's, which reads it at its next start.
        draft = draft_of(file)
        keep_alike(draft, msgspec.json.format(msgspec.json.encode(listed)) + b"\n", file, new=0o600)
        draft.chmod(draft.stat().st_mode & 0o660)
        give_name(draft, file)
    except OSError as error:
        raise click.ClickException(f"{file} cannot be written: {error.strerror}") from error
    except BadStaffListError as error:
        raise click.ClickException(f"{file}: {error}") from error


def _show(text: str) -> None:
    """The code as a picture where somebody looks, and in words for everybody."""
    click.echo(text)
    if sys.stdout.isatty():
        for line in lines_of(code_of(text)):
            click.echo(line)


def _print_json(value: object) -> None:
    click.echo(msgspec.json.encode(value).decode())
