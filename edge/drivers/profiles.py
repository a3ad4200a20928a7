"""The profiles of devices: what differs between makers and clones, read from `hardware/profiles`."""

import re
import sys
import tomllib
from difflib import get_close_matches
from functools import lru_cache
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

# A profile's name becomes a file name: nothing that could climb out of the directory.
_NAME: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")

# Of the names that a wrong one comes near to, as many as a sentence bears.
_NEAR_MAX: Final = 3

THIRD_PARTIES: Final = "opos.profiles"
"""The entry-point group of profiles that others make: `name = "package.folder"`, a folder of TOML files."""

# An installer's own profiles; one of them stands before ours of the same name.
SITE_DIRECTORY: Final = Path("/etc/opos/profiles")

Way = Literal["serial", "tcp", "evdev", "hidraw", "iio", "gpio", "i2c", "lp"]
"""How a device is reached: the scheme of its URI."""

UsbId = Annotated[str, Meta(pattern="^[0-9a-f]{4}:[0-9a-f]{4}$")]
"""`vendor:product` in lower-case hexadecimal, as lsusb writes it."""


class ProfileError(ValueError):
    """A profile that cannot be worked by; the message says which, and what to do."""


class UnknownProfileError(ProfileError):
    """No profile has the name that was asked for."""

    def __init__(self, name: str, known: list[str]) -> None:
        near = get_close_matches(name, known, n=_NEAR_MAX)
        meant = f", but {' or '.join(near)} is" if near else ""
        super().__init__(
            f"no profile is called {name!r}{meant}: `opos devices profiles` lists all {len(known)}"
        )


class BadProfileError(ProfileError):
    """The file of a profile does not say what a profile must say."""

    def __init__(self, path: Path, what: str) -> None:
        super().__init__(f"{path}: {what}; correct the file or install OPOS again")


class SerialLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a serial line is set."""

    baud: int
    bits: Literal[7, 8] = 8
    parity: Literal["N", "E", "O"] = "N"
    stop: Literal[1, 2] = 1
    flow: Literal["none", "rtscts", "xonxoff", "dsrdtr"] = "none"

    def __str__(self) -> str:
        """As people write it: 9600 8N1."""
        flow = "" if self.flow == "none" else f" {self.flow}"
        return f"{self.baud} {self.bits}{self.parity}{self.stop}{flow}"


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One kind of device; `device` is what a person calls it, `settings` is for its driver.

    `ways` are the schemes it can be reached by, the usual one first. `usb` are the ids by which a device of
    this kind is known for certain: an adapter that many kinds hide behind is none.
    """

    protocol: str
    device: str
    ways: Annotated[tuple[Way, ...], Meta(min_length=1)]
    maker: str = ""
    model: str = ""
    serial: SerialLine | None = None
    tcp_port: Annotated[int, Meta(gt=0, le=65535)] | None = None
    usb: tuple[UsbId, ...] = ()
    settings: dict[str, Any] = {}
    name: str = ""

    def __post_init__(self) -> None:
        """A serial device without its line could not be opened."""
        if "serial" in self.ways and self.serial is None:
            raise ValueError("expected a table [serial], since `ways` has serial")


def directory() -> Path:
    """Where the profiles are: in the checkout, or where the wheel has laid them."""
    checkout = Path(__file__).parents[2] / "hardware"
    hardware = checkout if checkout.is_dir() else Path(sys.prefix) / "share" / "opos" / "hardware"
    return hardware / "profiles"


def known() -> list[str]:
    """The names of all profiles."""
    return sorted({path.stem for each in _directories() for path in each.glob("*.toml")})


def load(name: str) -> Profile:
    """The profile called `name`; raises UnknownProfileError or BadProfileError."""
    candidates = (each / f"{name}.toml" for each in _directories())
    path = next((path for path in candidates if _is_there(path)), None)
    if path is None or not _NAME.fullmatch(name):
        raise UnknownProfileError(name, known())
    try:
        profile = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Profile)
    except (OSError, ValueError) as error:  # TOML, UTF-8 and msgspec report what they find as a ValueError
        raise BadProfileError(path, str(error)) from error
    return msgspec.structs.replace(profile, name=name)


def _is_there(path: Path) -> bool:
    """Whether it is; whoever may not look into the site's directory works by those that all may read."""
    try:
        return path.is_file()
    except PermissionError:
        return False


def _directories() -> tuple[Path, ...]:
    return SITE_DIRECTORY, directory(), *_of_others(tuple(sys.path))


@lru_cache(maxsize=1)
def _of_others(_search_path: tuple[str, ...]) -> tuple[Path, ...]:
    """Where other packages have theirs: to ask each of them takes longer than to read a profile."""
    specs = (find_spec(each.value) for each in entry_points(group=THIRD_PARTIES))
    return tuple(Path(place) for spec in specs for place in (spec and spec.submodule_search_locations) or ())
