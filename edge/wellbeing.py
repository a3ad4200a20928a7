"""How the runtime is, as far as somebody who is not in the shop has to know it."""

import re
from collections.abc import Mapping
from typing import Final

import msgspec

from cloud_sync.contract.state import CODE, FAULTS_MAX, Fault

OTHER: Final = "device.other"
"""A fault that is called by no word that the line carries."""

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


def faults_of(wellbeing: Wellbeing) -> tuple[Fault, ...]:
    """What a person should look at, the worst for the shop first, never more than the line carries."""
    looked_up = (_STAGE.get(wellbeing.stage), _DISK.get(wellbeing.disk))
    found = [fault for fault in looked_up if fault is not None]
    found += [Fault(_named(each.code), each.source) for each in wellbeing.devices if each.code]
    return tuple(found[:FAULTS_MAX])


def _named(code: str) -> str:
    """A profile of somebody's own may call its faults as it likes: the hub would refuse the whole state."""
    return code if re.match(CODE, code) else OTHER
