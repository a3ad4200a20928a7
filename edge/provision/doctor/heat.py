"""Heat: the thermal zones of the board (Linux Documentation/driver-api/thermal/sysfs-api.rst)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from edge.provision.doctor.pages import Finding, found
from edge.provision.doctor.patient import Patient
from edge.provision.doctor.subject import Subject, UnknownError
from edge.provision.doctor.sysroot import Sysroot

# A Raspberry Pi slows down from 80 degrees on (its documentation, "Frequency management").
_LIMIT_MILLIC: Final = 80_000
# So near to where the kernel switches off nobody wants to be.
_MARGIN_MILLIC: Final = 5_000


class Zone(msgspec.Struct, frozen=True):
    """A place that is measured, in thousandths of a degree Celsius."""

    name: str
    now_millic: int
    limit_millic: int


def read(patient: Patient) -> Iterator[Zone]:
    """Every zone that tells a temperature."""
    root, told = patient.root, 0
    for zone in root.found("/sys/class/thermal/thermal_zone*"):
        now_millic = root.number(zone / "temp")
        if now_millic is not None:
            told += 1
            yield Zone(root.text(zone / "type") or zone.name, now_millic, _limit_millic(root, zone))
    if not told:
        raise UnknownError("this machine does not measure its temperature")


def _limit_millic(root: Sysroot, zone: Path) -> int:
    """Where it begins to be too hot: below every trip point at which the kernel gives up."""
    limits = [_LIMIT_MILLIC]
    for kind in zone.glob("trip_point_*_type"):
        at_millic = root.number(kind.with_name(kind.name.replace("_type", "_temp")))
        if root.text(kind) in {"hot", "critical"} and at_millic is not None and at_millic > 0:
            limits.append(at_millic - _MARGIN_MILLIC)
    return min(limits)


def too_hot(zone: Zone) -> Finding | None:
    """At its limit, or above."""
    if zone.now_millic < zone.limit_millic:
        return None
    return found("OP-1101", zone=zone.name, celsius=zone.now_millic // 1000, limit=zone.limit_millic // 1000)


HEAT: Final = Subject(read, too_hot)
