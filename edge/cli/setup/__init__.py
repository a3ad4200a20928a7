"""Set this machine up as an object: find what hangs on it, ask at most five questions, enrol, and start."""

import asyncio
import sys
import threading
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Final, get_args

import click
import msgspec

from cloud_sync.contract.enrolment import Claim
from edge.cli.comparing import Shown, glass_at
from edge.cli.object.door import sentence
from edge.cli.peripherals import peripheral_option
from edge.cli.setup.questions import Questions
from edge.cli.setup.said import Said
from edge.clock import SystemClock
from edge.config import ConfigError, Kind, PeripheralSection, load
from edge.drivers.uris import PeripheralUriError
from edge.identity import IdentityUnusableError, time_floor
from edge.keys import KeyUnusableError
from edge.provision.board import board, has_glass
from edge.provision.enrol import Enrolment, Wait, enrol
from edge.provision.hub_door import EnrolmentRefusedError, HubDoor
from edge.provision.object_file import NO_TERMINAL, Setup, UnheardError
from edge.provision.place import FILE, Place, TakenError
from edge.provision.setup.answers import (
    EXAMPLE,
    WAIT_S_MAX,
    Answers,
    AnswersError,
    Decisions,
    answers_in,
    answers_of,
    check,
    read_answers,
)
from edge.provision.setup.claims import SCAN, STDIN, claim_from, is_gone
from edge.provision.setup.found import Looked, look, places
from edge.provision.setup.machine import Machine, ThisMachine, below
from edge.provision.setup.planned import planned_text
from edge.provision.setup.state import (
    DIRECTORY,
    SetUpAlreadyError,
    Unfinished,
    alone,
    begun,
    keep_state,
    unfinished,
)
from edge.provision.setup.steps import Job, LetIn, SetupError, decided_before, run
from edge.provision.setup.units import UnitsError

_MORE: Final = """\b
Examples:
  sudo opos setup                        finds what is there, and asks
  sudo opos setup --claim OPOS1.eyJ...   one question fewer
  opos setup --example > answers.toml    all that can be answered
  sudo opos setup --answers answers.toml --json
  sudo opos setup --answers answers.toml --dry-run
  sudo opos setup --answers answers.toml --root image/

After a power cut give the same command again: it goes on where it was. Once it is done it may be given again
as well, with other devices or another terminal; comments of yours in object.toml stay.
"""

_KEEPS: Final = (
    "what was found is not taken: the object keeps the devices that it has; --peripheral ROLE=URI, once for"
    " each that it is to have, gives it others"
)
_NAMED: Final = "what was found is not taken: the object has the devices that were named"

_SENTENCES: Final = (
    SetupError,
    SetUpAlreadyError,
    UnitsError,
    EnrolmentRefusedError,
    TakenError,
    ConfigError,
    KeyUnusableError,
    IdentityUnusableError,
    OSError,
)


class _Asked(msgspec.Struct, frozen=True):
    """The options of the command."""

    answers: Path | None
    example: bool
    claim: str | None
    kind: Kind | None
    peripherals: tuple[PeripheralSection, ...]
    terminal: str | None
    glass: bool | None
    look: tuple[str, ...]
    port: int | None
    account: str | None
    wait_s: int | None
    root: Path
    dry_run: bool
    as_json: bool


@click.command(epilog=_MORE)
@click.option(
    "--answers",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    metavar="FILE",
    help="A TOML file of answers, - for stdin: nobody is asked.",
)
@click.option("--example", is_flag=True, help="Print such a file, and do nothing.")
@click.option("--claim", metavar="CLAIM|FILE|-|scan", help="The claim, or where it is: - is stdin.")
@click.option("--kind", type=click.Choice(get_args(Kind)), help="What it is.")
@peripheral_option("A device, in the place of what is found; may be given again.")
@click.option("--terminal", metavar="HOST[:PORT]|URI|none", help="The card terminal.")
@click.option("--glass/--no-glass", default=None, help="Whether this machine drives the glass itself.")
@click.option(
    "--look", multiple=True, metavar="PATH|HOST:PORT", help="Look for a device there too; may be given again."
)
@click.option("--port", type=click.IntRange(1, 65_535), help="For its glass.  [default: 8101]")
@click.option("--account", metavar="PSEUDONYM", help="The house account; by default one a site.")
@click.option(
    "--wait-s", type=click.IntRange(1, WAIT_S_MAX), help="Patience for a person at the hub.  [default: 600]"
)
@click.option(
    "--root",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    default=Path("/"),
    help="Set up the system below this folder: an image.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be done.")
@click.option("--json", "as_json", is_flag=True, help="Print a line of JSON for each step, for a program.")
def setup(**options: Any) -> None:
    """Set this machine up as an object of a shop.

    It looks what board it is and what hangs on it, asks for the claim, the kind of object, what of the found
    to keep, the card terminal and the glass, and then enrols it, writes /etc/opos/object.toml and starts its
    services. Whatever is answered by a flag or a file is not asked; with --answers or --json, or without a
    terminal, nobody is asked at all.
    """
    asked = _Asked(**options)
    if asked.example:
        click.echo(EXAMPLE, nl=False)
        return
    machine = ThisMachine(asked.root)
    if not (machine.trusted or asked.dry_run or asked.root != Path("/")):
        raise click.ClickException(
            f"it writes {DIRECTORY} and starts services: run it as root (sudo opos setup ...), or with"
            " --root DIR for an image; --dry-run says what it would do"
        )
    try:
        with nullcontext() if asked.dry_run else alone(machine):
            _set_up(asked, machine, Said(as_json=asked.as_json))
    except (AnswersError, PeripheralUriError, UnheardError) as error:
        raise click.UsageError(str(error)) from error
    except PermissionError as error:
        raise click.ClickException(f"{sentence(error)}: give the command with sudo") from error
    except _SENTENCES as error:
        raise click.ClickException(sentence(error)) from error


