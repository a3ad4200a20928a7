"""The devices of the object's file: a word with each, through the runtime that holds it or by ourselves."""

import asyncio
import errno
import os
import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, Literal, get_args

import msgspec

from edge.config import CAMERA, PeripheralSection
from edge.drivers.profiles import ProfileError, Way
from edge.drivers.transports import why
from edge.drivers.uris import FileAddress, PeripheralUri, PeripheralUriError, parse_uri
from edge.provision.doctor.exchange import GARBLED, exchange
from edge.provision.doctor.pages import Finding, found
from edge.provision.doctor.patient import Device, Patient
from edge.provision.doctor.subject import Subject, UnknownError, config_of
from edge.provision.doctor.sysroot import Sysroot
from edge.provision.pairing import PairedRole

GONE: Final = frozenset({"device.gone", "camera.gone"})
_SILENT: Final = frozenset({"device.silent"})
_OURS: Final = frozenset({*GONE, *_SILENT, GARBLED})
_LOOK_AGAIN: Final = "opos doctor --only devices"
_BUSY: Final = (errno.EBUSY, errno.EAGAIN)

# Names that the kernel gives away anew at each start, in the order in which it finds things.
_PASSING: Final = re.compile(r"/dev/(tty(USB|ACM)|input/event|hidraw|usb/lp)\d+")

# Linux V4L2: /dev/videoN; OpenCV's number is the same N.
_CAMERA_NODE: Final = "/dev/video{}"


class Called(msgspec.Struct, frozen=True):
    """A device, how it stands, and who else has its port open (name and process, if that can be seen)."""

    section: PeripheralSection
    path: str
    way: Way | Literal["camera"]
    device: Device
    bad_line: str = ""
    holder: str = ""
    holder_pid: int = 0

    @property
    def source(self) -> str:
        """What the object calls it."""
        return self.section.source

    def cannot_be_opened_for(self, *numbers: int) -> bool:
        """Whether the transport says so for one of these reasons."""
        said = (why(OSError(number, ""), self.way) for number in numbers)
        return self.device.code in GONE and any(each in self.device.sentence for each in said)


def read(patient: Patient) -> Iterator[Called]:
    """Every device of the file but its card terminals."""
    config = config_of(patient)
    if not config.peripherals:
        raise UnknownError("the object's file names no device")
    yield from called(patient, config.peripherals)


def called(patient: Patient, sections: Sequence[PeripheralSection]) -> list[Called]:
    """How each of these stands: what the runtime says of it, or what it says to us."""
    told = {} if patient.status is None else patient.status.devices
    ours = [each for each in sections if _is_free(each, told.get(each.source))]
    heard = dict(zip(ours, asyncio.run(_words(ours, patient)), strict=True))
    return [heard[each] if each in heard else _as_told(each, told[each.source]) for each in sections]


def _is_free(section: PeripheralSection, device: Device | None) -> bool:
    """Whether nobody of ours has it open: then a word with it disturbs nobody.

    One that the runtime may not open is its to tell: whoever examines may be let at more than it is.
    """
    if device is None or device.code not in GONE:
        return device is None
    return not _as_told(section, device).cannot_be_opened_for(errno.EACCES)


def _as_told(section: PeripheralSection, device: Device) -> Called:
    """By the runtime's roll; what the file says now may be otherwise than when it started."""
    if section.role == "camera":
        return Called(section, section.uri, "serial", device)
    try:
        address = parse_uri(section.uri).address
    except (PeripheralUriError, ProfileError) as error:
        return _unworkable(section, error)
    return Called(section, str(address), address.way, device)


def _unworkable(section: PeripheralSection, error: ValueError) -> Called:
    return Called(section, section.uri, "serial", Device("faulty"), bad_line=str(error))


async def _words(sections: Sequence[PeripheralSection], patient: Patient) -> list[Called]:
    return await asyncio.gather(*(_word(each, patient) for each in sections))


