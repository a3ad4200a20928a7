"""Recordings of real input devices in evemu's text form: as bytes, as facts, and as a device for umockdev."""

import os
import re
import struct
from pathlib import Path

import msgspec
import pytest

from edge.drivers.driver import Axis, InputFacts
from tests.drivers.evdev.strokes import event

ROOT = Path(__file__).parents[3]
DEVICES = ROOT / os.environ.get("OPOS_DATA", "../shared/data") / "devices"

_EVENT = re.compile(r"E: (\d+)\.(\d+)\s+([0-9a-fA-F]{4})\s+([0-9a-fA-F]{4})\s+(-?\d+)")
_EV_KEY, _EV_ABS, _EV_LED = 1, 3, 17

# The size of the bit fields that python-evdev asks the kernel for, and of the texts.
_BITS_BYTES, _TYPES_BYTES, _TEXT_BYTES = 96, 4, 256


class Recording(msgspec.Struct, frozen=True):
    """One recording: the device's name and ids, what it can do, and what it said, times from its start."""

    name: str
    ids: tuple[int, ...]
    properties: bytes
    bits: dict[int, bytes]
    axes: dict[int, tuple[int, ...]]
    events: tuple[tuple[int, int, int, int], ...]

    @property
    def data(self) -> bytes:
        """What the kernel hands out, as 64-bit Linux does."""
        return b"".join(event(*each) for each in self.events)

    @property
    def facts(self) -> InputFacts:
        """What the kernel knows of the device."""
        axes = {code: Axis(lowest, highest) for code, (lowest, highest, *_) in self.axes.items()}
        return InputFacts(self.name, axes)

    def mock(self, stem: Path) -> list[str]:
        """Write the files of a mocked device; what is returned are the arguments for umockdev-run."""
        device, ioctls, said = (stem.with_suffix(suffix) for suffix in (".umockdev", ".ioctl", ".events"))
        device.write_text(_SYSFS.format(name=self.name, touch="TOUCHSCREEN" if self.axes else "KEYBOARD"))
        ioctls.write_text("".join(self._ioctls()))
        # The microseconds stand unpadded: umockdev 0.17 takes a leading zero for octal.
        lines = (
            f"E: {us // 10**6}.{us % 10**6} {kind:04x} {code:04x} {value}\n"
            for us, kind, code, value in self.events
        )
        said.write_text("".join(lines))
        path = "/dev/input/event0"
        return ["-d", str(device), "-i", f"{path}={ioctls}", "-e", f"{path}={said}"]

    def _ioctls(self) -> list[str]:
        """One line for each question of python-evdev: its name, what the call returns, what it fills in."""
        name = self.name.encode() + b"\0"
        lines = [
            _line("EVIOCGVERSION", struct.pack("<I", 0x010001), 0),
            _line("EVIOCGEFFECTS", bytes(4), 0),
            _line("EVIOCGID", struct.pack("<4H", *self.ids), 0),
            _line("EVIOCGNAME(0)", name.ljust(_TEXT_BYTES, b"\0"), len(name)),
            _line("EVIOCGPHYS(0)", b"mock\0".ljust(_TEXT_BYTES, b"\0"), 5),
            _line("EVIOCGUNIQ(0)", bytes(_TEXT_BYTES), 1),
            _line("EVIOCGPROP(0)", self.properties.ljust(_TYPES_BYTES, b"\0")[:_TYPES_BYTES], _TYPES_BYTES),
            _line(
                "EVIOCGBIT(0)", self.bits.get(0, b"").ljust(_TYPES_BYTES, b"\0")[:_TYPES_BYTES], _TYPES_BYTES
            ),
        ]
        for kind, bits in sorted(self.bits.items()):
            if kind:
                lines.append(
                    _line(f"EVIOCGBIT({kind})", bits.ljust(_BITS_BYTES, b"\0")[:_BITS_BYTES], _BITS_BYTES)
                )
        for code, (lowest, highest, *rest) in sorted(self.axes.items()):
            values = (0, lowest, highest, *rest, 0, 0, 0)[:6]
            lines.append(_line(f"EVIOCGABS({code})", struct.pack("<6i", *values), 0))
        return lines


def recorded(*names: str) -> Recording:
    """One recording; a description may stand in a file of its own, before that of the events."""
    paths = [DEVICES / name for name in names]
    if missing := [path for path in paths if not path.is_file()]:
        pytest.skip(f"{missing[0]} is not there: recordings of real devices are no part of this repository")
    return _parsed("\n".join(path.read_text(encoding="utf-8", errors="replace") for path in paths))


def _parsed(text: str) -> Recording:
    name, properties = "", b""
    ids: tuple[int, ...] = ()
    bits: dict[int, bytes] = {}
    axes: dict[int, tuple[int, ...]] = {}
    events: list[tuple[int, int, int, int]] = []
    for line in text.splitlines():
        match line.partition(" ")[::2]:
            case "N:", rest:
                name = rest
            case "I:", rest:
                ids = tuple(int(number, 16) for number in rest.split())
            case "P:", rest:
                properties += bytes.fromhex(rest)
            case "B:", rest:
                kind, _, field = rest.partition(" ")
                bits[int(kind, 16)] = bits.get(int(kind, 16), b"") + bytes.fromhex(field)
            case "A:", rest:
                code, _, numbers = rest.partition(" ")
                axes[int(code, 16)] = tuple(int(number) for number in numbers.split())
            case "E:", _ if found := _EVENT.match(line):
                seconds, microseconds, event_kind, event_code, value = found.groups()
                at_us = int(seconds) * 10**6 + int(microseconds)
                events.append((at_us, int(event_kind, 16), int(event_code, 16), int(value)))
            case _:
                pass
    start_us = events[0][0] if events else 0
    shifted = tuple((at_us - start_us, *rest) for at_us, *rest in events)
    return msgspec.convert(
        {"name": name, "ids": ids, "properties": properties, "bits": bits, "axes": axes, "events": shifted},
        Recording,
    )


def _line(question: str, answer: bytes, returned: int) -> str:
    return f"{question} {returned} {answer.hex().upper()}\n"


_SYSFS = """\
P: /devices/virtual/input/input64/event0
N: input/event0
E: DEVNAME=/dev/input/event0
E: ID_INPUT=1
E: ID_INPUT_{touch}=1
E: MAJOR=13
E: MINOR=64
E: SUBSYSTEM=input
A: dev=13:64
L: device=../../input64

P: /devices/virtual/input/input64
E: NAME="{name}"
E: SUBSYSTEM=input
A: name={name}
"""
