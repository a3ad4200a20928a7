"""Power: what a board measures of its own supply.

Sources: raspberrypi/linux drivers/firmware/raspberrypi.c (the file get_throttled, hexadecimal); Raspberry Pi
documentation, "vcgencmd", get_throttled (the bits); Linux Documentation/hwmon/raspberrypi-hwmon.rst.
"""

from collections.abc import Iterator
from typing import Final

import msgspec

from edge.provision.doctor.pages import Finding, found
from edge.provision.doctor.patient import Patient
from edge.provision.doctor.subject import Subject, UnknownError

_LOW_NOW: Final = 1 << 0
_SLOWED_NOW: Final = 1 << 1 | 1 << 2 | 1 << 3
_LOW_BEFORE: Final = 1 << 16


class Supply(msgspec.Struct, frozen=True):
    """The supply now, and since the start."""

    low_now: bool
    low_before: bool
    slowed: bool


def read(patient: Patient) -> Iterator[Supply]:
    """What the firmware says, or else the kernel's sensor."""
    root = patient.root
    for file in root.found("/sys/devices/platform/**/get_throttled"):
        bits = root.number(file, 16)
        if bits is not None:
            yield Supply(bool(bits & _LOW_NOW), bool(bits & _LOW_BEFORE), bool(bits & _SLOWED_NOW))
            return
    for sensor in root.found("/sys/class/hwmon/hwmon*"):
        if root.text(sensor / "name") == "rpi_volt":
            yield Supply(root.number(sensor / "in0_lcrit_alarm") == 1, low_before=False, slowed=False)
            return
    raise UnknownError("this board does not measure its supply")


def low_now(supply: Supply) -> Finding | None:
    """Too low at this moment."""
    return found("OP-1001") if supply.low_now else None


def low_before(supply: Supply) -> Finding | None:
    """Too low at another one."""
    return found("OP-1002") if supply.low_before and not supply.low_now else None


def slowed(supply: Supply) -> Finding | None:
    """Held back by the firmware."""
    return found("OP-1003") if supply.slowed else None


POWER: Final = Subject(read, low_now, low_before, slowed)
