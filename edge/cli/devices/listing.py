"""List what is plugged in: what it calls itself, what it is to us, and the URI to write down for it."""

import asyncio
from collections.abc import Iterable, Iterator
from typing import Final

import click
import msgspec

from edge.cli.devices.door import AS_JSON, WATCH, print_json, readable
from edge.cli.devices.profiles import model
from edge.cli.plain import plain
from edge.drivers.hotplug import SUBSYSTEMS, Hotplug
from edge.drivers.plugged import Plugged, plugged
from edge.drivers.profiles import Profile, Way

_KINDS: Final[dict[Way, str]] = {
    "serial": "a serial port, and what hangs on it is not known",
    "evdev": "an input device that no profile knows",
    "hidraw": "a HID device that no profile knows",
    "lp": "a printer that no profile knows",
    "iio": "a converter that no profile knows",
}

# Where udev says nothing of its own accord (a container), we look ourselves.
_LOOK_EVERY_S: Final = 2.0
# One device is several things to the kernel, which come within this time of each other.
_SETTLE_S: Final = 0.3


@click.command("list")
@AS_JSON
@WATCH
def listing(*, as_json: bool, watch: bool) -> None:
    """List what is plugged in, with the URI for an object.toml.

    A device whose USB id is known is named by its model. Of a serial port only the adapter is known: what
    hangs on it says `opos devices probe`. Where there is a path that survives a restart, it is that one.
    """
    show(as_json=as_json, watch=watch)


def show(*, as_json: bool, watch: bool) -> None:
    """List what is plugged in now, and with `watch` what comes and goes from then on."""
    profiles = list(readable())
    things = _plugged(profiles)
    if not (things or as_json):
        click.echo("Nothing is plugged in: no serial port, input device, HID device, printer or converter.")
    for thing in things:
        _say(thing, profiles, as_json=as_json)
    if watch:
        asyncio.run(_watch(things, profiles, as_json=as_json))


async def _watch(before: list[Plugged], profiles: list[Profile], *, as_json: bool) -> None:
    with Hotplug(*SUBSYSTEMS) as hotplug:
        while True:
            if await hotplug.wait(_LOOK_EVERY_S):
                await asyncio.sleep(_SETTLE_S)
            now = _plugged(profiles)
            for thing in _without(before, now):
                _say(thing, profiles, as_json=as_json, event="unplugged")
            for thing in _without(now, before):
                _say(thing, profiles, as_json=as_json, event="plugged")
            before = now


def _without(these: Iterable[Plugged], those: Iterable[Plugged]) -> Iterator[Plugged]:
    nodes = {(each.way, each.node) for each in those}
    return (each for each in these if (each.way, each.node) not in nodes)


def _plugged(profiles: list[Profile]) -> list[Plugged]:
    try:
        return plugged(profiles)
    except ImportError as error:
        raise click.ClickException("udev is not here: apt-get install libudev1") from error


def _say(thing: Plugged, profiles: list[Profile], *, as_json: bool, event: str | None = None) -> None:
    if as_json:
        said = {**msgspec.structs.asdict(thing), "uris": thing.uris}
        print_json(said if event is None else {"event": event, **said})
    elif event == "unplugged":
        click.echo(click.style(f"- {_title(thing)}", fg="yellow"))
    else:
        click.echo(click.style(f"{'+ ' if event else ''}{_title(thing)}", bold=True))
        for line in _advice(thing, {profile.name: profile for profile in profiles}):
            click.echo(f"  {line}")


def _title(thing: Plugged) -> str:
    usb = f"usb {thing.usb}" if thing.usb else ""
    where = f"socket {thing.socket}" if thing.socket else ""
    return f"{plain(thing.name)} ({', '.join(filter(None, (usb, where, plain(thing.node))))})"


def _advice(thing: Plugged, profiles: dict[str, Profile]) -> Iterator[str]:
    for name, uri in zip(thing.profiles, thing.uris, strict=True):
        kind = ", ".join(filter(None, (model(profiles[name]), profiles[name].device)))
        yield plain(kind)
        yield click.style(plain(uri), fg="green")
    if not thing.profiles:
        yield f"{_KINDS[thing.way]}; to find out:"
        yield f"opos devices probe {plain(thing.path)}"
