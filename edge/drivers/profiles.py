"""The profiles of devices: what differs between makers and clones, read from `hardware/profiles`."""

import re
import sys
import tomllib
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

# A profile's name becomes a file name: nothing that could climb out of the directory.
_NAME: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class ProfileError(ValueError):
    """A profile that cannot be worked by; the message says which, and what to do."""


class UnknownProfileError(ProfileError):
    """No profile has the name that was asked for."""

    def __init__(self, name: str, known: list[str]) -> None:
        super().__init__(
            f"no profile is called {name!r}: choose one of {', '.join(known) or '(none installed)'}"
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


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One kind of device; `device` is what a person calls it, `settings` is for its driver."""

    protocol: str
    device: str
    serial: SerialLine
    settings: dict[str, Any] = {}
    name: str = ""


def directory() -> Path:
    """Where the profiles are: in the checkout, or where the wheel has laid them."""
    checkout = Path(__file__).parents[2] / "hardware"
    hardware = checkout if checkout.is_dir() else Path(sys.prefix) / "share" / "opos" / "hardware"
    return hardware / "profiles"


def known() -> list[str]:
    """The names of all profiles."""
    return sorted(path.stem for path in directory().glob("*.toml"))


def load(name: str) -> Profile:
    """The profile called `name`; raises UnknownProfileError or BadProfileError."""
    path = directory() / f"{name}.toml"
    if not _NAME.fullmatch(name) or not path.is_file():
        raise UnknownProfileError(name, known())
    try:
        profile = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Profile)
    except (OSError, ValueError) as error:  # TOML, UTF-8 and msgspec report what they find as a ValueError
        raise BadProfileError(path, str(error)) from error
    return msgspec.structs.replace(profile, name=name)
