"""A bench's file: which devices stand on it, where they are reached, and where it keeps its state."""

import random
from pathlib import Path
from typing import Annotated, Any, Final, Protocol

import msgspec
from msgspec import Meta

from simulators.attached import Attached
from simulators.cable import Cable, place
from simulators.devices.catalogue import Name, Part, part
from simulators.devices.device import Device, RefusedError, understood
from simulators.devices.personas import Reporting, Typing
from simulators.ports import Port, PtyPort, TcpPort
from simulators.virtual import FilePort, UhidPort, UinputPort

# The longest of ours has 3 KiB; a file that never ends (/dev/zero) must not fill the memory.
_BYTES_MAX: Final = 1024 * 1024


class BenchPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The bench itself: its control socket and its state, both relative to the folder of the file."""

    control: str
    state: str


class CablePart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A network cable: each route is [where it listens, where it leads]."""

    name: Name
    routes: Annotated[list[tuple[str, str]], Meta(min_length=1, max_length=16)]


class BenchFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file, its devices still unread: what each may say depends on its type."""

    bench: BenchPart
    # More devices than any object has ports for.
    device: Annotated[list[dict[str, Any]], Meta(min_length=1, max_length=64)]


class Layout(msgspec.Struct, frozen=True):
    """A bench as its file describes it."""

    bench: BenchPart
    device: list[Part | CablePart]


class Thing(Protocol):
    """What stands on a bench, as far as the bench cares."""

    async def open(self) -> None:
        """Be reachable."""

    async def close(self) -> None:
        """Be gone."""

    async def obey(self, order: dict[str, object], /) -> None:
        """Do what a hand asks."""

    def kept(self) -> dict[str, object]:
        """What a new bench must know."""

    def restore(self, kept: object, /) -> None:
        """Be as before."""

    def status(self) -> dict[str, object]:
        """Say how it is."""


def read_layout(file: Path) -> Layout:
    """Read a bench's file; RefusedError names the file and what is wrong in it."""
    try:
        with file.open("rb") as opened:
            read = msgspec.toml.decode(opened.read(_BYTES_MAX), type=BenchFile)
    except OSError as error:
        raise RefusedError(f"{file} cannot be read: {error.strerror}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RefusedError(f"{file} is not the file of a bench: {error}") from error
    try:
        layout = Layout(read.bench, [_part(fields) for fields in read.device])
    except RefusedError as error:
        raise RefusedError(f"{file} is not the file of a bench: {error}") from error
    names = [part.name for part in layout.device]
    if twice := {name for name in names if names.count(name) > 1}:
        raise RefusedError(
            f"{file} has two devices called {', '.join(sorted(twice))}: give each its own name"
        )
    return layout


def built(layout: Layout, folder: Path) -> dict[str, Thing]:
    """Make all things of a layout, none of them open yet."""
    return {part.name: _built(part, folder) for part in layout.device}


def _part(fields: dict[str, Any]) -> Part | CablePart:
    if fields.get("type") != "cable":
        return part(fields)
    read: CablePart = understood(
        {key: fields[key] for key in fields if key != "type"}, CablePart, "the cable"
    )
    return read


def _built(part: Part | CablePart, folder: Path) -> Thing:
    if isinstance(part, CablePart):
        return Cable(part.routes)
    # The line has luck of its own, so that a fault does not change what the device itself does.
    device, luck = part.device(random.Random(part.seed)), random.Random(~part.seed)  # noqa: S311
    return Attached(device, _port(part.at, device, folder), luck, paced=part.paced)


def _port(at: str, device: Device, folder: Path) -> Port:
    way, _, where = at.partition(":")
    if way == "pty" and where:
        return PtyPort(folder / where, device.baud)
    if way == "file" and where:
        return FilePort(folder / where)
    if way == "uinput" and where and isinstance(device, Typing):
        return UinputPort(folder / where, device.input_persona)
    if way == "uhid" and where and isinstance(device, Reporting):
        return UhidPort(folder / where, device.hid_persona)
    if way == "tcp":
        return TcpPort(*place(where))
    raise RefusedError(
        f"{at!r} is no port for a {device.kind}: expected pty:NAME, tcp:HOST:PORT or file:NAME"
        f"{', or uinput:NAME' if isinstance(device, Typing) else ''}"
        f"{', or uhid:NAME' if isinstance(device, Reporting) else ''}"
    )
