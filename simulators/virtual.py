"""Ports that the kernel makes: input devices by uinput, HID devices by uhid, and a file as of an IIO sensor.

uinput and uhid want the kernel's modules of these names and the right to open /dev/uinput and /dev/uhid.
Where they are missing, `pty:NAME` carries the same bytes.
"""

import asyncio
import errno
import hashlib
import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from simulators.devices.device import RefusedError
from simulators.devices.personas import HidPersona, InputPersona
from simulators.devices.touch.events import EVENT, MICROSECONDS

# As often as an HX711 converts at its faster rate.
REFRESH_S: Final = 1 / 80

EV_KEY, EV_ABS, EV_MSC = 0x01, 0x03, 0x04
# What a device says next is never held back for longer: a pause is the device's own, and has passed already.
GAP_MAX_S: Final = 0.1
# The longest code there is, three events for each key that goes down or up.
UNSAID_BYTES_MAX: Final = 2 * 3 * EVENT.size * 7089

# include/uapi/linux/uhid.h: event types, and the sizes of their fixed fields.
UHID_DESTROY, UHID_OUTPUT, UHID_CREATE2, UHID_INPUT2 = 1, 6, 11, 12
UHID_EVENT_BYTES: Final = 4380
UHID_DATA_MAX: Final = 4096
BUS_USB: Final = 3


class FilePort:
    """A file that holds the newest value, as sysfs shows a sensor: it is read as often as one likes."""

    host_baud = None

    def __init__(self, path: Path) -> None:
        self._path = path
        self._heard: Callable[[bytes], None] | None = None
        self._alarm: asyncio.TimerHandle | None = None

    @property
    def address(self) -> str:
        """The file."""
        return f"file:{self._path}"

    async def open(self, heard: Callable[[bytes], None]) -> None:
        """Make the file; the device is asked for a value again and again, as the kernel would."""
        self._heard = heard
        self._refresh()

    def write(self, data: bytes) -> None:
        """Put the newest value into the file, in one step."""
        new = self._path.with_name(f"{self._path.name}.new")
        try:
            new.write_bytes(data)
            new.replace(self._path)
        except OSError as error:
            raise RefusedError(f"a sensor cannot be shown at {self._path}: {error.strerror}") from error

    def close(self) -> None:
        """Remove the file."""
        if self._alarm:
            self._alarm.cancel()
        self._path.unlink(missing_ok=True)
        self._heard = None

    def _refresh(self) -> None:
        if self._heard:
            self._alarm = asyncio.get_running_loop().call_later(REFRESH_S, self._refresh)
            self._heard(b"\n")


