"""Commands for what the shop asks of an object from afar: order."""

import threading
from pathlib import Path
from typing import Any, Final

import click
import msgspec

from cloud_sync.contract.orders import (
    CloseDoors,
    Deed,
    EndOfDay,
    HandOut,
    Identify,
    OpenDoors,
    RotateKey,
    SyncNow,
    TakeMoney,
    verb_of,
)
from cloud_sync.hub.cli.options import DIR, JSON, now_ms, opened, print_json, said
from cloud_sync.hub.folder import Folder
from cloud_sync.hub.orders.giving import Given, OrderRefusedError, found, give, order_for
from cloud_sync.hub.store.database import Store

_DEEDS: Final[dict[str, Deed]] = {
    verb_of(deed): deed
    for deed in (Identify(), CloseDoors(), OpenDoors(), RotateKey(), SyncNow(), EndOfDay())
}

# What the desk says needs a code and an amount.
_AT_THE_DESK: Final[dict[str, type[TakeMoney | HandOut]]] = {"take-money": TakeMoney, "hand-out": HandOut}

_OF_THE_DESK: Final = {"code", "amount_minor", "staff"}

# How often a waiting command looks: an object obeys within a second.
_ROUND_S: Final = 0.1


@click.command()
@click.argument("object_id", metavar="OBJECT")
@click.argument("verb", type=click.Choice([*_DEEDS, *_AT_THE_DESK]))
@DIR
@click.option("--seconds", type=click.IntRange(1, 600), help="How long an object identifies itself.")
@click.option("--code", help="The code on the glass; goes with take-money and hand-out.")
@click.option("--amount-minor", type=click.IntRange(min=1), help="In minor units: 1250 is 12.50.")
@click.option("--staff", help="The pseudonym of whoever stands at the desk: 12 to 32 letters and digits.")
@click.option("--valid-s", default=60, show_default=True, help="After so many seconds the order is void.")
@click.option("--wait", is_flag=True, help="Wait until the object has obeyed, or the order is void.")
@JSON
def order(  # noqa: PLR0913 - each is an option of the command
    object_id: str,
    verb: str,
    directory: Path,
    valid_s: int,
    *,
    wait: bool,
    as_json: bool,
    **said_of_it: Any,
) -> None:
    """Order an OBJECT to do something: the running hub tells it, again and again while it is away.

    With --wait the exit code is 0 only if the object has obeyed. take-money says that cash was taken at the
    desk for the code on the glass, hand-out that it was given back; both need --code, --amount-minor and
    --staff. end-of-day begins as soon as nobody pays: the object's journal says what came of it.
    """
    deed = _deed(verb, {name: value for name, value in said_of_it.items() if value is not None})
    with said(), opened(directory) as store:
        try:
            given = give(
                store, Folder(directory).documents_key(), order_for(object_id, deed, valid_s, now_ms())
            )
        except OrderRefusedError as error:
            raise click.ClickException(str(error)) from error
        if wait:
            given = _awaited(store, given)
    if as_json:
        print_json(given)
    else:
        click.echo(_sentence(given))
    if wait and not given.ok:
        raise click.exceptions.Exit(1)


def _deed(verb: str, said_of_it: dict[str, Any]) -> Deed:
    """The deed of a verb and its options; raises BadParameter for those that do not go with it."""
    takes = {verb_of(Identify()): {"seconds"}, **dict.fromkeys(_AT_THE_DESK, _OF_THE_DESK)}
    for option in sorted(said_of_it.keys() - takes.get(verb, set())):
        goes = ", ".join(sorted(each for each, options in takes.items() if option in options))
        raise click.BadParameter(f"--{option.replace('_', '-')} goes with {goes}, not with {verb}")
    if verb not in _AT_THE_DESK:
        return Identify(**said_of_it) if said_of_it else _DEEDS[verb]
    if missing := sorted(_OF_THE_DESK - said_of_it.keys()):
        needed = ", ".join(f"--{each.replace('_', '-')}" for each in missing)
        raise click.UsageError(f"{verb} needs {needed}")
    try:
        return msgspec.convert(said_of_it, _AT_THE_DESK[verb])
    except msgspec.ValidationError as error:
        raise click.BadParameter(f"{verb}: {error}") from error


def _awaited(store: Store, given: Given) -> Given:
    """The order when it is done, or void."""
    pause = threading.Event()
    while not given.is_done and now_ms() < given.expires_ms:
        pause.wait(_ROUND_S)
        with store.reading() as connection:
            given = found(connection, given.id)
    return given


def _sentence(given: Given) -> str:
    name = f"{given.verb} for {given.object}"
    if given.is_done:
        return f"{name}: {'done' if given.ok else 'not done'}{given.sentence and ': ' + given.sentence}"
    if now_ms() < given.expires_ms:
        left_s = (given.expires_ms - now_ms()) // 1_000
        return (
            f"{name} is given (order {given.id}): the running hub tells it within {left_s} s, or it is void"
        )
    return f"{name} is void: {'told, and not answered' if given.told_ms else 'no hub has told it'}"


COMMANDS: Final[tuple[click.Command, ...]] = (order,)
