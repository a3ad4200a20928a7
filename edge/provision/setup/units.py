"""The units of an object: which ones it needs, put in place where no package did, enabled and started."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from edge.identity import keep_file
from edge.provision.setup.answers import Decisions
from edge.provision.setup.machine import Machine, Ran, below

_RUNTIME: Final = "opos-edge.service"
_AGENT: Final = "opos-sync.service"
_CAMERA: Final = "opos-camera.socket"
KIOSK: Final = "opos-kiosk.service"
"""The glass on the screen of this machine."""

# Where a package has them, and where whoever administers the machine (systemd.unit(5)).
_PACKAGED: Final = ("/usr/lib/systemd/system", "/lib/systemd/system")
_OWN: Final = "/etc/systemd/system"

# The units that need no more than the program, with what belongs to them; and what all of them need.
_BARE: Final = {
    _RUNTIME: (_RUNTIME,),
    _AGENT: (_AGENT,),
    _CAMERA: (_CAMERA, "opos-camera@.service"),
}
_SYSTEM_FILES: Final = (
    ("opos.sysusers", "/etc/sysusers.d/opos.conf"),
    ("opos.tmpfiles", "/etc/tmpfiles.d/opos.conf"),
)

# Which package brings a unit that is not there.
_PACKAGES: Final = {_CAMERA: "opos-camera", KIOSK: "opos-kiosk"}

PROGRAM: Final = "/opt/opos/bin/opos"
"""Where the units expect the program; one that lies elsewhere is named in their stead."""


class UnitsError(Exception):
    """The services cannot be put in place or started: what systemd says, and where to read on."""


class Units(msgspec.Struct, frozen=True):
    """The units that an object has, and those that it lacks with the package that brings them."""

    there: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def packages(self) -> tuple[str, ...]:
        """What to install for those that are missing."""
        return tuple(_PACKAGES[each] for each in self.missing if each in _PACKAGES)


def wanted(decisions: Decisions) -> tuple[str, ...]:
    """The units of an object that is set up so."""
    camera = (_CAMERA,) if any(each.role == "camera" for each in decisions.peripherals) else ()
    kiosk = (KIOSK,) if decisions.glass else ()
    return (_RUNTIME, _AGENT, *camera, *kiosk)


def put_in_place(machine: Machine, decisions: Decisions) -> None:
    """Write down what no package has: units, users, rules of udev; what is there stays. Raises OSError."""
    for source, target in _bare_files(machine, decisions):
        if source.exists() and not below(machine, target).exists():
            keep_file(below(machine, target), _with_program(source.read_bytes()))


def units_of(machine: Machine, decisions: Decisions) -> Units:
    """The units that are there of those that the object is to have. Raises UnitsError."""
    there = tuple(each for each in wanted(decisions) if _is_there(machine, each))
    if not {_RUNTIME, _AGENT} <= {*there}:
        raise UnitsError(
            f"{_RUNTIME} is neither installed nor beside the program: install the package opos-edge"
        )
    return Units(there, tuple(each for each in wanted(decisions) if each not in there))


def enable(machine: Machine, units: Units) -> None:
    """Have them start with the machine, and what it had before no more. Raises UnitsError."""
    if machine.booted:
        _must(machine, "systemctl", "daemon-reload")
    where = () if machine.booted else (f"--root={machine.root}",)
    _must(machine, "systemctl", *where, "enable", *units.there)
    for unit in _PACKAGES:
        if unit not in units.there and is_enabled(machine, unit):
            _must(machine, "systemctl", *where, "disable", *(("--now",) if machine.booted else ()), unit)


def is_enabled(machine: Machine, unit: str) -> bool:
    """Whether it starts with the machine."""
    links = below(machine, _OWN).glob("*.wants/*")  # in an image they lead out of it
    return any(each.name == unit for each in links)


def start(machine: Machine, units: Units, *, anew: bool) -> None:
    """Have them run, `anew` if they run by an older configuration. Raises UnitsError."""
    verb = "restart" if anew else "start"
    for unit in units.there:
        ran = machine.run(("systemctl", verb, unit))
        if ran.code:
            raise UnitsError(
                f"{unit} does not start ({_last_line(ran)}): `journalctl -u {unit} -n 20` says more, `opos"
                " doctor` what to do; then give the same command again"
            )


def shipped() -> Path:
    """Where this program has its units: in the checkout, or where the wheel has laid them."""
    checkout = Path(__file__).parents[3] / "systemd"
    return checkout if checkout.is_dir() else Path(sys.prefix) / "share" / "opos" / "systemd"


def _bare_files(machine: Machine, decisions: Decisions) -> Iterator[tuple[Path, str]]:
    """What ships with the program and no package has put in place: each file, and where it goes."""
    if _is_there(machine, _RUNTIME, *_PACKAGED):
        return
    units = [name for unit in wanted(decisions) for name in _BARE.get(unit, ())]
    yield from ((shipped() / name, f"{_OWN}/{name}") for name in units)
    yield from ((shipped() / name, target) for name, target in _SYSTEM_FILES)
    rules = shipped().parent / "hardware" / "udev"
    yield from ((path, f"/etc/udev/rules.d/{path.name}") for path in sorted(rules.glob("*.rules")))


def _with_program(text: bytes) -> bytes:
    here = Path(sys.prefix) / "bin" / "opos"
    return text.replace(PROGRAM.encode(), str(here).encode()) if not Path(PROGRAM).exists() else text


def _is_there(machine: Machine, unit: str, *places: str) -> bool:
    return any(below(machine, f"{place}/{unit}").exists() for place in places or (*_PACKAGED, _OWN))


def _must(machine: Machine, *command: str) -> None:
    ran = machine.run(command)
    if ran.code:
        raise UnitsError(f"`{' '.join(command)}`: {_last_line(ran)}")


def _last_line(ran: Ran) -> str:
    lines = ran.said.splitlines()
    return lines[-1] if lines else f"exit code {ran.code}"
