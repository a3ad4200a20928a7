"""Calibrate a scale: the known weight on and off, three times; what was found is kept, with who and when."""

import asyncio
import secrets
from pathlib import Path
from typing import Final

import click
import msgspec
from rich.console import Console
from rich.status import Status

from cloud_sync.contract.encoding import b64
from edge.cli.asking import AS_JSON, FILE, STOP, Steps, answered, is_person, resting
from edge.cli.grams import GRAMS
from edge.cli.object.door import said
from edge.clock import SystemClock
from edge.config import ConfigError, ObjectConfig, without_trust
from edge.drivers.uris import PeripheralUriError, parse_uri
from edge.provision.calibrate.findings import (
    SECOND_NS,
    Measured,
    Phase,
    Plan,
    Refused,
    Step,
    grams,
    tolerance_for,
)
from edge.provision.calibrate.weighing import weigh
from edge.provision.calibrate.who import UnknownPersonError, pseudonym_of
from edge.provision.resting import StillRunsError
from edge.readings import Milligrams
from edge.runtime.calibrations import Calibration, CalibrationsDamagedError, keep

_ID_BYTES: Final = 12

_MORE: Final = """\b
Examples:
  opos calibrate scale --weight 1000
  opos calibrate scale shelf/object.toml --weight 2000 --by 48291730
  opos calibrate scale --weight 1000 --by 48291730 --stop-object --json

Use a weight that was tested, as heavy as what is sold, and let the scale warm up for half an hour.
It is refused, and nothing is kept, where the scale drifts, creeps, does not rest, does not repeat itself or
is off by more than the tolerance. OPOS never adjusts a scale: whoever may break its seal does.
The journal has an entry of it once the object runs again. Exit code 0: it may be sold by; 1: refused.
"""

_TOLD: Final = {
    Phase.EMPTY: "Take everything off the scale.",
    Phase.PUT: "Put {weight} in the middle of the scale.",
    Phase.LIFT: "Take it off again.",
    Phase.ZERO: "The scale takes its zero: leave it alone.",
}


@click.command(epilog=_MORE, short_help="Calibrate its scale by a known weight.")
@FILE
@click.option("--weight", type=GRAMS, metavar="GRAMS", help="The known weight.")
@click.option(
    "--tolerance",
    type=GRAMS,
    metavar="GRAMS",
    help="How far the scale may be off; 2 g in 1000, and 1 g at least, if nothing is said.",
)
@click.option("--by", metavar="BADGE", help="Who does it: a badge of `opos staff`, or its pseudonym.")
@click.option(
    "--rounds", type=click.IntRange(2, 10), default=3, show_default=True, help="How often it is lifted."
)
@click.option(
    "--hold-s",
    type=click.IntRange(1, 600),
    default=5,
    show_default=True,
    help="How long each weighing is watched: creep of a heavy load takes minutes to show.",
)
@STOP
@AS_JSON
def scale(  # noqa: PLR0913 - each is an option of the command
    *,
    file: Path,
    weight: Milligrams | None,
    tolerance: Milligrams | None,
    by: str | None,
    rounds: int,
    hold_s: int,
    stop: bool,
    as_json: bool,
) -> None:
    """Calibrate the scale of the object that FILE describes by a weight that is known."""
    with said(PeripheralUriError, StillRunsError, UnknownPersonError, CalibrationsDamagedError, OSError):
        config = without_trust(file)
        uri = _scale_of(file, config)
        person = pseudonym_of(config, answered(by, "--by", "Whose badge or pseudonym", click.STRING))
        reference_mg = answered(weight, "--weight", "The known weight in grams", GRAMS)
        plan = _plan(reference_mg, tolerance or tolerance_for(reference_mg), rounds, hold_s)
        shown = _Shown(plan, Steps(as_json=as_json))
        with resting(stop=stop):
            with shown:
                found = asyncio.run(weigh(parse_uri(uri), plan, SystemClock(), shown.step))
            if isinstance(found, Refused):
                raise shown.steps.fail(found.sentence, state="refused", why=found.why.value)
            record = _record(uri, person, plan, found)
            keep(config.data_dir, record)  # while the object rests: it reads the file when it starts
    shown.steps.end(
        f"The scale may be sold by: at {grams(plan.reference_mg)} it is off by {grams(record.error_mg)}.",
        state="saved",
        **msgspec.to_builtins(record),
    )


def _scale_of(file: Path, config: ObjectConfig) -> str:
    """The URI of the object's scale. Raises ConfigError."""
    for each in config.peripherals:
        if each.role == "scale":
            return each.uri
    raise ConfigError(file, f"this {config.object.kind} has no scale: add a [[peripheral]] with its role")


def _plan(reference_mg: Milligrams, tolerance_mg: Milligrams, rounds: int, hold_s: int) -> Plan:
    try:
        return Plan(reference_mg, tolerance_mg, rounds, hold_s * SECOND_NS)
    except ValueError as error:
        raise click.UsageError(f"--weight: {error}") from error


def _record(uri: str, person: str, plan: Plan, found: Measured) -> Calibration:
    clock = SystemClock()
    return Calibration(
        b64(secrets.token_bytes(_ID_BYTES)),
        "scale",
        uri,
        person,
        clock.wall_ms(),
        clock.quality() == "trusted",
        plan.reference_mg,
        plan.tolerance_mg,
        found.empties_mg,
        found.loads_mg,
        found.error_mg,
    )


class _Shown:
    """What a person sees of it: each deed as a line, and below it that the scale is watched."""

    def __init__(self, plan: Plan, steps: Steps) -> None:
        self.steps = steps
        self._plan = plan
        self._deed = ""
        self._watching = Status("", console=Console(stderr=True))

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        self._watching.stop()

    def step(self, step: Step) -> None:
        """Say it, if it is another deed; or that this one was seen."""
        deed = _TOLD[step.phase].format(weight=grams(self._plan.reference_mg))
        if deed != self._deed:
            self._deed = deed
            self._watching.stop()
            self.steps.say(
                f"[{step.round}/{step.rounds}] {deed}",
                state=step.phase.value,
                round=step.round,
                of=step.rounds,
            )
        if is_person():
            self._watching.update("The scale is watched ..." if step.holding else "Waiting ...")
            self._watching.start()
