"""The doctor's faults, each caused on purpose: it is found, its one command is run, and it is gone."""

import json
import time
from collections.abc import Callable, Iterable
from typing import Any, Final

from edge.provision.doctor.pages import page
from tests.system import doctor_faults
from tests.system.ills.ill import Ill, Round, nothing
from tests.system.ills.services import LEFT_RUNNING
from tests.system.shop import PLACE, Shop
from tests.system.step import FellError
from tests.system.waiting import LOOK_EVERY_S, rest, until

# A service that was just started, or a device that was plugged in, is well a moment later.
_FOUND_S: Final = 60.0
_WELL_S: Final = 60.0
# Whoever has switched a device on gives the command once more if it is not there yet.
_MENDED_S: Final = 60.0
# The longest one updates three packages: 10 s where nothing else runs.
_COMMAND_S: Final = "150"
_SELLS_S: Final = 60.0

Finding = dict[str, Any]


def _told(name: str, rounds: Iterable[Round]) -> Callable[[Shop], str]:
    """The step that goes through these rounds, also where one falls; afterwards the object sells."""

    def step(shop: Shop) -> str:
        fell, said = [], []
        for each in rounds:
            began_s = time.monotonic()
            try:
                _one(shop, each)
            except FellError as error:
                fell.append(f"{each.name}: {error}")
            codes = " ".join(ill.code for ill in each.ills)
            said.append(f"{codes} {time.monotonic() - began_s:.1f} s")
        if fell:
            raise FellError("; ".join(fell))
        shop.until_sellable(_SELLS_S)
        shop.sell()
        return ", ".join(said)

    step.__name__ = f"every_fault_of_the_{name}_is_found_and_mended_by_its_command"
    return step


STEPS: Final = tuple(
    _told(name, rounds)
    for name, rounds in (
        ("board", doctor_faults.BOARD),
        ("glass", doctor_faults.GLASS),
        ("services", doctor_faults.SERVICES),
        ("devices", doctor_faults.DEVICES),
        ("line", doctor_faults.LINE),
        ("versions", doctor_faults.VERSIONS),
        ("disk", doctor_faults.DISK),
        ("books", doctor_faults.BOOKS),
    )
)


def _one(shop: Shop, each: Round) -> None:
    """A round: its faults are caused, found, mended and gone, and what stood around them goes too."""
    each.before(shop)
    try:
        for ill in each.ills:
            ill.cause(shop)
        wanted = {ill.code for ill in each.ills}
        found = until(lambda: _all_of(wanted, _findings(shop, each)), f"the doctor finds {wanted}", _FOUND_S)
        _mend(shop, each, found)
        _until_gone(shop, each, wanted)
    finally:
        each.after(shop)


def _until_gone(shop: Shop, each: Round, wanted: set[str]) -> None:
    try:
        until(lambda: None if wanted & _findings(shop, each).keys() else True, "all is well", _WELL_S)
    except FellError as error:
        raise FellError(f"{error}, still found: {_shown(_findings(shop, each))}") from None


def _all_of(wanted: set[str], findings: dict[str, Finding]) -> dict[str, Finding] | None:
    return findings if wanted <= findings.keys() else None


def _mend(shop: Shop, each: Round, found: dict[str, Finding]) -> None:
    """What is saved is saved first; then the hands, then every other command, each once."""
    done: set[str] = set()
    later = [ill for ill in each.ills if ill.afterwards is nothing]
    for ill in each.ills:
        if ill not in later:
            _run_once(shop, ill, found[ill.code]["mend"], done)
            ill.afterwards(shop)
    for ill in later:
        ill.hand(shop)
    for ill in later:
        _run_once(shop, ill, found[ill.code]["mend"], done)


def _run_once(shop: Shop, ill: Ill, command: str, done: set[str]) -> None:
    if command in done:
        return
    done.add(command)
    if command == "systemctl reboot":
        shop.object.restarted_by(command)
        return
    machine = shop.hub if ill.at_hub else shop.object
    words: tuple[str, ...] = ("timeout", _COMMAND_S, "sh", "-c", _filled_in(shop, command))
    if ill.stays:
        words = ("systemd-run", "--quiet", f"--unit={LEFT_RUNNING}", *words[2:])
    ends_s = time.monotonic() + _MENDED_S
    while (said := machine.ask(*words)).returncode:
        if time.monotonic() > ends_s:
            raise FellError(f"`{command}` ended with {said.returncode}: {said.stderr or said.stdout}")
        rest(LOOK_EVERY_S)


def _filled_in(shop: Shop, command: str) -> str:
    """The command with a claim, where it wants one: whoever asks at the hub gets another one each time."""
    if "CLAIM" not in command:
        return command
    claim = json.loads(shop.hub_command("claim", *PLACE, "--yes", "--replace", "--json"))["claim"]
    return command.replace("CLAIM", claim)


def _findings(shop: Shop, each: Round) -> dict[str, Finding]:
    """What the doctor finds now under the subjects of a round, by its code."""
    subjects = ",".join(dict.fromkeys(page(ill.code).subject for ill in each.ills))
    done = shop.object.ask(*each.eyes, "doctor", "--json", "--only", subjects)
    if not done.stdout.startswith("{"):
        raise FellError(f"the doctor ended with {done.returncode}: {done.stderr[-2000:]}")
    return {finding["code"]: finding for finding in json.loads(done.stdout)["findings"]}


def _shown(found: dict[str, Finding]) -> str:
    return "; ".join(f"{code}: {finding['sentence']}" for code, finding in found.items())
