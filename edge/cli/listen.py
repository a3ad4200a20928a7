"""Listen to a device: open it as an object would, and say what it says."""

import asyncio
import json
import logging
import random
import signal
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import click
import msgspec

from edge.clock import SystemClock
from edge.drivers.driver import Driver
from edge.drivers.profiles import ProfileError
from edge.drivers.registry import driver_for
from edge.drivers.transports import converse
from edge.drivers.uris import PeripheralUri, PeripheralUriError, parse_uri
from edge.readings import Reading

_LISTEN_EXAMPLES: Final = """\b
Examples:
  opos listen serial:/dev/opos/scale0?profile=mt-sics
  opos listen tcp:10.0.0.9:5084?profile=llrp --seconds 10 --json
"""


class DeviceUri(click.ParamType[PeripheralUri]):
    """The URI of a device."""

    name = "device"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> PeripheralUri:
        """Read it, or say what was expected."""
        try:
            return parse_uri(str(value))
        except PeripheralUriError as error:
            self.fail(str(error), param, ctx)


seconds_option = click.option(
    "--seconds", type=click.FloatRange(min=0, min_open=True), help="End after so long."
)
as_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON lines.")


@click.command(epilog=_LISTEN_EXAMPLES)
@click.argument("device", type=DeviceUri())
@seconds_option
@as_json_option
def listen(device: PeripheralUri, seconds: float | None, *, as_json: bool) -> None:
    """Say what a device says, until Ctrl-C.

    DEVICE is a URI as an object's file has it. The device is opened as an object would open it, so a running
    object that holds it must be stopped first.
    """
    talk_with(device, driver(device), printer(as_json=as_json), seconds)


def driver(device: PeripheralUri) -> Driver:
    """The driver that its profile asks for; a profile that nobody can work by is a sentence."""
    try:
        return driver_for(device.profile)
    except ProfileError as error:
        raise click.ClickException(str(error)) from error


def printer(*, as_json: bool) -> Callable[[Reading], None]:
    """What shows readings: a line each, for people or as JSON."""

    def show(reading: Reading) -> None:
        click.echo(msgspec.json.encode(reading) if as_json else text(reading))

    return show


def text(reading: Reading) -> str:
    """One line for a person: the kind of reading, and its fields that say something."""
    fields = {key: value for key, value in msgspec.to_builtins(reading).items() if key != "type"}
    said = "  ".join(f"{key} {json.dumps(value, ensure_ascii=False)}" for key, value in fields.items())
    return f"{type(reading).__name__:<16}{said}".rstrip()


def talk_with(
    device: PeripheralUri, driver: Driver, heard: Callable[[Reading], None], seconds: float | None
) -> None:
    """Talk until the time is over or somebody ends it: both are a good end."""
    logging.getLogger().addHandler(logging.NullHandler())  # a port's trouble comes as a reading: said once

    async def talk() -> None:
        loop = asyncio.get_running_loop()
        task = asyncio.ensure_future(converse(device, driver, heard, SystemClock(), random.Random()))  # noqa: S311 (pauses, no secret)
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, task.cancel)
        with suppress(TimeoutError, asyncio.CancelledError):
            async with asyncio.timeout(seconds):
                await task

    asyncio.run(talk())