def _set_up(asked: _Asked, machine: Machine, said: Said) -> None:
    answers = _answers(asked)
    state = unfinished(machine)
    if state is not None and answers == Answers() and not asked.dry_run:
        said.resumed(state.done)
    else:
        state = _begun(asked, answers, machine, said)
        if asked.dry_run:
            said.planned(state.decisions.peripherals, planned_text(machine, state.decisions))
            return
        keep_state(machine, state)
    try:
        run(Job(machine, state, _let_in(said, state.decisions.wait_s)), said.told)
    except EnrolmentRefusedError as error:
        raise SetupError(f"{error}. With another claim: opos setup --claim CLAIM") from error
    section = load(below(machine, DIRECTORY) / FILE, machine.root).object
    who = {name: getattr(section, name) for name in ("name", "kind", "tenant", "site")}
    said.done({"object": section.id, **who}, f"http://127.0.0.1:{state.decisions.port}/")


def _answers(asked: _Asked) -> Answers:
    """The flags, and for what they leave open the file."""
    flags = Answers(
        asked.claim,
        asked.kind,
        asked.peripherals or None,
        asked.terminal,
        asked.glass,
        asked.look,
        asked.port,
        asked.account,
        asked.wait_s,
    )
    check(flags)
    if flags.claim is not None and is_gone(flags.claim):  # what a file of answers names may be spent
        claim_from(flags.claim, sys.stdin)
    answers = flags.over(_file_of_answers(asked.answers, flags)) if asked.answers else flags
    claim = answers.claim and answers.claim.strip()
    return msgspec.structs.replace(answers, claim=SCAN if claim and claim.lower() == SCAN else claim)


def _file_of_answers(path: Path, flags: Answers) -> Answers:
    if str(path) != STDIN:
        return read_answers(path)
    answers = answers_in("stdin", sys.stdin.buffer)
    if (flags.claim or answers.claim or "").strip() == STDIN:
        raise AnswersError("claim: the answers come from stdin already: name the file that holds the claim")
    return answers


def _begun(asked: _Asked, answers: Answers, machine: Machine, said: Said) -> Unfinished:
    """A setup whose questions are answered; steps that were done for the same answers stay so."""
    earlier, before = unfinished(machine), _before(machine)
    if earlier is not None:
        answers = answers.over(_of_earlier(earlier, answers, is_new=before is None))
    is_person = not (asked.answers or asked.as_json) and sys.stdin.isatty() and sys.stderr.isatty()
    found, is_here = Looked(()), machine.root == Path("/")
    if is_here:
        said.board(board())
    is_open = before is None and answers.peripheral is None
    if answers.look or (is_here and (is_open or answers.claim == SCAN)):
        found = _looked(answers, said)
    glass = is_here and has_glass()
    questions = Questions(answers, found, before, is_person=is_person, is_rehearsed=asked.dry_run)
    decisions = questions.decided(has_glass=glass)
    planned_text(machine, decisions)  # what its file has no place for is refused before anything is done
    if answers.look and (before is not None or answers.peripheral is not None) and answers.claim != SCAN:
        said.unused("look", _KEEPS if answers.peripheral is None else _NAMED)
    return begun(earlier, decisions)


def _before(machine: Machine) -> Decisions | None:
    """What the object is that lives here, if one does."""
    try:
        return decided_before(machine)
    except ConfigError as error:
        file = below(machine, DIRECTORY) / FILE
        raise SetupError(f"{error}: correct it, or `opos object restore {file}`, then try again") from error


def _of_earlier(earlier: Unfinished, answers: Answers, *, is_new: bool) -> Answers:
    """What was answered before the power cut; of a terminal and an account the one that is named now."""
    told = answers_of(earlier.decisions)
    if is_new and answers.account is None and answers.terminal not in {None, NO_TERMINAL}:
        return msgspec.structs.replace(told, account=None)
    if is_new and answers.account is not None and answers.terminal is None:
        return msgspec.structs.replace(told, terminal=NO_TERMINAL)
    return told


def _looked(answers: Answers, said: Said) -> Looked:
    where = places(answers.look)
    with said.looking(len(where.lines)) as looking:
        found = asyncio.run(look(where, looking.tell))
    said.looked(found)
    return found


def _let_in(said: Said, wait_s: int) -> LetIn:
    """How to enrol: with the code here and on the glass."""

    def let_in(claim: Claim, place: Place, setup: Setup) -> Enrolment:
        port = place.before.display.port if place.before else setup.port
        with glass_at(port) as glass:
            shown = Shown(claim, glass, as_json=said.as_json, aside=True)
            door = HubDoor(claim, time_floor(SystemClock()))
            return enrol(claim, place, setup, door, Wait(wait_s, threading.Event().wait, shown.tell))

    return let_in
