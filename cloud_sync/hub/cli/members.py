"""Commands for members: member new, level, forget, list."""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import click
import segno
from sqlalchemy import Connection, select

from cloud_sync.contract.members import MEMBER_PREFIX, MemberKnown, new_code
from cloud_sync.hub.cli.options import DIR, JSON, now_ms, opened, print_json, said
from cloud_sync.hub.members import levels
from cloud_sync.hub.members.levels import Member, NoMemberError, TakenCodeError
from cloud_sync.hub.store.schema import site

_LISTED: Final = 50
_LEVEL_CHARS_MAX: Final = 64
_NAME_CHARS_MAX: Final = 40

# As many as a pad takes, and more than anybody hits on by trying.
_NUMBER_DIGITS: Final = range(8, 14)

_MEMBER: Final = click.argument("name", metavar="MEMBER")


def _short(chars_max: int) -> Callable[[click.Context, click.Parameter, str], str]:
    """What checks a text that a glass or a price book can hold."""

    def check(_context: click.Context, _option: click.Parameter, text: str) -> str:
        if len(text) > chars_max or not text.isprintable():
            raise click.BadParameter(f"expected at most {chars_max} characters on one line, got {text!r}")
        return text

    return check


def _number(_context: click.Context, _option: click.Parameter, text: str) -> str:
    """What checks a number that a member can type."""
    if text and not (text.isascii() and text.isdecimal() and len(text) in _NUMBER_DIGITS):
        least, most = _NUMBER_DIGITS[0], _NUMBER_DIGITS[-1]
        raise click.BadParameter(f"expected {least} to {most} digits, got {text!r}")
    return text


@click.group()
def member() -> None:
    """Keep members: at which level they buy, and by which first name a glass may greet them.

    A MEMBER is named by a pseudonym. No sale names one, so who is forgotten here is forgotten.
    """


@contextmanager
def _refusals() -> Iterator[None]:
    """Turn what stands against an order of this room into a sentence and exit code 1."""
    try:
        with said():
            yield
    except (NoMemberError, TakenCodeError) as error:
        raise click.ClickException(str(error)) from error


@member.command()
@DIR
@click.option(
    "--level", callback=_short(_LEVEL_CHARS_MAX), default="", help="As price books and promotions name it."
)
@click.option(
    "--name", "first", callback=_short(_NAME_CHARS_MAX), default="", help="A first name to greet by."
)
@click.option(
    "--number", callback=_number, default="", help="Digits that they can type, instead of a code to show."
)
@click.option("--tenant", help="Whose shops, if the hub knows several.")
@JSON
def new(  # noqa: PLR0913  one option each
    directory: Path, level: str, first: str, number: str, tenant: str | None, *, as_json: bool
) -> None:
    """Enrol a member, and print the code that they show: once, since nobody keeps it."""
    text = MEMBER_PREFIX + number if number else new_code()
    with _refusals(), opened(directory) as store, store.writing() as connection:
        whose = _tenant(connection, tenant)
        made = levels.enrol(connection, whose, text, MemberKnown(level, first), now_ms())
    if as_json:
        print_json({"member": made, "text": text})
        return
    click.echo(f"{_words(made)}\ntheir code, shown only now:\n\n  {text}\n\n{_picture(text)}")


@member.command()
@_MEMBER
@click.argument("level", callback=_short(_LEVEL_CHARS_MAX))
@DIR
@JSON
def level(name: str, level: str, directory: Path, *, as_json: bool) -> None:
    """Give a MEMBER another LEVEL; '' is a member of no level."""
    with _refusals(), opened(directory) as store, store.writing() as connection:
        _tell(levels.promote(connection, name, level), as_json=as_json)


@member.command()
@_MEMBER
@DIR
@JSON
def forget(name: str, directory: Path, *, as_json: bool) -> None:
    """Forget a MEMBER: their code is nobody's from now on."""
    with _refusals(), opened(directory) as store, store.writing() as connection:
        found = levels.forget(connection, name)
    if as_json:
        print_json({"forgotten": found.member})
    else:
        click.echo(f"{found.member} is forgotten; backups of before still have them, until they are deleted")


@member.command(name="list")
@DIR
@click.option("--limit", type=click.IntRange(1, 1_000), default=_LISTED, show_default=True, help="So many.")
@JSON
def list_(directory: Path, limit: int, *, as_json: bool) -> None:
    """List the members, the newest first."""
    with _refusals(), opened(directory) as store, store.reading() as connection:
        found = levels.newest(connection, limit)
    if as_json:
        print_json({"members": found})
        return
    for each in found:
        click.echo(_words(each))
    if not found:
        click.echo("no members: `opos hub member new` enrols one")


def _tenant(connection: Connection, tenant: str | None) -> str:
    """The tenant, as said or as there is only one; raises UsageError."""
    tenants = sorted(set(connection.execute(select(site.c.tenant)).scalars()))
    if not tenants:
        raise click.UsageError("no shop is imported yet: see `opos hub import`")
    if tenant is None and len(tenants) > 1:
        raise click.UsageError(f"the hub knows {', '.join(tenants)}: say --tenant")
    if tenant is not None and tenant not in tenants:
        raise click.BadParameter(f"expected a tenant of an imported shop, got {tenant!r}")
    return tenant or tenants[0]


def _tell(found: Member, *, as_json: bool) -> None:
    if as_json:
        print_json({"member": found})
    else:
        click.echo(_words(found))


def _words(found: Member) -> str:
    return f"{found.member}  {found.level or 'no level'}" + (f", {found.name}" if found.name else "")


def _picture(text: str) -> str:
    drawn = io.StringIO()
    segno.make(text, error="m", micro=False).terminal(out=drawn, compact=True)
    return drawn.getvalue().rstrip("\n")


COMMANDS: Final[tuple[click.Command, ...]] = (member,)
