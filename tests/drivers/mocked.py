"""A machine of umockdev's: devices that udev knows and that nobody has built."""

import shutil
import struct
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import pytest

from edge.drivers.driver import InputFacts

_HOST = "/devices/pci0000:00/0000:00:14.0/usb1"

_RUN = shutil.which("umockdev-run") or ""
needs_umockdev = pytest.mark.skipif(not _RUN, reason="umockdev is not installed (apt-get install umockdev)")


def usb(socket: str, ids: str, **texts: str) -> str:
    """A USB device in its socket, with the texts that it calls itself by."""
    vendor, product = ids.split(":")
    return _entry(
        f"{_HOST}/{socket}",
        {"DEVTYPE": "usb_device", "SUBSYSTEM": "usb"},
        {"idVendor": vendor, "idProduct": product, **texts},
    ) + _entry(f"{_HOST}/{socket}/{socket}:1.0", {"DEVTYPE": "usb_interface", "SUBSYSTEM": "usb"})


def serial_port(socket: str, number: int, *links: str, **said: str) -> str:
    """A serial adapter's port."""
    name = f"ttyUSB{number}"
    path = f"{_HOST}/{socket}/{socket}:1.0/{name}"
    return _entry(path, {"SUBSYSTEM": "usb-serial"}) + node(
        f"{path}/tty/{name}", name, (188, number), links, SUBSYSTEM="tty", **said
    )


def input_device(socket: str, number: int, name: str, *links: str, **said: str) -> str:
    """An input device and its event node; as root of its own where it has no socket."""
    parent = f"{_HOST}/{socket}/{socket}:1.0" if socket else "/devices/platform/i8042/serio0"
    path = f"{parent}/input/input{number}"
    return _entry(path, {"SUBSYSTEM": "input", "NAME": f'"{name}"'}) + node(
        f"{path}/event{number}", f"input/event{number}", (13, 64 + number), links, SUBSYSTEM="input", **said
    )


def hidraw(socket: str, number: int, *links: str) -> str:
    """A HID device's raw node."""
    name = f"hidraw{number}"
    return node(
        f"{_HOST}/{socket}/{socket}:1.0/hidraw/{name}", name, (240, number), links, SUBSYSTEM="hidraw"
    )


def printer(socket: str, number: int, *links: str) -> str:
    """A printer's port."""
    path = f"{_HOST}/{socket}/{socket}:1.0/usbmisc/lp{number}"
    return node(path, f"usb/lp{number}", (180, number), links, SUBSYSTEM="usbmisc")


def converter(number: int, name: str) -> str:
    """A converter of the kernel's, at its first value."""
    facts = {"name": name, "in_voltage0_raw": "8388"}
    path = f"/devices/platform/{name}/iio:device{number}"
    return _entry(path, {"DEVTYPE": "iio_device", "SUBSYSTEM": "iio"}, facts)


def legacy_port(number: int) -> str:
    """A port that the kernel keeps ready for a card that is not there."""
    path = "/devices/platform/serial8250"
    return _entry(path, {"SUBSYSTEM": "platform"}) + node(
        f"{path}/tty/ttyS{number}", f"ttyS{number}", (4, 64 + number), SUBSYSTEM="tty"
    )


def node(path: str, name: str, number: tuple[int, int], links: Sequence[str] = (), **said: str) -> str:
    """A device with a node in /dev."""
    major, minor = map(str, number)
    properties = {"DEVNAME": f"/dev/{name}", "MAJOR": major, "MINOR": minor, **said}
    if links:
        properties["DEVLINKS"] = " ".join(links)
    return _entry(path, properties, {"dev": f"{major}:{minor}"}, f"N: {name}\n")


def run_with(machine: str, folder: Path, program: str, *options: str) -> str:
    """Run a program of Python on such a machine; its output."""
    description = folder / "machine.umockdev"
    description.write_text(machine)
    ran = subprocess.run(
        [_RUN, "-d", str(description), *options, "--", sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def _entry(
    path: str, properties: Mapping[str, str], attributes: Mapping[str, str] | None = None, head: str = ""
) -> str:
    lines = [f"P: {path}\n{head}"]
    lines += [f"E: {name}={value}\n" for name, value in properties.items()]
    lines += [f"A: {name}={value}\\n\n" for name, value in (attributes or {}).items()]
    return "".join(lines) + "\n"


class Panel:
    """An input device whose ioctls are answered as the kernel would."""

    def __init__(
        self,
        name: str,
        axes: Mapping[int, tuple[int, int]],
        keys: Sequence[int] = (),
        properties: Sequence[int] = (),
    ) -> None:
        bits = {0: [0, *([1] if keys else []), *([3] if axes else [])], 1: keys, 3: list(axes)}
        self._answers = [
            _answer("EVIOCGVERSION", struct.pack("<I", 0x010001), 0),
            _answer("EVIOCGEFFECTS", bytes(4), 0),
            _answer("EVIOCGID", struct.pack("<4H", 3, 0x1234, 0x5678, 1), 0),
            _answer("EVIOCGNAME(0)", name.encode().ljust(256, b"\0"), len(name) + 1),
            _answer("EVIOCGPHYS(0)", bytes(256), 1),
            _answer("EVIOCGUNIQ(0)", bytes(256), 1),
            _answer("EVIOCGPROP(0)", _bits(properties, 4), 4),
            _answer("EVIOCGBIT(0)", _bits(bits[0], 4), 4),
            *(_answer(f"EVIOCGBIT({kind})", _bits(bits[kind], 96), 96) for kind in (1, 3) if bits[kind]),
            *(
                _answer(f"EVIOCGABS({axis})", struct.pack("<6i", 0, *ends, 0, 0, 0), 0)
                for axis, ends in axes.items()
            ),
        ]

    def run(
        self, folder: Path, program: str, events: Sequence[tuple[int, int, int, int, int]]
    ) -> tuple[InputFacts, bytes]:
        """Let a program open it and hear these events; the facts and the bytes that it prints."""
        ioctls, said = folder / "panel.ioctl", folder / "panel.events"
        ioctls.write_text("".join(self._answers))
        # Microseconds without leading zeros: umockdev reads those as octal.
        said.write_text(
            "".join(f"E: {s}.{us} {kind:04x} {code:04x} {value}\n" for s, us, kind, code, value in events)
        )
        node = "/dev/input/event0"
        options = ["-i", f"{node}={ioctls}", "-e", f"{node}={said}"]
        facts, data = run_with(input_device("1-1", 0, "panel"), folder, program, *options).splitlines()
        return msgspec.json.decode(facts, type=InputFacts), bytes.fromhex(data)


def _answer(call: str, data: bytes, returned: int) -> str:
    return f"{call} {returned} {data.hex().upper()}\n"


def _bits(numbers: Sequence[int], size: int) -> bytes:
    return sum(1 << number for number in numbers).to_bytes(size, "little")
