"""Commands for wallets and gift cards: wallet new, put, look, list, block, reclaim."""

import io
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import click
import segno
from sqlalchemy import Connection, select

from cloud_sync.contract.escrow import CODE_BITS, CODE_PREFIX, new_code
from cloud_sync.hub.cli.options import DIR, JSON, now_ms, opened, print_json, said
from cloud_sync.hub.members import wallets
from cloud_sync.hub.members.reclaiming import NoSliceError, reclaim_by_hand
from cloud_sync.hub.members.wallets import NoMoneyError, NoWalletError, Wallet
from cloud_sync.hub.store.database import Store
from cloud_sync.hub.store.schema import site
from retail.locale import amount
from retail.units import Money

# Gift cards are limited by law nearly everywhere; whoever types more than this has typed a code.
_AMOUNT_MAX: Final = 10**9
_LISTED: Final = 50

_WALLET: Final = click.argument("name", metavar="WALLET")
_AMOUNT: Final = click.IntRange(-_AMOUNT_MAX, _AMOUNT_MAX)


@click.group()
def wallet() -> None:
    """Keep wallets and gift cards: what is on them, what is lent to objects, what was spent.

    A WALLET is named by its pseudonym, which is no secret; - reads its code from the terminal or a scanner.
    """


@contextmanager
def _refusals() -> Iterator[None]:
    """Turn what stands against an order of this room into a sentence and exit code 1."""
    try:
        with said():
            yield
    except (NoWalletError, NoMoneyError, NoSliceError) as error:
        raise click.ClickException(str(error)) from error


