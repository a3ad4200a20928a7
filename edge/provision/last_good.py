"""The file with which an object last started: kept beside its ledger, so that one command puts it back."""

import re
import tomllib
from pathlib import Path
from typing import Any, Final

from edge.config import read
from edge.identity import keep_file
from edge.provision.rewriting import rewrite

_KEPT: Final = "object.toml.good"
# Where the packages and `opos setup` have a machine's own object, and where any other has its data.
_MACHINES_OWN: Final = Path("/etc/opos")
_ITS_DATA: Final = Path("/var/lib/opos")
_DATA: Final = "data"
_DATA_LINE: Final = re.compile(r"""^\s*data\s*=\s*["']([^"'\n]+)""", re.MULTILINE)
# Forty times the longest that we have seen; a file that never ends (/dev/zero) must not fill the memory.
_BYTES_MAX: Final = 256 * 1024


class NoneKeptError(Exception):
    """There is nothing to put back; the message says why."""


def keep_good(file: Path, data: Path) -> None:
    """Keep what `file` says in `data`: the object has started with it. Raises OSError."""
    said, kept = file.read_bytes(), kept_in(data)
    if not kept.exists() or kept.read_bytes() != said:
        keep_file(kept, said, mode=0o600)


def put_back(file: Path) -> Path | None:
    """Have `file` say what the object last started with; where the one is that was there, if one was.

    Raises NoneKeptError, ConfigError, OSError.
    """
    kept = kept_in(data_of(file))
    if not kept.exists():
        raise NoneKeptError(f"{kept}: no file was kept: correct {file} by hand, or run `opos setup`")
    read(kept)  # one that no object could start with is not put in place of another one
    good = kept.read_bytes()
    if file.exists() and file.read_bytes() == good:
        raise NoneKeptError(f"{file} is the one with which the object last started")
    return rewrite(file, good, old="wrong")


def kept_in(data: Path) -> Path:
    """The file with which the object last started that has its `data` there."""
    return data / _KEPT


def data_of(file: Path) -> Path:
    """Where the object of `file` keeps its data, as far as a file that is wrong says so. Raises OSError."""
    return file.absolute().parent / (_named(file) or usual_data(file))


def usual_data(file: Path) -> Path:
    """Where an object keeps its data whose `file` names no place."""
    folder = file.absolute().parent
    return _ITS_DATA if folder == _MACHINES_OWN else folder / _DATA


def _named(file: Path) -> str:
    """The directory that a file names; '' where it names none. What is no TOML is read by its looks."""
    try:
        with file.open("rb") as opened:
            text = opened.read(_BYTES_MAX).decode("utf-8", "replace")
    except FileNotFoundError:
        return ""
    try:
        said: Any = tomllib.loads(text).get("object")
    except (ValueError, RecursionError):
        found = _DATA_LINE.search(text)
        return found[1] if found else ""
    data = said.get("data") if isinstance(said, dict) else None
    return data if isinstance(data, str) else ""
