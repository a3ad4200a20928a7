"""Record what a device says and is told, to replay it later or to play the device on a bench."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click

from edge.cli.listen import DeviceUri, as_json_option, driver, printer, seconds_option, talk_with
from edge.clock import SystemClock
from edge.drivers.profiles import ProfileError
from edge.drivers.recording import VERSION, Recorded, Recording, check_recordable, write
from edge.drivers.uris import PeripheralUri

_RECORD_EXAMPLES: Final = """\b
Examples:
  opos record serial:/dev/opos/scale0?profile=mt-sics scale.jsonl
  opos record evdev:/dev/input/by-id/usb-scanner?profile=wedge codes.jsonl \\
      --seconds 60
"""


@click.command(epilog=_RECORD_EXAMPLES)
@click.argument("device", type=DeviceUri())
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@seconds_option
@as_json_option
def record(device: PeripheralUri, file: Path, seconds: float | None, *, as_json: bool) -> None:
    """Record a device into FILE, until Ctrl-C.

    Every byte in both directions is kept with its time, and what the driver made of it. Codes and tags that
    are read while it runs are in the file; a payment terminal is not recorded.
    """
    try:
        check_recordable(device.profile)
    except ProfileError as error:
        raise click.ClickException(str(error)) from error
    clock = SystemClock()
    try:
        with file.open("xb") as recording:
            head = Recording(VERSION, _uri(device), device.profile.name, _utc(clock))
            write(recording, head)
            overheard = Recorded(driver(device), recording, clock)
            talk_with(device, overheard, printer(as_json=as_json), seconds)
    except FileExistsError as error:
        raise click.ClickException(f"{file} is there already: choose another name, or remove it") from error
    except OSError as error:
        raise click.ClickException(f"{file} cannot be written: {error.strerror}") from error
    click.echo(f"Recorded in {file}. See it again: opos replay {file}", err=True)


def _utc(clock: SystemClock) -> str:
    return datetime.fromtimestamp(clock.wall_ms() / 1000, UTC).isoformat(timespec="seconds")


def _uri(device: PeripheralUri) -> str:
    return f"{device.address}?profile={device.profile.name}"