@wallet.command()
@DIR
@click.option("--tenant", help="Whose shops it is good in, if the hub knows several.")
@click.option("--currency", help="In ISO 4217 letters, if the tenant's shops have several.")
@click.option("--amount-minor", type=click.IntRange(0, _AMOUNT_MAX), default=0, help="Put so much on it.")
@JSON
def new(
    directory: Path, tenant: str | None, currency: str | None, amount_minor: int, *, as_json: bool
) -> None:
    """Open a wallet or gift card, and print its code: once, since nobody keeps it.

    Whoever has the code has the money.
    """
    code = new_code(secrets.token_bytes(CODE_BITS // 8))
    with _refusals(), opened(directory) as store, store.writing() as connection:
        whose = _place(connection, tenant, currency)
        name = wallets.open_wallet(connection, whose[0], code, whose[1], now_ms())
        if amount_minor:
            wallets.put(connection, name, "opened", amount_minor, now_ms())
        made = wallets.look(connection, name)
    text = CODE_PREFIX + code
    if as_json:
        print_json({"wallet": made, "code": code, "text": text})
        return
    click.echo(f"wallet {made.wallet}, {_money(made, made.balance_minor)} on it. Its code, shown only now:\n")
    click.echo(f"  {code}\n\n{_picture(text)}")


@wallet.command()
@_WALLET
@DIR
@click.option("--amount-minor", type=_AMOUNT, required=True, help="1250 is 12.50; below zero it comes off.")
@click.option("--idem", help="A number of your own, such as the receipt's: told twice, it counts once.")
@JSON
def put(name: str, directory: Path, amount_minor: int, idem: str | None, *, as_json: bool) -> None:
    """Put money on a WALLET that was paid in, or take it off that was paid out."""
    with _refusals(), opened(directory) as store:
        name = _named(store, name)
        with store.writing() as connection:
            key = f"put/{idem or secrets.token_urlsafe(12)}"
            fresh = wallets.put(connection, name, key, amount_minor, now_ms())
            found = wallets.look(connection, name)
    if as_json:
        print_json({"counted": fresh, "wallet": found})
    else:
        if not fresh:
            click.echo(f"{idem} was counted before: nothing changed")
        _say(found)


@wallet.command()
@_WALLET
@DIR
@JSON
def look(name: str, directory: Path, *, as_json: bool) -> None:
    """Say what was put on a WALLET, and where that is: on it, out with an object, or spent."""
    with _refusals(), opened(directory) as store:
        name = _named(store, name)
        with store.reading() as connection:
            found, lent = wallets.look(connection, name), wallets.slices(connection, name)
    if as_json:
        print_json({"wallet": found, "slices": lent})
        return
    _say(found)
    for each in lent:
        how = "is over" if each.is_over else f"has {_money(found, each.amount_minor - each.spent_minor)} left"
        click.echo(f"  slice {each.serial} at {each.dev}: spent {_money(found, each.spent_minor)}, {how}")


@wallet.command(name="list")
@DIR
@click.option("--limit", type=click.IntRange(1, 1_000), default=_LISTED, show_default=True, help="So many.")
@JSON
def list_(directory: Path, limit: int, *, as_json: bool) -> None:
    """List the wallets, the newest first."""
    with _refusals(), opened(directory) as store, store.reading() as connection:
        found = wallets.newest(connection, limit)
    if as_json:
        print_json({"wallets": found})
        return
    for each in found:
        _say(each)
    if not found:
        click.echo("no wallets: `opos hub wallet new` opens one")


@wallet.command()
@_WALLET
@DIR
@click.option("--off", is_flag=True, help="Lend of it again.")
@JSON
def block(name: str, directory: Path, *, off: bool, as_json: bool) -> None:
    """Lend nothing of a WALLET any more, since its card is lost.

    What objects have of it can still be spent there, for a week at most.
    """
    with _refusals(), opened(directory) as store:
        name = _named(store, name)
        with store.writing() as connection:
            wallets.block(connection, name, None if off else now_ms())
            found = wallets.look(connection, name)
    if as_json:
        print_json({"wallet": found})
    else:
        _say(found)


@wallet.command()
@click.argument("serial")
@DIR
@JSON
def reclaim(serial: str, directory: Path, *, as_json: bool) -> None:
    """Take back the slice SERIAL of an object that is lost or broken for good.

    Not of one that is only away: it spends the slice, and then the shop has paid twice.
    """
    with _refusals(), opened(directory) as store, store.writing() as connection:
        done = reclaim_by_hand(connection, serial, now_ms())
    if as_json:
        print_json({"serial": serial, "reclaimed": done})
    else:
        click.echo(f"slice {serial} " + ("is back on its wallet" if done else "was over already"))


def _place(connection: Connection, tenant: str | None, currency: str | None) -> tuple[str, str]:
    """Tenant and currency, as said or as there is only one of; raises UsageError."""
    rows = connection.execute(select(site.c.tenant, site.c.currency).distinct()).all()
    tenants = sorted({row.tenant for row in rows})
    whose = tenant or _only(tenants, "--tenant")
    if whose not in tenants:
        raise click.BadParameter(f"expected a tenant of an imported shop, got {whose!r}")
    currencies = sorted({row.currency for row in rows if row.tenant == whose})
    paid_in = currency or _only(currencies, "--currency")
    if paid_in not in currencies:
        raise click.BadParameter(f"expected one of {', '.join(currencies)}, got {paid_in!r}")
    return whose, paid_in


def _only(found: list[str], option: str) -> str:
    if len(found) != 1:
        if not found:
            raise click.UsageError("no shop is imported yet: see `opos hub import`")
        raise click.UsageError(f"the hub knows {', '.join(found)}: say {option}")
    return found[0]


def _named(store: Store, name: str) -> str:
    """The pseudonym of a WALLET; raises NoWalletError."""
    code = None
    if name == "-":
        is_person = sys.stdin.isatty()
        code = click.prompt("its code", hide_input=True, err=True) if is_person else sys.stdin.readline()
    with store.reading() as connection:
        return wallets.known(connection, name) if code is None else wallets.shown(connection, code)


def _say(found: Wallet) -> None:
    parts = (("put", found.put_minor), ("on it", found.balance_minor), ("out", found.out_minor))
    words = ", ".join(f"{_money(found, minor)} {what}" for what, minor in parts)
    blocked = ", blocked" if found.is_blocked else ""
    click.echo(f"{found.wallet}  {words}, {_money(found, found.spent_minor)} spent{blocked}")


def _money(found: Wallet, amount_minor: int) -> str:
    return amount(Money(amount_minor, found.currency), "en")


def _picture(text: str) -> str:
    drawn = io.StringIO()
    segno.make(text, error="m", micro=False).terminal(out=drawn, compact=True)
    return drawn.getvalue().rstrip("\n")


COMMANDS: Final[tuple[click.Command, ...]] = (wallet,)
