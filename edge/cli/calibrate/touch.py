"""Calibrate a touch panel: four crosses on the glass, touched one after the other."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import click

from edge.cli.asking import AS_JSON, FILE, STOP, Steps, resting
from edge.cli.object.door import said
from edge.clock import SystemClock
from edge.config import ConfigError, ObjectConfig, without_trust
from edge.drivers.profiles import ProfileError
from edge.drivers.uris import FileAddress, PeripheralUri, PeripheralUriError, parse_uri
from edge.provision.calibrate.keeping import keep, keep_rule, name_of
from edge.provision.calibrate.touch import TARGETS, Calibrated, TouchRefusedError, calibrated
from edge.provision.calibrate.touching import touched
from edge.provision.glass import PageGlass, bench_page
from edge.provision.resting import StillRunsError

_MORE: Final = """\b
Examples:
  opos calibrate touch
  opos calibrate touch mirror/object.toml --turned 90 --stop-object
  opos calibrate touch --device 'evdev:/dev/input/event3?profile=touch'

It writes an own profile for OPOS (/etc/opos/profiles) and a rule for the browser (/etc/udev/rules.d), which
count from the next start of the object and of its kiosk on.
"""


@click.command(epilog=_MORE, short_help="Calibrate its panel by four touches.")
@FILE
@click.option("--device", metavar="URI", help="The panel, if FILE names none: evdev:PATH?profile=touch.")
@click.option(
    "--turned",
    type=click.Choice(["0", "90", "180", "270"]),
    default="0",
    show_default=True,
    help="How far the picture is turned clockwise.",
)
@click.option(
    "--root",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("/"),
    help="Write below another root, as for an image.",
)
@STOP
@AS_JSON
def touch(  # noqa: PLR0913 - each is an option of the command
    *, file: Path, device: str | None, turned: str, root: Path, stop: bool, as_json: bool
) -> None:
    """Calibrate the touch panel of the object that FILE describes."""
    steps = Steps(as_json=as_json)
    with said(PeripheralUriError, ProfileError, StillRunsError, OSError):
        config = without_trust(file)
        panel = _panel_of(file, config, device)
        with resting(stop=stop), _crosses(config) as glass:

            def told(number: int) -> None:
                glass(number)
                x, y = TARGETS[number - 1]
                steps.say(
                    f"Touch cross {number} of {len(TARGETS)}.", state="touch", number=number, x_ppm=x, y_ppm=y
                )

            try:
                found = calibrated(asyncio.run(touched(panel, SystemClock(), told)), int(turned))
            except TouchRefusedError as error:
                raise steps.fail(str(error), state="refused") from error
        kept = _kept(panel, found, int(turned), root)
    steps.end(
        f"The panel is calibrated ({found.libinput}); it counts after"
        " `sudo udevadm control --reload && sudo udevadm trigger && sudo systemctl restart opos-kiosk`.",
        state="saved",
        matrix_ppm=found.matrix_ppm,
        libinput=found.libinput,
        miss_ppm=found.miss_ppm,
        files=[str(each) for each in kept],
    )


def _panel_of(file: Path, config: ObjectConfig, device: str | None) -> PeripheralUri:
    named = [device] if device else [each.uri for each in config.peripherals if each.role == "touch"]
    if not named:
        raise ConfigError(file, "no [[peripheral]] is the touch panel: name it by --device (`opos devices`)")
    return parse_uri(named[0])


def _kept(panel: PeripheralUri, found: Calibrated, turned: int, root: Path) -> list[Path]:
    kept = [keep(panel.profile, found, turned, root)]
    name = name_of(Path(panel.address.path)) if isinstance(panel.address, FileAddress) else ""
    return [*kept, keep_rule(name, found, root)] if name else kept


@contextlib.contextmanager
def _crosses(config: ObjectConfig) -> Iterator[Callable[[int], None]]:
    """The glass, with one cross at a time; a port that something else has leaves the glass as it is."""
    try:
        glass = PageGlass(config.display.port, _page(1))
    except OSError:
        yield lambda _number: None
        return

    def show(number: int) -> None:
        glass.page = _page(number)

    try:
        yield show
    finally:
        glass.close()


def _page(number: int) -> str:
    return bench_page(
        f"cross-{number}",
        "Touch the middle of the cross",
        "With one finger, and lift it again.",
        f"{number} / 4",
    )
