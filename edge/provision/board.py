"""Which board this is: told from the device tree or the firmware, by the facts in hardware/boards."""

import platform
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

import msgspec

from edge.drivers.profiles import directory

# What a device tree or a firmware says of a board is a line; a file that holds more is none.
_BYTES_MAX: Final = 4096

_Pattern = Annotated[str, msgspec.Meta(min_length=1)]


class BoardFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One kind of board: its name for people, by what it is recognised, and what its installer should know.

    `compatible` are words of the device tree (its root's `compatible`), `firmware` what DMI calls the product
    or its vendor, as it begins; `know` are sentences.
    """

    title: str
    compatible: tuple[_Pattern, ...] = ()
    firmware: tuple[_Pattern, ...] = ()
    know: tuple[str, ...] = ()


class Board(msgspec.Struct, frozen=True):
    """The board that was found: `name` is that of its file, empty for one that we do not know."""

    name: str
    title: str
    know: tuple[str, ...]
    machine: str
    memory_mib: int


def board(root: Path = Path("/")) -> Board:
    """The board whose /proc and /sys lie below `root`."""
    words, firmware = _device_tree(root), _firmware(root)
    for name, facts in known_boards():
        if set(facts.compatible) & set(words) or firmware.startswith(facts.firmware):
            return Board(name, _model(root) or facts.title, facts.know, platform.machine(), _memory_mib(root))
    title = _model(root) or firmware or "a board that OPOS has no page for"
    return Board("", title, (), platform.machine(), _memory_mib(root))


def known_boards() -> Iterator[tuple[str, BoardFacts]]:
    """Every board of hardware/boards, by the name of its file."""
    for path in sorted((directory().parent / "boards").glob("*.toml")):
        yield path.stem, msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), BoardFacts)


def _device_tree(root: Path) -> list[str]:
    return _said(root / "proc/device-tree/compatible").split("\0")


def _model(root: Path) -> str:
    """What a board with a device tree calls itself; a PC has none."""
    return _said(root / "proc/device-tree/model").strip("\0")


def _firmware(root: Path) -> str:
    """Vendor and product, as DMI has them."""
    said = (_said(root / "sys/class/dmi/id" / name).strip() for name in ("sys_vendor", "product_name"))
    return " ".join(filter(None, said))


def _said(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_BYTES_MAX).decode("utf-8", "replace")
    except OSError:  # no device tree on a PC, no DMI on a board, neither in a container
        return ""


def _memory_mib(root: Path) -> int:
    """What the kernel calls MemTotal; 0 where it says nothing."""
    lines = _said(root / "proc/meminfo").splitlines()
    words = next((line.split() for line in lines if line.startswith("MemTotal:")), ["", "0"])
    return int(words[1]) // 1024 if words[1].isdigit() else 0


def has_glass(root: Path = Path("/")) -> bool:
    """Whether a screen is plugged in, as the kernel's display drivers tell it (sysfs-class-drm)."""
    return any(_said(each).strip() == "connected" for each in (root / "sys/class/drm").glob("card*-*/status"))


def consoles(root: Path = Path("/")) -> frozenset[str]:
    """The serial ports that the kernel talks on: nobody asks a scale there (Documentation, proc/consoles)."""
    lines = _said(root / "proc/consoles").splitlines()
    return frozenset(f"/dev/{line.split()[0]}" for line in lines if line.strip())
