"""Make this machine an object of a shop, by a claim that the retailer has made for it."""

import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import click
import msgspec

from cloud_sync.contract.enrolment import Claim
from edge.cli.comparing import Shown, glass_at
from edge.cli.object.door import sentence
from edge.cli.peripherals import peripheral_option
from edge.clock import SystemClock
from edge.config import (
    ConfigError,
    KeySection,
    ObjectConfig,
    PeripheralSection,
    PlainKeySection,
    SealedKeySection,
    TpmKeySection,
    load,
)
from edge.identity import IdentityUnusableError, line_certificate, time_floor
from edge.keys import KeyUnusableError
from edge.provision.enrol import Enrolment, Wait, enrol
from edge.provision.hub_door import EnrolmentRefusedError, HubDoor
from edge.provision.object_file import Setup
from edge.provision.place import Place, TakenError, place_in
from edge.provision.setup.answers import PORT, AnswersError, check_account
from edge.provision.setup.claims import claim_from

_MORE: Final = """\b
Examples:
  opos enroll OPOS1.eyJ... --dir mirror
  opos enroll OPOS1.eyJ... --dir shelf \\
      --peripheral scale=serial:/dev/ttyUSB0?profile=mt-sics \\
      --peripheral reader=tcp:10.0.0.9:4001?profile=r200
  opos enroll - --dir mirror < claim.txt
  sudo -u opos opos enroll OPOS1.eyJ... --dir /etc/opos --data /var/lib/opos

\b
Then, on a machine without systemd:
  opos object up mirror/object.toml

The same command may be given again: after a power cut it goes on, and when it is done it changes nothing.
A new claim for the same object renews what it shows on the line, and leaves its journal as it is.
"""

_SENTENCES: Final = (
    EnrolmentRefusedError,
    TakenError,
    ConfigError,
    KeyUnusableError,
    IdentityUnusableError,
    OSError,
)


def _claim(_: click.Context, __: click.Parameter, text: str) -> Claim:
    """The claim as it was typed, in a file, or from stdin, where no list of processes shows it."""
    try:
        return claim_from(text, sys.stdin)
    except AnswersError as error:
        raise click.BadParameter(str(error)) from error


@click.command(epilog=_MORE)
@click.argument("claim", callback=_claim)
@click.option(
    "--dir",
    "directory",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="Where the object is to live; here, if nothing is said.",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where its ledger and its keys are to be; `data` in --dir, if nothing is said.",
)
@click.option(
    "--wait-s", type=click.IntRange(1, 86_400), default=600, show_default=True, help="Patience for a person."
)
@click.option(
    "--port",
    type=click.IntRange(1, 65_535),
    help=f"For its glass.  [default: {PORT}]",
)
@peripheral_option("A device, if it is not where hardware/udev puts it; may be given again.")
@click.option("--account", metavar="PSEUDONYM", help="The house account; by default one a site.")
@click.option(
    "--secret",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Keep the key of the journal sealed by this file.",
)
@click.option("--tpm", metavar="HANDLE", help="Keep it sealed by what a TPM 2.0 gives out for this handle.")
@click.option("--json", "as_json", is_flag=True, help="Print a line of JSON for each step, for a program.")
def enroll(  # noqa: PLR0913 - each is an option of the command
    *,
    claim: Claim,
    directory: Path,
    data: Path | None,
    wait_s: int,
    port: int | None,
    peripherals: tuple[PeripheralSection, ...],
    account: str | None,
    secret: Path | None,
    tpm: str | None,
    as_json: bool,
) -> None:
    """Make this machine the object of a shop that CLAIM names: its text, a file that holds it, - for stdin.

    It makes its keys, asks the hub, and shows a code, here and on its glass; a person compares it with the
    code at the hub and confirms there.
    """
    key = _key(secret, tpm)
    try:
        if account is not None:
            check_account(account)
        setup = Setup(PORT if port is None else port, peripherals, account, key, data and data.absolute())
        place = place_in(directory, setup)
        unused = () if place.before is None else tuple(_unused(place.before, port, setup))
        with glass_at(place.before.display.port if place.before else setup.port) as glass:
            door = HubDoor(claim, time_floor(SystemClock()))
            shown = Shown(claim, glass, as_json=as_json)
            outcome = enrol(claim, place, setup, door, Wait(wait_s, threading.Event().wait, shown.tell))
        _say(place, outcome, unused, as_json=as_json)
    except AnswersError as error:
        raise click.UsageError(str(error)) from error
    except _SENTENCES as error:
        raise click.ClickException(sentence(error)) from error


def _unused(before: ObjectConfig, port: int | None, setup: Setup) -> Iterator[str]:
    """The flags that say otherwise than the file of an object that is there: no claim changes that."""
    differ = {
        "--port": port not in {None, before.display.port},
        "--peripheral": bool(setup.peripherals) and setup.peripherals != before.peripherals,
        "--account": setup.account not in {None, before.account},
        "--data": setup.data not in {None, before.data_dir},
        "--secret, --tpm": setup.key not in {PlainKeySection(), before.key_source},
    }
    yield from (flag for flag, is_other in differ.items() if is_other)


def _key(secret: Path | None, tpm: str | None) -> KeySection:
    if secret is not None and tpm is not None:
        raise click.UsageError("--secret and --tpm are two ways to seal one key: choose one")
    if secret is not None:
        return SealedKeySection(secret=str(secret.absolute()))
    if tpm is None:
        return PlainKeySection()
    return TpmKeySection(handle=tpm if tpm.startswith("0x") else str(Path(tpm).absolute()))


def _say(place: Place, outcome: Enrolment, unused: Sequence[str], *, as_json: bool) -> None:
    config = load(place.file)
    section, certificate = config.object, line_certificate(config)
    if as_json:
        state = {Enrolment.NOW: "enrolled", Enrolment.ALREADY: "already"}[outcome]
        who = {"object": section.id, "tenant": section.tenant, "site": section.site}
        ends_ms = certificate.ends_ms if certificate else None
        _print_json({"state": state, **who, "file": str(place.file), "ends_ms": ends_ms, "unused": unused})
        return
    verb = "is enrolled" if outcome is Enrolment.NOW else "was enrolled before"
    click.echo(f"{section.id} {verb} at {section.tenant}/{section.site}: {section.name}")
    if unused:
        click.echo(
            f"{', '.join(unused)}: it has its file already, which no claim changes: edit {place.file}",
            err=True,
        )
    click.echo(f"start it: opos object up {place.file}")


def _print_json(said: dict[str, object]) -> None:
    click.echo(msgspec.json.encode(said))
