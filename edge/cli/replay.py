"""Replay a recording of a device to the driver of today, and see whether it reads the same as then."""

from collections.abc import Iterator
from typing import BinaryIO, Final

import click

from edge.cli.listen import as_json_option, printer, text
from edge.drivers.profiles import ProfileError, load
from edge.drivers.recording import Moment, NoRecordingError, read
from edge.drivers.recording import replay as replayed
from edge.drivers.registry import driver_for
from edge.readings import Reading

_REPLAY_EXAMPLES: Final = """\b
Examples:
  opos replay scale.jsonl
  opos replay scale.jsonl --profile toledo-8217  what another driver makes
  opos replay scale.jsonl --check                the same readings as then?
"""


@click.command(epilog=_REPLAY_EXAMPLES)
@click.argument("file", type=click.File("rb"))
@click.option("--profile", "name", metavar="NAME", help="Another kind of device than the recorded one.")
@click.option("--check", is_flag=True, help="Exit code 1 if the readings differ from the recorded ones.")
@as_json_option
def replay(file: BinaryIO, name: str | None, *, check: bool, as_json: bool) -> None:
    """Replay a recording to a driver, in the recording's own time, and print its readings.

    It takes no longer than the driver needs. To have a simulated device play the recording at a port, put it
    on a bench: type = "recording".
    """
    show = printer(as_json=as_json)
    expected: list[Reading] = []
    made: list[Reading] = []
    try:
        head, moments = read(file)
        driver = driver_for(load(name or head.profile))
        for _, reading in replayed(driver, _noting(moments, expected)):
            made.append(reading)
            show(reading)
    except (NoRecordingError, ProfileError) as error:
        raise click.ClickException(f"{file.name}: {error}") from error
    if check:
        _compare(expected, made)


def _noting(moments: Iterator[Moment], expected: list[Reading]) -> Iterator[Moment]:
    for moment in moments:
        if moment.reading is not None:
            expected.append(moment.reading)
        yield moment


def _compare(expected: list[Reading], made: list[Reading]) -> None:
    """The order within one moment is the driver's own; what counts is that they are the same, in order."""
    for number, (then, now) in enumerate(zip(expected, made, strict=False), 1):
        if then != now:
            raise click.ClickException(f"reading {number} was {text(then)}, and is {text(now)} now")
    if len(expected) != len(made):
        raise click.ClickException(f"there were {len(expected)} readings, and there are {len(made)} now")
    click.echo(f"The same {len(made)} readings as when it was recorded.", err=True)
