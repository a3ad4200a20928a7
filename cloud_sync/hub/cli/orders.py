"""Commands for what the shop asks of an object from afar: order."""

import threading
from pathlib import Path
from typing import Final

import click

from cloud_sync.contract.orders import CloseDoors, Deed, Identify, OpenDoors, RotateKey, SyncNow, verb_of
from cloud_sync.hub.cli.options import DIR, JSON, now_ms, opened, print_json, said
from cloud_sync.hub.folder import Folder
from cloud_sync.hub.orders.giving import Given, OrderRefusedError, found, give, order_for
from cloud_sync.hub.store.database import Store

_DEEDS: Final[dict[str, Deed]] = {
    verb_of(deed): deed for deed in (Identify(), CloseDoors(), OpenDoors(), RotateKey(), SyncNow())
}

# How often a waiting command looks: an object obeys within a second.
_ROUND_S: Final = 0.1


@click.command()
@click.argument("object_id", metavar="OBJECT")
@click.argument("verb", type=click.Choice(list(_DEEDS)))
@DIR
@click.option("--seconds", type=click.IntRange(1, 600), help="How long an object identifies itself.")
@click.option("--valid-s", default=60, show_default=True, help="After so many seconds the order is void.")
@click.option("--wait", is_flag=True, help="Wait until the object has obeyed, or the order is void.")
@JSON
def order(  # noqa: PLR0913 - each is an option of the command
    object_id: str,
    verb: str,
    directory: Path,
    seconds: int | None,
    valid_s: int,
    *,
    wait: bool,
    as_json: bool,
) -> None:
    """Order an OBJECT to do something: the running hub tells it, again and again while it is away.

    With --wait the exit code is 0 only if the object has obeyed.
    """
    deed = _deed(verb, seconds)
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


def _deed(verb: str, seconds: int | None) -> Deed:
    if seconds is None:
        return _DEEDS[verb]
    if verb != verb_of(Identify()):
        raise click.BadParameter(f"--seconds goes with {verb_of(Identify())}, not with {verb}")
    return Identify(seconds)


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
