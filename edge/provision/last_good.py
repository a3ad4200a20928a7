"""The file with which an object last started: kept beside its ledger, so that one command puts it back."""

import tomllib
from pathlib import Path
from typing import Any, Final

from edge.config import read
from edge.identity import keep_file

_KEPT: Final = "object.toml.good"
# Where the packages and `opos setup` have a machine's own object, and where any other has its data.
_MACHINES_OWN: Final = Path("/etc/opos")
_ITS_DATA: Final = Path("/var/lib/opos")
_DATA: Final = "data"
# Forty times the longest that we have seen; a file that never ends (/dev/zero) must not fill the memory.
_BYTES_MAX: Final = 256 * 1024


class NoneKeptError(Exception):
    """There is nothing to put back; the message says why."""


def keep_good(file: Path, data: Path) -> None:
    """Keep what `file` says in `data`: the object has started with it. Raises OSError."""
    said, kept = file.read_bytes(), data / _KEPT
    if not kept.exists() or kept.read_bytes() != said:
        keep_file(kept, said, mode=0o600)


def put_back(file: Path) -> Path:
    """Have `file` say what the object last started with; where the one is that was there.

    Raises NoneKeptError, ConfigError, OSError.
    """
    kept, wrong = data_of(file) / _KEPT, file.with_name(f"{file.name}.wrong")
    if not kept.exists():
        raise NoneKeptError(f"{kept}: no file was kept: correct {file} by hand, or run `opos setup`")
    read(kept)  # one that no object could start with is not put in place of another one
    good, now = kept.read_bytes(), file.read_bytes() if file.exists() else b""
    if good == now:
        raise NoneKeptError(f"{file} is the one with which the object last started")
    keep_file(wrong, now)
    keep_file(file, good)
    return wrong


def data_of(file: Path) -> Path:
    """Where the object of `file` keeps its data, as far as a file that is wrong says so."""
    folder = file.absolute().parent
    usual = _ITS_DATA if folder == _MACHINES_OWN else folder / _DATA
    return folder / (_named(file) or usual)


def _named(file: Path) -> str:
    """The directory that a file names; '' where it names none, or cannot be understood."""
    try:
        with file.open("rb") as opened:
            said: Any = tomllib.loads(opened.read(_BYTES_MAX).decode()).get("object")
    except (FileNotFoundError, ValueError):
        return ""
    data = said.get("data") if isinstance(said, dict) else None
    return data if isinstance(data, str) else ""
