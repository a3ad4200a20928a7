"""The services: whether systemd keeps the object up, and will after the next start; whether it sells."""

from collections.abc import Iterator
from typing import Final

import msgspec

from edge.provision.doctor.pages import Finding, found
from edge.provision.doctor.patient import Patient, Run
from edge.provision.doctor.subject import Subject, config_of

EDGE: Final = "opos-edge.service"
SYNC: Final = "opos-sync.service"
KIOSK: Final = "opos-kiosk.service"
_CAMERA: Final = "opos-camera.socket"

# A service that was started again so often since the machine's start does not end by chance.
_RESTARTS_MAX: Final = 5

_PROPERTIES: Final = "Id,LoadState,ActiveState,SubState,UnitFileState,NRestarts"

_NOT_SELLING: Final = {
    "unpaired": "it has no prices of the shop yet",
    "out-of-service": "it is out of service",
}


class Unit(msgspec.Struct, frozen=True):
    """A unit as systemd has it."""

    name: str
    loaded: bool
    active: str
    sub: str
    enabled: str
    restarts: int


class Selling(msgspec.Struct, frozen=True):
    """Whether the object answers at its address, and why it sells nothing ('' where it sells).

    `kept` says that systemd has a unit for it, which is another thing to mend; `trains`, that it rehearses.
    """

    host: str
    port: int
    answers: bool
    why_not: str = ""
    kept: bool = False
    trains: bool = False


Kept = Unit | Selling
"""What is looked at."""


def read(patient: Patient) -> Iterator[Kept]:
    """The units of the object, and what its runtime says."""
    config = config_of(patient)
    wanted = [EDGE, SYNC, *([_CAMERA] if any(each.role == "camera" for each in config.peripherals) else ())]
    units = [unit for unit in units_of(patient.run, *wanted) if unit.loaded]
    yield from units
    status, display = patient.status, config.display
    edge = next((unit for unit in units if unit.name == EDGE), None)
    # A unit is active once its runtime sells: one that starts this moment does not answer yet.
    if status is not None or edge is None or edge.active == "active":
        trains = status is not None and status.training == "on"
        why_not = "" if status is None or trains else _NOT_SELLING.get(status.stage, "")
        yield Selling(display.host, display.port, status is not None, why_not, edge is not None, trains)


def units_of(run: Run, *names: str) -> list[Unit]:
    """What systemd says of these units; nothing where it does not run."""
    tool = run(("systemctl", "show", f"--property={_PROPERTIES}", *names))
    if tool.code != 0:
        return []
    return [_unit(said) for said in map(_said, tool.said.split("\n\n")) if "Id" in said]


def _said(block: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in block.splitlines() if "=" in line)


def _unit(said: dict[str, str]) -> Unit:
    return Unit(
        said["Id"],
        said.get("LoadState") == "loaded",
        said.get("ActiveState", ""),
        said.get("SubState", ""),
        said.get("UnitFileState", ""),
        int(restarts) if (restarts := said.get("NRestarts", "")).isdigit() else 0,
    )


def stopped(fact: Kept) -> Finding | None:
    """Nobody has started it."""
    if not isinstance(fact, Unit) or fact.active not in {"inactive", "deactivating"}:
        return None
    return found("OP-6002", unit=fact.name, state=fact.sub or fact.active)


def fails(fact: Kept) -> Finding | None:
    """It was started, and ended."""
    if not isinstance(fact, Unit):
        return None
    if fact.active != "failed" and fact.sub != "auto-restart":
        return None
    return found("OP-6003", unit=fact.name, state=fact.sub, restarts=fact.restarts)


def failed(fact: Kept) -> Finding | None:
    """It was started, and has ended too often before."""
    if not isinstance(fact, Unit) or fact.active != "active" or fact.restarts <= _RESTARTS_MAX:
        return None
    return found("OP-6007", unit=fact.name, restarts=fact.restarts)


def not_enabled(fact: Kept) -> Finding | None:
    """It runs this once."""
    if not isinstance(fact, Unit) or fact.active != "active" or fact.enabled != "disabled":
        return None
    return found("OP-6004", unit=fact.name)


def silent(fact: Kept) -> Finding | None:
    """There is no object."""
    if not isinstance(fact, Selling) or fact.answers or fact.kept:
        return None
    return found("OP-6005", host=fact.host, port=fact.port)


def hangs(fact: Kept) -> Finding | None:
    """There is one, which says nothing."""
    if not isinstance(fact, Selling) or fact.answers or not fact.kept:
        return None
    return found("OP-6008", unit=EDGE, host=fact.host, port=fact.port)


def sells_nothing(fact: Kept) -> Finding | None:
    """There is one, and it does not sell."""
    if not isinstance(fact, Selling) or not fact.why_not:
        return None
    return found("OP-6006", why=fact.why_not)


def rehearses(fact: Kept) -> Finding | None:
    """There is one, and all that it does is a rehearsal."""
    return found("OP-6009") if isinstance(fact, Selling) and fact.trains else None


UNITS: Final = Subject(read, stopped, fails, failed, not_enabled, silent, hangs, sells_nothing, rehearses)
