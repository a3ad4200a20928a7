"""The glass: the display, the touchscreen, and the browser that shows the one and feels the other.

Sources: Linux Documentation/gpu/drm-kms.rst (connectors in sysfs); drivers/input/input.c
(/proc/bus/input/devices); include/uapi/linux/input-event-codes.h.
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from edge.display.edid import picture_size
from edge.provision.doctor.pages import Finding, found
from edge.provision.doctor.patient import Patient
from edge.provision.doctor.subject import Subject, UnknownError
from edge.provision.doctor.sysroot import Sysroot
from edge.provision.doctor.units import KIOSK, Unit, units_of

# The kernel writes its bits in words of a long, the highest first.
_WORD_BITS: Final = 8 * struct.calcsize("l")
_IS_DIRECT: Final = 1 << 1  # INPUT_PROP_DIRECT: a finger lies on the picture itself


class Connector(msgspec.Struct, frozen=True):
    """A connector for a display: what hangs on it, and whether that says how large it is."""

    name: str
    connected: bool
    sized: bool


class Glass(msgspec.Struct, frozen=True):
    """All that a glass needs; `watchers` None where the object itself does not answer."""

    kiosk: Unit
    connectors: tuple[Connector, ...]
    touchscreens: int
    width_known: bool
    watchers: int | None


def read(patient: Patient) -> Iterator[Glass]:
    """The glass of this machine, if it has one."""
    kiosk = next((unit for unit in units_of(patient.run, KIOSK) if unit.loaded), None)
    if kiosk is None or kiosk.enabled == "disabled":
        raise UnknownError("no browser shows the glass on this machine")
    config = patient.config
    named = config is not None and any(each.role == "touch" for each in config.peripherals)
    yield Glass(
        kiosk,
        tuple(connectors(patient.root)),
        touchscreens(patient.root) + named,
        config is not None and config.display.width_mm is not None,
        None if patient.status is None else patient.status.watchers,
    )


def connectors(root: Sysroot) -> Iterator[Connector]:
    """Every connector that the kernel shows."""
    for folder in root.found("/sys/class/drm/card*-*"):
        name = folder.name.partition("-")[2]
        yield Connector(name, root.text(folder / "status") == "connected", _sized(folder))


def _sized(folder: Path) -> bool:
    try:
        return picture_size((folder / "edid").read_bytes()) is not None
    except (OSError, ValueError):
        return False


def touchscreens(root: Sysroot) -> int:
    """How many devices are touched where the picture is."""
    blocks = root.text("/proc/bus/input/devices").split("\n\n")
    return sum(bool(_bits(block, "PROP") & _IS_DIRECT) for block in blocks)


def _bits(block: str, name: str) -> int:
    for line in block.splitlines():
        if line.startswith(f"B: {name}="):
            words = line.partition("=")[2].split()
            return sum(int(word, 16) << _WORD_BITS * place for place, word in enumerate(reversed(words)))
    return 0


def no_touch(glass: Glass) -> Finding | None:
    """Nothing to touch."""
    return None if glass.touchscreens else found("OP-2201")


def no_display(glass: Glass) -> Finding | None:
    """Nothing to see."""
    if any(each.connected for each in glass.connectors):
        return None
    return found("OP-2301", connectors=", ".join(each.name for each in glass.connectors) or "no connector")


def no_size(glass: Glass) -> Finding | None:
    """Something to see, of which nobody knows how large."""
    here = [each for each in glass.connectors if each.connected]
    if not here or glass.width_known or any(each.sized for each in here):
        return None
    return found("OP-2302", connector=here[0].name)


def no_browser(glass: Glass) -> Finding | None:
    """Nobody who shows it."""
    if glass.kiosk.active in {"active", "activating", "reloading"}:
        return None
    return found("OP-2303", state=glass.kiosk.sub or glass.kiosk.active)


def no_page(glass: Glass) -> Finding | None:
    """Somebody who shows something else."""
    if glass.kiosk.active != "active" or glass.watchers != 0:
        return None
    return found("OP-2304")


GLASS: Final = Subject(read, no_touch, no_display, no_size, no_browser, no_page)
