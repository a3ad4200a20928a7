"""What is plugged into this machine, under names that last, and which of our profiles each of it fits."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
import pyudev

from edge.drivers.hotplug import SUBSYSTEMS, context
from edge.drivers.profiles import Profile, Way

# The first channel of a converter, as the kernel writes it (Documentation/ABI/testing/sysfs-bus-iio).
_IIO_FILE: Final = "in_voltage0_raw"

# The ports that the kernel's 8250 driver keeps ready for cards that are not there.
_NO_HARDWARE: Final = "serial8250"


# Where udev puts names that stay: ours, and those by socket (hardware/udev, udev's 60-*.rules).
_STAYING: Final = ("/dev/opos", "/dev/serial/by-path", "/dev/input/by-path")


class Plugged(msgspec.Struct, frozen=True):
    """One thing that a driver could be set to.

    `path` is the name of it that lasts longest, `node` the one that the kernel has given it this time;
    `socket` is the USB socket that it hangs on, `usb` its `vendor:product`. `profiles` fit for certain.
    """

    way: Way
    path: str
    node: str
    name: str
    usb: str = ""
    socket: str = ""
    profiles: tuple[str, ...] = ()

    @property
    def uris(self) -> tuple[str, ...]:
        """A peripheral's URI for each profile that fits."""
        return tuple(f"{self.way}:{self.path}?profile={profile}" for profile in self.profiles)


def plugged(profiles: Iterable[Profile]) -> list[Plugged]:
    """Everything that is plugged in, by name; raises ImportError where there is no libudev."""
    profiles = list(profiles)
    found = [(way, device) for way in _KINDS for device in _devices(way)]
    shared = Counter(link for _, device in found for link in _links(device))
    things = [_thing(way, device, profiles, shared) for way, device in found]
    return sorted(things, key=lambda each: (each.way, each.path))


def lasting_name(path: Path) -> Path:
    """A name of the same device that stays; `path` itself where it is one, or where udev has given none."""
    path = path.absolute()
    if path.is_symlink():
        return path
    names = (name for folder in _STAYING for name in sorted(Path(folder).glob("*")))
    return next((name for name in names if name.is_symlink() and name.resolve() == path), path)


def _devices(way: Way) -> Iterator[pyudev.Device]:
    is_one = _KINDS[way]
    return (device for device in context().list_devices(subsystem=SUBSYSTEMS[way]) if is_one(device))


def _is_serial(device: pyudev.Device) -> bool:
    """A port with hardware behind it: no console, no pty."""
    return device.parent is not None and all(each.sys_name != _NO_HARDWARE for each in device.ancestors)


def _is_input(device: pyudev.Device) -> bool:
    """A node of a keyboard or of a panel: udev's own word for it."""
    said = device.properties
    is_node = device.sys_name.startswith("event")
    return is_node and "1" in {said.get("ID_INPUT_KEYBOARD"), said.get("ID_INPUT_TOUCHSCREEN")}


_KINDS: Final[dict[Way, Callable[[pyudev.Device], bool]]] = {
    "serial": _is_serial,
    "evdev": _is_input,
    "hidraw": lambda _: True,
    "lp": lambda device: device.sys_name.startswith("lp"),
    "iio": lambda device: (Path(device.sys_path) / _IIO_FILE).exists(),
}


def _thing(way: Way, device: pyudev.Device, profiles: Iterable[Profile], shared: Counter[str]) -> Plugged:
    usb = device.find_parent("usb", "usb_device")
    ids, name = _ids(device, usb), _name(way, device, usb)
    return Plugged(
        way,
        _lasting(way, device, shared),
        device.device_node or device.sys_path,
        name,
        ids,
        "" if usb is None else usb.sys_name,
        tuple(each.name for each in profiles if way in each.ways and _fits(each, way, ids, name)),
    )


def _fits(profile: Profile, way: Way, ids: str, name: str) -> bool:
    """USB ids say it; a converter of the kernel's has none, and is called by the name of its chip."""
    return ids in profile.usb or (way == "iio" and name == profile.protocol)


def _lasting(way: Way, device: pyudev.Device, shared: Counter[str]) -> str:
    """The name that stays, the best first.

    Ours, by the socket or by what an installer has written; then the maker's serial number, unless another
    device that is plugged in claims the same; then the socket as udev writes it.
    """
    if way == "iio":
        return f"/sys/bus/iio/devices/{device.sys_name}/{_IIO_FILE}"
    own = [link for link in _links(device) if shared[link] == 1]
    has_number = bool(device.properties.get("ID_SERIAL_SHORT"))
    wanted = ["/dev/opos/", *(["/by-id/"] if has_number else []), "/by-path/"]
    links = [link for part in wanted for link in own if part in link]
    return links[0] if links else str(device.device_node)


def _links(device: pyudev.Device) -> list[str]:
    """The names that udev's rules have given it."""
    return sorted(device.properties.get("DEVLINKS", "").split())


def _ids(device: pyudev.Device, usb: pyudev.Device | None) -> str:
    if usb is not None:
        return f"{_said(usb, 'idVendor')}:{_said(usb, 'idProduct')}".lower()
    properties = device.properties
    if properties.get("ID_BUS") == "usb":
        return f"{properties.get('ID_VENDOR_ID', '')}:{properties.get('ID_MODEL_ID', '')}".lower()
    return ""


def _name(way: Way, device: pyudev.Device, usb: pyudev.Device | None) -> str:
    """What the device calls itself."""
    if way == "iio":
        return _said(device, "name")
    if usb is not None and (said := f"{_said(usb, 'manufacturer')} {_said(usb, 'product')}".strip()):
        return said
    named = (_called(each) for each in (device, *device.ancestors))
    return next((name for name in named if name), device.sys_name)


def _called(device: pyudev.Device) -> str:
    """The name of an input or HID device, or the model that udev has read."""
    properties: Any = device.properties
    name = properties.get("NAME", "").strip('"') or properties.get("HID_NAME", "")
    return str(name or properties.get("ID_MODEL", "").replace("_", " "))


def _said(device: pyudev.Device, attribute: str) -> str:
    """A text of sysfs, as far as it is text; empty when there is none."""
    raw: bytes = device.attributes.get(attribute) or b""
    return raw.decode("utf-8", "replace").strip()