class UinputPort:
    """An input device of the kernel, as /dev/input/eventN; the link points at it.

    What it says keeps its pace, however late the bench is: a reader finds room for 64 events (the kernel's
    drivers/input/evdev.c), and a scanner that caught up all at once would lose its code there.
    """

    host_baud = None

    def __init__(self, link: Path, persona: InputPersona) -> None:
        self._link = link
        self._persona = persona
        self._device: Any = None
        self._unsaid = bytearray()
        self._alarm: asyncio.TimerHandle | None = None
        # When the last event was said, by the clock of the loop and by its own.
        self._said_s, self._said_us = 0.0, 0

    @property
    def address(self) -> str:
        """The symlink."""
        return f"uinput:{self._link}"

    async def open(self, _heard: Callable[[bytes], None]) -> None:
        """Let the kernel make the device."""
        from evdev import AbsInfo, UInput  # noqa: PLC0415 (only where the kernel has uinput)
        from evdev.uinput import UInputError  # noqa: PLC0415

        persona = self._persona
        axes = [(code, AbsInfo(low, low, high, 0, 0, 0)) for code, (low, high) in persona.axes.items()]
        events: dict[int, Any] = {EV_KEY: persona.keys, EV_ABS: axes, EV_MSC: (4,) if not axes else ()}
        try:
            self._device = UInput(
                {kind: codes for kind, codes in events.items() if codes},
                name=persona.name,
                vendor=persona.vendor,
                product=persona.product,
                input_props=persona.properties,
            )
        except (UInputError, OSError) as error:
            raise RefusedError(
                f"the kernel makes no input device: {error}; `modprobe uinput` as root"
            ) from error
        if self._device.device is None:
            self.close()
            raise RefusedError("the input device may not be opened: add yourself to the group input")
        _point(self._link, self._device.device.path)

    def write(self, data: bytes) -> None:
        """Let the kernel say these events, and give them its own time; a piece of one (a fault) is lost."""
        if self._device is None or len(self._unsaid) + len(data) > UNSAID_BYTES_MAX:
            return
        self._unsaid += data[: len(data) // EVENT.size * EVENT.size]
        if self._alarm is None:
            self._say()

    def close(self) -> None:
        """Let the kernel take the device away."""
        if self._alarm:
            self._alarm.cancel()
            self._alarm = None
        self._unsaid.clear()
        if self._device is not None:
            self._device.close()
            self._device = None
            self._link.unlink(missing_ok=True)

    def _say(self) -> None:
        """Say each event no sooner after the one before than its own time has it."""
        loop = asyncio.get_running_loop()
        self._alarm = None
        while self._unsaid:
            seconds, micros, *event = EVENT.unpack_from(self._unsaid)
            at_us = seconds * MICROSECONDS + micros
            due_s = self._said_s + min((at_us - self._said_us) / MICROSECONDS, GAP_MAX_S)
            if loop.time() < due_s:
                self._alarm = loop.call_at(due_s, self._say)
                return
            del self._unsaid[: EVENT.size]
            self._device.write(*event)
            self._said_s, self._said_us = loop.time(), at_us


class UhidPort:
    """A HID device of the kernel, as /dev/hidrawN; the link points at it."""

    host_baud = None

    def __init__(self, link: Path, persona: HidPersona) -> None:
        self._link = link
        self._persona = persona
        self._fd: int | None = None
        self._heard: Callable[[bytes], None] | None = None

    @property
    def address(self) -> str:
        """The symlink."""
        return f"uhid:{self._link}"

    async def open(self, heard: Callable[[bytes], None]) -> None:
        """Let the kernel make the device."""
        try:
            self._fd = os.open("/dev/uhid", os.O_RDWR | os.O_NONBLOCK)
        except OSError as error:
            raise RefusedError(
                f"the kernel makes no HID device: {error.strerror}; `modprobe uhid` as root"
            ) from error
        # Its serial number is its own among all HID devices here, and the same each time it is plugged in.
        number = hashlib.blake2s(bytes(self._link.absolute()), digest_size=8).hexdigest()
        os.write(self._fd, _create(self._persona, number))
        self._heard = heard
        asyncio.get_running_loop().add_reader(self._fd, self._read)
        try:
            _point(self._link, str(await _appeared(number)))
        except RefusedError:
            self._destroy()
            raise

    def write(self, data: bytes) -> None:
        """Hand over whole reports, each by itself."""
        size = self._persona.report_bytes
        for start in range(0, len(data), size):
            report = data[start : start + size]
            if self._fd is not None:
                head = struct.pack("<IH", UHID_INPUT2, len(report))
                os.write(self._fd, head + report.ljust(UHID_DATA_MAX, b"\0"))

    def close(self) -> None:
        """Let the kernel take the device away."""
        if self._fd is not None:
            self._destroy()
            self._link.unlink(missing_ok=True)

    def _destroy(self) -> None:
        assert self._fd is not None, "only what was made is taken away"
        asyncio.get_running_loop().remove_reader(self._fd)
        os.write(self._fd, struct.pack("<I", UHID_DESTROY))
        os.close(self._fd)
        self._fd = None

    def _read(self) -> None:
        """Take what the kernel tells; only what the host writes is of use."""
        assert self._fd is not None, "a closed port is not read"
        try:
            event = os.read(self._fd, UHID_EVENT_BYTES)
        except BlockingIOError:
            return
        (kind,) = struct.unpack_from("<I", event)
        if kind == UHID_OUTPUT and self._heard:
            (size,) = struct.unpack_from("<H", event, 4 + UHID_DATA_MAX)
            self._heard(event[4 : 4 + size])


def _create(persona: HidPersona, number: str) -> bytes:
    """Struct uhid_create2_req: name, phys, uniq, size, bus, vendor, product, version, country, descriptor."""
    names = (
        persona.name.encode().ljust(128, b"\0") + b"opos".ljust(64, b"\0") + number.encode().ljust(64, b"\0")
    )
    numbers = struct.pack("<HHIIII", len(persona.descriptor), BUS_USB, persona.vendor, persona.product, 0, 0)
    return struct.pack("<I", UHID_CREATE2) + names + numbers + persona.descriptor.ljust(UHID_DATA_MAX, b"\0")


async def _appeared(number: str) -> Path:
    """The hidraw of the device with this serial number; RefusedError when none comes within two seconds."""
    for _ in range(200):
        for about in Path("/sys/class/hidraw").glob("*/device/uevent"):
            node = Path("/dev") / about.parts[-3]
            if f"HID_UNIQ={number}\n" in _told(about) and node.exists():
                return node
        await asyncio.sleep(0.01)
    raise RefusedError("the kernel shows no /dev/hidraw for a HID device: `modprobe hid-generic` as root")


def _told(about: Path) -> str:
    """What sysfs has to say; nothing of a device that has just gone."""
    try:
        return about.read_text(errors="replace")
    except OSError:
        return ""


def _point(link: Path, target: str) -> None:
    """Make or replace a symlink in one step."""
    if link.exists() and not link.is_symlink():
        raise RefusedError(f"{link}: {os.strerror(errno.EEXIST)}: move it away or choose another name")
    new = link.with_name(f"{link.name}.new")
    new.unlink(missing_ok=True)
    new.symlink_to(target)
    new.replace(link)
