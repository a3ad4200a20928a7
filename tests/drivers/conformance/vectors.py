"""What devices are known to say and what it means, from manuals and captures: one file for a protocol."""

import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final, get_args

import msgspec

from edge.readings import Reading

_DIRECTORY: Final = Path(__file__).parents[1] / "vectors"

_READINGS: Final[dict[str, type[msgspec.Struct]]] = {each.__name__: each for each in get_args(Reading)}


class Vector(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One or more whole frames, and what they are: exactly `readings`, or none of the types in `never`.

    The bytes stand in hexadecimal; a reading names its type and those of its fields that matter.
    """

    source: str
    text: str = msgspec.field(name="bytes")
    readings: tuple[dict[str, Any], ...] | None = None
    never: tuple[str, ...] = ()
    settings: dict[str, Any] = {}

    def __post_init__(self) -> None:
        """A misspelt field would compare nothing, and pass."""
        if (self.readings is None) == (not self.never):
            raise ValueError(f"{self.source}: expected either `readings` or `never`")
        for name in (*self.never, *(str(each.get("type")) for each in self.readings or ())):
            if name not in _READINGS:
                raise ValueError(f"{self.source}: there is no reading {name!r}")
        for each in self.readings or ():
            if unknown := each.keys() - {"type", *_READINGS[each["type"]].__struct_fields__}:
                raise ValueError(f"{self.source}: a {each['type']} has no {', '.join(sorted(unknown))}")

    @property
    def data(self) -> bytes:
        """The bytes themselves."""
        return bytes.fromhex(self.text)

    def wrong(self, readings: Sequence[Reading]) -> str | None:
        """What is wrong with these readings of the vector, or None."""
        if self.readings is None:
            told = {type(each).__name__ for each in readings}
            return f"expected no {' or '.join(self.never)}, got {readings}" if told & {*self.never} else None
        right = len(readings) == len(self.readings) and all(map(_fits, readings, self.readings))
        return None if right else f"expected {list(self.readings)}, got {readings}"


class VectorFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is known of one protocol, the profile that a driver is made by, and where the facts are from.

    A device that only obeys has no vectors.
    """

    protocol: str
    profile: str
    facts: str
    vector: tuple[Vector, ...] = ()


def read(path: Path) -> VectorFile:
    """The vectors of one file; a ValueError says what is wrong with it."""
    return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), VectorFile)


def protocols() -> list[str]:
    """Every protocol of which something is known; its file is called by its name."""
    return sorted(path.stem for path in _DIRECTORY.glob("*.toml"))


@cache
def known(protocol: str) -> VectorFile:
    """What is known of a protocol."""
    file = read(_DIRECTORY / f"{protocol}.toml")
    assert file.protocol == protocol, f"{protocol}.toml speaks of {file.protocol}"
    return file


def _fits(reading: Reading, wanted: dict[str, Any]) -> bool:
    told = msgspec.to_builtins(reading)
    return all(told.get(name) == value for name, value in wanted.items())
