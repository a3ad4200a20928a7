"""How the runtime is, as far as somebody who is not in the shop has to know it.

During an update the runtime is of another version than who hears of it. So words are only ever added, and one
that is not known is told as nothing, or as something of no name: `fit` lets no other through.
"""

import re
from collections.abc import Mapping
from typing import Final

import msgspec

from cloud_sync.contract.state import CODE, FAULTS_MAX, PROGRAM_CHARS_MAX, Fault

OTHER: Final = "device.other"
"""A fault that is called by no word that the line carries."""
UNNAMED: Final = "device"
"""A device that is called by no name that the line carries."""
DEVICES_MAX: Final = 32
"""No object's file has half as many; each of them is a row of numbers for ever."""

# As `Fault` has it, and an object's file.
_SOURCE: Final = re.compile(r"[a-z][a-z0-9-]{0,19}")
# The end of a line is no part of a word; `$` would let it through.
_CODE: Final = re.compile(CODE.removesuffix("$"))

_DISK: Final[Mapping[str, Fault]] = {
    "refuse": Fault("disk.full", "disk"),
    "prune": Fault("disk.nearly-full", "disk"),
}
# A device that is missed is named by itself; without prices every device may be well.
_STAGE: Final[Mapping[str, Fault]] = {"unpaired": Fault("till.no-prices", "till")}


class DeviceHealth(msgspec.Struct, frozen=True):
    """A device of the object: `stands` as the runtime's roll has it, `code` what is wrong or ''."""

    source: str
    stands: str
    code: str = ""


class Wellbeing(msgspec.Struct, frozen=True):
    """The runtime at one moment; `sales` since the ledger began, `disk` the level of its budget."""

    program: str
    stage: str
    selling: bool
    sales: int
    disk: str
    devices: tuple[DeviceHealth, ...]


def fit(said: Wellbeing) -> Wellbeing:
    """What can be told of it: a program, devices and faults by names that the line carries."""
    program = said.program[:PROGRAM_CHARS_MAX]
    return msgspec.structs.replace(
        said,
        program=program if program.isprintable() else "",
        devices=tuple(_fit(each) for each in said.devices[:DEVICES_MAX]),
    )


def faults_of(wellbeing: Wellbeing) -> tuple[Fault, ...]:
    """What a person should look at, the worst for the shop first, never more than the line carries."""
    looked_up = (_STAGE.get(wellbeing.stage), _DISK.get(wellbeing.disk))
    found = [fault for fault in looked_up if fault is not None]
    found += [Fault(each.code, each.source) for each in map(_fit, wellbeing.devices) if each.code]
    return tuple(found[:FAULTS_MAX])


def _fit(device: DeviceHealth) -> DeviceHealth:
    """A profile of somebody's own may call its faults as it likes: the hub would refuse the whole state."""
    source = device.source if _SOURCE.fullmatch(device.source) else UNNAMED
    code = device.code if not device.code or _CODE.fullmatch(device.code) else OTHER
    return DeviceHealth(source, device.stands, code)
