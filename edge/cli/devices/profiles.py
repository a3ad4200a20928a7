"""List every kind of device that OPOS knows: its profile, what it speaks, and how it is reached."""

from collections.abc import Iterator
from itertools import groupby
from operator import attrgetter

import click

from edge.cli.devices.door import AS_JSON, print_json, readable
from edge.cli.plain import plain
from edge.drivers.profiles import Profile


@click.command()
@AS_JSON
def profiles(*, as_json: bool) -> None:
    """List every kind of device that OPOS knows.

    A profile is a file in hardware/profiles, or your own one in /etc/opos/profiles; its comments name its
    sources. With --json each line is a profile with everything that it says.
    """
    every = sorted(readable(), key=attrgetter("device", "maker", "model", "name"))
    if as_json:
        for profile in every:
            print_json(profile)
    else:
        click.echo("\n".join(_page(every)))


def _page(every: list[Profile]) -> Iterator[str]:
    """A heading for each kind of device, a line for each profile; what may be long stands last."""
    rows = {each.name: (each.name, each.protocol, _reached(each), model(each)) for each in every}
    widths = [max(map(len, column)) for column in zip(*rows.values(), strict=True)]
    for device, profiles in groupby(every, attrgetter("device")):
        yield click.style(plain(device), bold=True)
        for each in profiles:
            cells = [f"{cell:{width}}" for cell, width in zip(rows[each.name], widths, strict=True)]
            yield plain(f"  {'  '.join(cells)}").rstrip()


def model(profile: Profile) -> str:
    """What is written on the device; empty for a kind that many makers build."""
    return f"{profile.maker} {profile.model}".strip()


def _reached(profile: Profile) -> str:
    return ", ".join(str(profile.serial) if way == "serial" else way for way in profile.ways)
