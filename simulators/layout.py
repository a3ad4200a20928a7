"""A bench's file: which devices stand on it, where they are reached, and where it keeps its state."""

import random
from pathlib import Path
from typing import Annotated, Literal, Protocol

import msgspec
from msgspec import Meta

from simulators.attached import Attached
from simulators.cable import Cable, place
from simulators.devices.device import Device, RefusedError
from simulators.devices.mtsics import MtSicsScale
from simulators.devices.r200 import R200
from simulators.ports import Port, PtyPort, TcpPort

Name = Annotated[str, Meta(pattern="^[a-z][a-z0-9-]*$", max_length=40)]


class BenchPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The bench itself: its control socket and its state, both relative to the folder of the file."""

    control: str
    state: str


class ReaderPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="r200"):
    """A UHF reader."""

    name: Name
    at: str
    seed: int = 0
    paced: bool = False
    marks: Literal["bb-7e", "aa-dd"] = "bb-7e"
    read_permille: Annotated[int, Meta(ge=0, le=1000)] = 980

    def device(self, luck: random.Random) -> Device:
        """Make the reader."""
        return R200(luck, marks=self.marks, read_permille=self.read_permille)


class ScalePart(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="mt-sics"):
    """A scale."""

    name: Name
    at: str
    seed: int = 0
    paced: bool = False
    capacity_g: Annotated[int, Meta(ge=1, le=300_000)] = 6000
    readability_mg: Literal[10, 100, 1000] = 100
    serial: Annotated[str, Meta(pattern="^[ -!#-~]{1,20}$")] = "0012345678"
    settle_ms: Annotated[int, Meta(ge=1, le=60_000)] = 900

    def device(self, luck: random.Random) -> Device:
        """Make the scale."""
        return MtSicsScale(
            luck,
            capacity_g=self.capacity_g,
            readability_mg=self.readability_mg,
            serial=self.serial,
            settle_ns=self.settle_ms * 1_000_000,
        )


class CablePart(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="cable"):
    """A network cable: each route is [where it listens, where it leads]."""

    name: Name
    routes: Annotated[list[tuple[str, str]], Meta(min_length=1, max_length=16)]


Part = ReaderPart | ScalePart | CablePart


class Layout(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    bench: BenchPart
    # More devices than any object has ports for.
    device: Annotated[list[Part], Meta(min_length=1, max_length=64)]


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
        layout = msgspec.toml.decode(file.read_bytes(), type=Layout)
    except OSError as error:
        raise RefusedError(f"{file} cannot be read: {error.strerror}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
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


def _built(part: Part, folder: Path) -> Thing:
    if isinstance(part, CablePart):
        return Cable(part.routes)
    # The line has luck of its own, so that a fault does not change what the device itself does.
    device, luck = part.device(random.Random(part.seed)), random.Random(~part.seed)  # noqa: S311
    return Attached(device, _port(part.at, device.baud, folder), luck, paced=part.paced)


def _port(at: str, baud: int, folder: Path) -> Port:
    way, _, where = at.partition(":")
    if way == "pty" and where:
        return PtyPort(folder / where, baud)
    if way == "tcp":
        return TcpPort(*place(where))
    raise RefusedError(f"{at!r} is no port: expected pty:NAME or tcp:HOST:PORT")
