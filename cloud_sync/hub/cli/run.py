"""Commands that run a hub: all of it in one process, or its parts apart: run, ingest, api."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click
import msgspec

from cloud_sync.contract.topics import PARTITIONS
from cloud_sync.hub.cli.options import DIR, said
from cloud_sync.hub.folder import Folder
from cloud_sync.hub.service.place import Broker, Place
from cloud_sync.logs import log_to_journal_or_terminal

_PLAIN: Final = ("", "mqtt")
_TLS: Final = "mqtts"


class _Open(msgspec.Struct, frozen=True):
    """The options of a process that has the hub's doors."""

    directory: Path
    port: int
    https: int | None
    bind: tuple[str, ...]
    broker: Broker
    tls_dir: Path | None


class _Taking(msgspec.Struct, frozen=True):
    """The options of processes that take in what objects say."""

    directory: Path
    workers: int
    broker: Broker
    tls_dir: Path | None


def _broker(_: click.Context, __: click.Parameter, text: str) -> Broker:
    """The broker at [mqtt[s]://]HOST:PORT, where a HOST that is an IPv6 address stands in brackets."""
    scheme, _mark, place = text.rpartition("://")
    host, _colon, port = place.rpartition(":")
    known = scheme in {*_PLAIN, _TLS}
    if not known or not host or not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise click.BadParameter(
            f"expected HOST:PORT such as 127.0.0.1:1883, or mqtts://HOST:PORT, got {text!r}"
        )
    return Broker(host.removeprefix("[").removesuffix("]"), int(port), scheme == _TLS)


_DOORS: Final = (
    click.option("--port", type=click.IntRange(0, 65535), required=True, help="For HTTP, on this machine."),
    click.option("--https", type=click.IntRange(0, 65535), help="For objects on other machines, with TLS."),
    click.option(
        "--bind",
        multiple=True,
        metavar="ADDRESS",
        help="Where --https listens; may be repeated.  [default: all addresses]",
    ),
)
_BROKER: Final = (
    click.option(
        "--broker",
        required=True,
        metavar="HOST:PORT",
        callback=_broker,
        help="The MQTT broker; mqtts://HOST:PORT for one with TLS.",
    ),
    click.option(
        "--tls-dir",
        type=click.Path(path_type=Path, file_okay=False),
        help="Where root.crt, hub.crt and hub.key are.  [default: tls in the hub's directory]",
    ),
)


def _with(*options: Callable[..., Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    def add(command: Callable[..., None]) -> Callable[..., None]:
        for option in reversed(options):
            command = option(command)
        return command

    return add


@click.command()
@_with(DIR, *_DOORS, *_BROKER)
def run(**options: Any) -> None:
    """Run the hub, all of it in one process, until it is told to stop."""
    _open(_Open(**options), ingests=True)


@click.command()
@_with(DIR, *_DOORS, *_BROKER)
def api(**options: Any) -> None:
    """Run the part that people and programs ask, and that tells objects their documents and orders."""
    _open(_Open(**options), ingests=False)


@click.command()
@_with(DIR, *_BROKER)
@click.option(
    "--workers", type=click.IntRange(1, PARTITIONS), default=2, show_default=True, help="Processes."
)
def ingest(**options: Any) -> None:
    """Run the part that takes in what objects say, in processes that share it and replace each other."""
    # Imported here: the other commands need none of it, and it is most of the time that a start takes.
    from cloud_sync.hub.service.supervisor import supervise  # noqa: PLC0415

    taking = _Taking(**options)
    log_to_journal_or_terminal("opos-hub")
    with said():
        supervise(_place(taking), taking.workers)


def _open(wanted: _Open, *, ingests: bool) -> None:
    from cloud_sync.hub.service import doors, process  # noqa: PLC0415 - as in ingest

    log_to_journal_or_terminal("opos-hub")
    with said():
        front = doors.listen(wanted.port)
        click.echo(f"the hub's page is http://{doors.LOOPBACK}:{front[0].getsockname()[1]}/")
        back = []
        if wanted.https is not None:
            back = doors.listen(wanted.https, wanted.bind or doors.EVERYWHERE, "--https")
            click.echo(f"objects find it at port {back[0].getsockname()[1]} (https)")
        died = process.run(_place(wanted), process.Listening(front, back), ingests=ingests)
    if died:
        raise click.ClickException(f"{', '.join(died)} died (see the log): start the hub again")


def _place(wanted: _Open | _Taking) -> Place:
    folder = Folder(wanted.directory)
    return Place(folder, wanted.broker, wanted.tls_dir or folder.tls)


COMMANDS: Final[tuple[click.Command, ...]] = (run, ingest, api)
