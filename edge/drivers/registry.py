"""The registry of drivers: which one speaks a protocol; a module is imported only when it is asked for."""

from importlib import import_module
from importlib.metadata import entry_points
from typing import Final, cast

import msgspec

from edge.drivers.driver import Driver, DriverFactory
from edge.drivers.profiles import Profile, ProfileError

THIRD_PARTIES: Final = "opos.drivers"
"""The entry-point group of drivers that others make: `protocol = "package.module:driver"`."""

# Protocol -> module; each has a function `driver(settings)`. An object has two or three devices: it need not
# hold the drivers of all the others in memory.
_MODULES: Final = {
    "mt-sics": "edge.drivers.scales.mtsics",
    "toledo-8217": "edge.drivers.scales.toledo8217",
    "nci": "edge.drivers.scales.nci",
    "dialog06": "edge.drivers.scales.dialog06",
    "cas": "edge.drivers.scales.cas",
    "st-gs": "edge.drivers.scales.stgs",
    "azextra": "edge.drivers.scales.azextra",
    "hid-scale": "edge.drivers.scales.hidscale",
    "hx711": "edge.drivers.scales.hx711",
    "llrp": "edge.drivers.rfid.llrp",
    "r200": "edge.drivers.rfid.r200",
    "uhfreader18": "edge.drivers.rfid.uhfreader18",
    "thingmagic": "edge.drivers.rfid.thingmagic",
    "pn532": "edge.drivers.rfid.pn532",
    "rdm6300": "edge.drivers.rfid.rdm6300",
    "wedge": "edge.drivers.scanners.wedge",
    "serial-scanner": "edge.drivers.scanners.lines",
    "hid-scanner": "edge.drivers.scanners.hidpos",
    "touch": "edge.drivers.touch.panel",
    "gpio-buttons": "edge.drivers.touch.gpio",
    "mpr121": "edge.drivers.touch.mpr121",
    "esc-pos": "edge.drivers.outputs.escpos",
    "line-display": "edge.drivers.outputs.linedisplay",
    "lcus-relay": "edge.drivers.outputs.relay",
    "gpio-signals": "edge.drivers.outputs.signals",
    "zvt": "edge.drivers.terminals.zvt",
}


def protocols() -> list[str]:
    """Every protocol that can be spoken here, those of others included."""
    return sorted({*_MODULES, *(each.name for each in entry_points(group=THIRD_PARTIES))})


def driver_for(profile: Profile) -> Driver:
    """A new driver for one device of this kind; raises ProfileError."""
    factory = _factory(profile)
    try:
        return factory(profile.settings)
    except msgspec.ValidationError as error:
        raise ProfileError(f"profile {profile.name!r}: settings: {error}") from error


def _factory(profile: Profile) -> DriverFactory:
    if module := _MODULES.get(profile.protocol):
        return cast(DriverFactory, import_module(module).driver)
    for each in entry_points(group=THIRD_PARTIES, name=profile.protocol):
        return cast(DriverFactory, each.load())
    raise ProfileError(
        f"profile {profile.name!r}: no driver speaks {profile.protocol!r}, only {', '.join(protocols())}"
    )
