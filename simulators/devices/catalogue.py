"""The catalogue of simulated devices: which module makes which type of a bench's file."""

import random
from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import entry_points
from typing import Annotated, Any, Final, Protocol

import msgspec
from msgspec import Meta

from simulators.devices.device import Device, RefusedError, understood

THIRD_PARTIES: Final = "opos.simulators"
"""The entry-point group of simulators that others make: `type = "package.module"`."""

Name = Annotated[str, Meta(pattern="^[a-z][a-z0-9-]*$", max_length=40)]

# Type -> module; each has a Struct `Part`, which is what a bench's file may say of such a device.
_MODULES: Final = {
    "mt-sics": "simulators.devices.scales.mtsics",
    "toledo-8217": "simulators.devices.scales.toledo8217",
    "nci": "simulators.devices.scales.nci",
    "dialog06": "simulators.devices.scales.dialog06",
    "cas": "simulators.devices.scales.cas",
    "st-gs": "simulators.devices.scales.stgs",
    "azextra": "simulators.devices.scales.azextra",
    "hid-scale": "simulators.devices.scales.hidscale",
    "hx711": "simulators.devices.scales.hx711",
    "llrp": "simulators.devices.rfid.llrp",
    "r200": "simulators.devices.rfid.r200",
    "uhfreader18": "simulators.devices.rfid.uhfreader18",
    "thingmagic": "simulators.devices.rfid.thingmagic",
    "pn532": "simulators.devices.rfid.pn532",
    "rdm6300": "simulators.devices.rfid.rdm6300",
    "wedge": "simulators.devices.scanners.wedge",
    "serial-scanner": "simulators.devices.scanners.lines",
    "hid-scanner": "simulators.devices.scanners.hidpos",
    "touch": "simulators.devices.touch.panel",
    "gpio-buttons": "simulators.devices.touch.gpio",
    "mpr121": "simulators.devices.touch.mpr121",
    "esc-pos": "simulators.devices.outputs.escpos",
    "line-display": "simulators.devices.outputs.linedisplay",
    "lcus-relay": "simulators.devices.outputs.relay",
    "gpio-signals": "simulators.devices.outputs.signals",
    "zvt": "simulators.terminals.zvt.terminal",
    "recording": "simulators.devices.recording",
}


class BenchDevice(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a bench's file says of any device: its name, the port it is reached at, its luck.

    `paced` lets every byte take the time that it takes at the device's baud rate.
    """

    name: Name
    at: str
    seed: int = 0
    paced: bool = False


class Part(Protocol):
    """What a module of the catalogue offers: a BenchDevice with options of its own."""

    name: str
    at: str
    seed: int
    paced: bool

    def device(self, luck: random.Random) -> Device:
        """Make the device."""
        ...


def types() -> list[str]:
    """Every type that can stand on a bench here, those of others included."""
    return sorted({*_MODULES, *(each.name for each in entry_points(group=THIRD_PARTIES))})


def part(fields: Mapping[str, Any]) -> Part:
    """Read one device of a bench's file; RefusedError says what is wrong in it."""
    fields = dict(fields)
    kind = fields.pop("type", None)
    module = _MODULES.get(str(kind))
    if module is None:
        for each in entry_points(group=THIRD_PARTIES, name=str(kind)):
            module = each.value
    if module is None:
        raise RefusedError(f"no device of the type {kind!r} is known: the types are {', '.join(types())}")
    read: Part = understood(fields, import_module(module).Part, f"the {kind} {fields.get('name', '')!r}")
    return read