async def _word(section: PeripheralSection, patient: Patient) -> Called:
    if section.role == "camera":
        return _camera(section)
    try:
        uri = parse_uri(section.uri)
        device = await exchange(uri, patient.clock)
    except (PeripheralUriError, ProfileError) as error:
        return _unworkable(section, error)
    one = Called(section, str(uri.address), uri.address.way, device)
    return _with_holder(one, uri, patient.root) if one.cannot_be_opened_for(*_BUSY) else one


def _camera(section: PeripheralSection) -> Called:
    """A camera is only opened: its pictures are the business of a process that knows how to look at them."""
    where = section.uri.removeprefix(CAMERA)
    path = _CAMERA_NODE.format(where) if where.isdigit() else where
    try:
        os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK))
    except OSError as error:
        device = Device("faulty", "camera.gone", f"The camera at {path} {why(error, 'camera')}.")
        return Called(section, path, "camera", device)
    return Called(section, path, "camera", Device("ready"))


def _with_holder(one: Called, uri: PeripheralUri, root: Sysroot) -> Called:
    """The same with whoever has its port open, by the kernel's own lists."""
    if not isinstance(uri.address, FileAddress):
        return one
    real = Path(uri.address.path).resolve()
    for link in root.found("/proc/[0-9]*/fd/*"):
        try:
            # In a container's /dev there may be another device of the same name.
            is_it = link.readlink() == real and link.samefile(real)
        except OSError:
            continue  # it has ended meanwhile, or is none of our business
        pid = int(link.parts[-3])
        if is_it and pid != os.getpid():
            name = root.text(f"/proc/{pid}/comm") or "a program"
            return msgspec.structs.replace(one, holder=name, holder_pid=pid)
    return one


def _paired(one: Called, code: str, **said: object) -> Finding:
    """The finding that `opos pair` mends; of a device that it cannot ask the line is a hand's to change."""
    section = one.section
    device = section.role if section.name is None else f"{section.role} --name {shlex.quote(section.name)}"
    finding = found(code, source=one.source, path=one.path, device=device, **said)
    can_be_asked = section.role in get_args(PairedRole)
    return finding if can_be_asked else msgspec.structs.replace(finding, mend=_LOOK_AGAIN)


def gone(one: Called) -> Finding | None:
    """Not there, or not to be reached."""
    special = one.cannot_be_opened_for(errno.EACCES, *_BUSY)
    if one.device.code not in GONE or special:
        return None
    return found("OP-2101", source=one.source, said=one.device.sentence)


def silent(one: Called) -> Finding | None:
    """There, and mute."""
    if one.device.code not in _SILENT:
        return None
    return _paired(one, "OP-2102", said=one.device.sentence)


def locked(one: Called) -> Finding | None:
    """There, and not for us."""
    if not one.cannot_be_opened_for(errno.EACCES):
        return None
    return found("OP-2103", source=one.source, said=one.device.sentence)


def garbled(one: Called) -> Finding | None:
    """There, and in another language."""
    if one.device.code != GARBLED:
        return None
    return _paired(one, "OP-2104", said=one.device.sentence)


def held(one: Called) -> Finding | None:
    """There, and somebody else's."""
    if not one.cannot_be_opened_for(*_BUSY):
        return None
    holder = f"{one.holder} (process {one.holder_pid})" if one.holder_pid else "hidden from this user"
    said = {"source": one.source, "said": one.device.sentence, "holder": holder}
    return found("OP-2105", **said, pid=one.holder_pid or "PROCESS")


def numbered(one: Called) -> Finding | None:
    """Well today."""
    if not _PASSING.fullmatch(one.path):
        return None
    return _paired(one, "OP-2106")


def ails(one: Called) -> Finding | None:
    """There, and says itself what is wrong; a printer has a page of its own."""
    code = one.device.code
    if one.device.stands != "faulty" or not code or code in _OURS or code.startswith("terminal."):
        return None
    page = "OP-2109" if code.startswith("printer.") else "OP-2107"
    return found(page, source=one.source, said=one.device.sentence, code=code)


def bad_line(one: Called) -> Finding | None:
    """Not even a name."""
    return found("OP-2108", said=one.bad_line) if one.bad_line else None


DEVICES: Final = Subject(read, gone, silent, locked, garbled, held, numbered, ails, bad_line)
