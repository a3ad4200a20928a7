"""Find out what an unknown device speaks: its protocol, its line, and the profiles that fit."""

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from edge.cli.devices.door import AS_JSON, print_json, readable
from edge.cli.plain import plain
from edge.clock import SystemClock
from edge.drivers.links import LinkLostError
from edge.drivers.probing import Attempt, Found, attempts, tried
from edge.drivers.profiles import Profile, ProfileError, Way
from edge.drivers.registry import driver_for
from edge.drivers.transports import why
from edge.drivers.uris import Address, FileAddress, PeripheralUriError, tcp_address

_MORE: Final = """\b
Examples:
  opos devices probe /dev/ttyUSB0
  opos devices probe /dev/serial/by-path/pci-0000:00:14.0-usb-0:2:1.0-port0
  opos devices probe 10.0.0.9:4001 --json
"""

# Where the kernel puts devices that are no serial ports.
_PLACES: Final[dict[str, Way]] = {"/dev/hidraw": "hidraw", "/dev/input/": "evdev", "/dev/usb/lp": "lp"}


@click.command(epilog=_MORE)
@click.argument("where", metavar="PATH|HOST:PORT")
@AS_JSON
def probe(where: str, *, as_json: bool) -> None:
    """Find out what an unknown device speaks.

    First each line is listened to for two seconds: scan a code, touch the panel, or put something on the
    scale meanwhile. Then the device is asked in each protocol, by questions that change nothing on a device
    that understands them; a printer or a display may show them.

    Exit code 0: something answers. 1: nothing does.
    """
    address = address_of(where)
    found = asyncio.run(_found(address, shown=not as_json))
    if found is None:
        raise click.ClickException(
            f"nothing that OPOS knows answers at {address}: check its power and its cable (a crossed one?), "
            "scan or put something on it while it is listened to, and try again"
        )
    if as_json:
        print_json({"address": str(address), "way": address.way, **msgspec.structs.asdict(found)})
    else:
        _say(address, found)


async def _found(address: Address, *, shown: bool) -> Found | None:
    plan = attempts(address, _driven())
    with _bar(shown=shown) as bar:
        task = bar.add_task("", total=len(plan))
        for attempt in plan:
            bar.update(task, description=str(attempt))
            if found := await _tried(address, attempt):
                return found
            bar.advance(task)
    return None


def _driven() -> Iterator[Profile]:
    """Every profile that a driver can work by."""
    for profile in readable():
        try:
            driver_for(profile)
        except ProfileError as error:
            click.echo(f"left out: {error}", err=True)
        else:
            yield profile


async def _tried(address: Address, attempt: Attempt) -> Found | None:
    try:
        return await tried(address, attempt, SystemClock())
    except LinkLostError as lost:
        raise click.ClickException(f"{address} {why(lost.reason, address.way)}") from lost


def address_of(where: str) -> Address:
    """The address that a person means by a path, or by HOST:PORT."""
    if Path(where).exists() or where.startswith("/") or ":" not in where:
        real = str(Path(where).resolve())
        ways = [way for place, way in _PLACES.items() if real.startswith(place)]
        return FileAddress(ways[0] if ways else "serial", where)
    try:
        return tcp_address(where)
    except PeripheralUriError as error:
        raise click.BadParameter(f"expected a path or HOST:PORT, got {where!r}") from error


def _bar(*, shown: bool) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=not (shown and sys.stderr.isatty()),
    )


def _say(address: Address, found: Found) -> None:
    line = "" if found.line is None else f" at {found.line}"
    click.echo(click.style(f"{found.protocol}{line} answers at {address}:", bold=True))
    for reading in found.readings:
        click.echo(f"  {plain(msgspec.json.encode(reading).decode())}")
    best = found.protocol if found.protocol in found.profiles else found.profiles[0]
    click.echo(f"Write down for it: {click.style(f'{address.way}:{address}?profile={best}', fg='green')}")
    if others := [name for name in found.profiles if name != best]:
        click.echo(f"Another profile, if that is what it is: {', '.join(others)}")
