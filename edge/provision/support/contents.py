"""What a bundle for support holds: each part is a name, what it is, and how it is found out."""

import contextlib
import glob
import http.client
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import distributions
from pathlib import Path
from typing import Final

import apsw
import msgspec

from edge.config import ConfigError, read
from edge.drivers.plugged import plugged
from edge.drivers.profiles import Profile, ProfileError, known, load
from edge.offline_queue.integrity import HINDERED
from edge.offline_queue.ledger import SCHEMA_VERSION
from edge.offline_queue.reader import LedgerReader, NoLedgerError
from edge.provision.support.case import Case, text_in
from edge.provision.support.configuration import crossed_out
from edge.runtime.calibrations import calibrations

_JOURNAL_LINES: Final = 10_000
# The doctor takes ten seconds at most, and a journal on a slow card as long.
_PATIENCE_S: Final = 30.0
_STATUS_S: Final = 5.0
_STATUS_BYTES_MAX: Final = 256 * 1024
# A directory of an object has some dozen files, and one a picture.
_FILES_MAX: Final = 5_000

# What the machine says of itself, as far as it has such a file.
_MACHINE: Final = (
    "/etc/os-release",
    "/proc/device-tree/model",
    "/sys/class/dmi/id/product_name",
    "/proc/uptime",
    "/proc/loadavg",
    "/proc/meminfo",
    "/proc/mounts",
    "/proc/pressure/io",
)


class Part(msgspec.Struct, frozen=True):
    """One file of a bundle."""

    name: str
    what: str
    text: Callable[[], str]


class NotFoundOutError(Exception):
    """What a part is to say cannot be found out: why."""


def parts(case: Case) -> tuple[Part, ...]:
    """The parts of a bundle about this object."""
    wrong = " (it is wrong: what may be a secret in it is crossed out)" if case.wrong else ""
    return (
        Part("object.toml", f"the object's configuration{wrong}", lambda: _configuration(case.file)),
        Part("object.toml.good", "the one with which it last started", lambda: _configuration(case.good)),
        Part("versions.txt", "the program, Python, and every package", _versions),
        Part("machine.txt", "the board, its system, its memory and its disks", lambda: _machine(case)),
        Part("devices.txt", "what is plugged in", _devices),
        Part("files.txt", "names and sizes of the files beside the ledger", lambda: _files(case)),
        Part("ledger.json", "how long the ledger is, and what the hub has of it", lambda: _ledger(case)),
        Part("calibrations.json", "the calibrations of the scale", lambda: _json(calibrations(case.data))),
        Part("status.json", "what the object says of itself", lambda: _status(case)),
        Part("doctor.txt", "what `opos doctor` finds", lambda: _opos("doctor", str(case.file), "--json")),
        Part(
            "units.txt",
            "the units of systemd",
            lambda: _said("systemctl", "status", "opos-*", "--all", "--no-pager"),
        ),
        Part("journal.txt", "the last lines of the journal", _journal),
    )


def text_of(part: Part) -> str:
    """What a part says. Raises NotFoundOutError, with a reason that is none to send nothing."""
    try:
        return part.text()
    except subprocess.TimeoutExpired as error:
        raise NotFoundOutError(f"no end after {error.timeout:g} s") from error
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        raise NotFoundOutError(f"{where}{error.strerror}" if error.strerror else str(error)) from error
    except (ValueError, ImportError, http.client.HTTPException, apsw.Error) as error:
        raise NotFoundOutError(f"{error}" or type(error).__name__) from error


def _configuration(path: Path) -> str:
    """An object's file as it is on the disk: whole if its secrets are known to be where they belong."""
    text = text_in(path)
    try:
        read(path)
    except ConfigError:
        return crossed_out(text)
    return text


def _versions() -> str:
    named = sorted(f"{each.name} {each.version}" for each in distributions())
    return "\n".join([f"python {sys.version}", platform.platform(), "", *named, ""])


def _machine(case: Case) -> str:
    found = [f"== {path}\n{text_in(Path(path)).strip(chr(0))}" for path in _MACHINE if Path(path).exists()]
    there = next(each for each in (case.data, *case.data.absolute().parents) if each.exists())
    disk = os.statvfs(there)
    free, whole = disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize
    return "\n".join([*found, f"== {there}\n{free} of {whole} bytes are free", ""])


def _profiles() -> Iterator[Profile]:
    """Those that can be read: a damaged one is the doctor's business."""
    for name in known():
        with contextlib.suppress(ProfileError):
            yield load(name)


def _devices() -> str:
    things = plugged(_profiles())
    return "".join(f"{msgspec.json.encode(each).decode()}\n" for each in things) or "nothing is plugged in\n"


def _files(case: Case) -> str:
    """Of the object's own files alone: what else lies beside its configuration is somebody's own."""
    closed: list[OSError] = []
    below = [
        Path(folder) / name
        for folder, folders, files in os.walk(case.data, onerror=closed.append)
        for name in (*folders, *files)
    ]
    more = f"and {len(below) - _FILES_MAX} more\n" if len(below) > _FILES_MAX else ""
    return "".join(
        [
            f"== {case.folder}\n",
            *(
                _listed(path, case.folder)
                for path in sorted(case.folder.glob(f"{glob.escape(case.file.name)}*"))
            ),
            f"== {case.data}\n",
            *(_listed(path, case.data) for path in [case.data, *sorted(below)[:_FILES_MAX]]),
            more,
            *(f"{each.filename}: {each.strerror}\n" for each in closed),
        ]
    )


def _listed(path: Path, folder: Path) -> str:
    name = path.relative_to(folder)
    try:
        stat = path.lstat()
    except OSError as error:  # the object is at work meanwhile, or nobody may look
        return f"{name}: {error.strerror}\n"
    return f"{stat.st_mode:06o} {stat.st_uid:5} {stat.st_gid:5} {stat.st_size:12} {name}\n"


def _ledger(case: Case) -> str:
    """Each figure that the ledger gives away: one that is damaged or newer than we are may have some."""
    try:
        with contextlib.closing(LedgerReader(case.ledger)) as reader:
            return _json({name: _figure(find, reader) for name, find in _FIGURES.items()})
    except HINDERED as error:
        raise NotFoundOutError(f"{case.ledger}: cannot be read now: {error}") from error
    except NoLedgerError as error:
        if isinstance(error.__cause__, HINDERED):
            raise NotFoundOutError(f"{case.ledger}: cannot be read now: {error.__cause__}") from error
        raise


def _figure(find: Callable[[LedgerReader], object], reader: LedgerReader) -> object:
    try:
        return find(reader)
    except (apsw.Error, ValueError) as error:
        if isinstance(error, HINDERED):
            raise
        return f"not found out: {error}"


def _epoch(reader: LedgerReader) -> str | None:
    identity = reader.identity()
    return identity.epoch if identity else None


def _kinds(reader: LedgerReader) -> dict[str, int]:
    return dict(reader.select("SELECT kind, count(*) FROM entry GROUP BY kind ORDER BY kind"))


_FIGURES: Final[Mapping[str, Callable[[LedgerReader], object]]] = {
    "schema": lambda reader: int(reader.database.pragma("user_version")),
    "schema_of_program": lambda _: SCHEMA_VERSION,
    "epoch": _epoch,
    "head": LedgerReader.head,
    "acked": LedgerReader.acked,
    "floor": LedgerReader.floor,
    "kinds": _kinds,
}


def _status(case: Case) -> str:
    if case.said is None:
        raise NotFoundOutError("which port to ask at only the object's file says")
    display = case.said.display
    line = http.client.HTTPConnection(display.host, display.port, timeout=_STATUS_S)
    with contextlib.closing(line):
        line.request("GET", "/status")
        return line.getresponse().read(_STATUS_BYTES_MAX).decode("utf-8", "replace") + "\n"


def _journal() -> str:
    return _said(
        *("journalctl", "--unit", "opos-*", "--no-hostname", "--output", "short-iso"),
        *("--lines", str(_JOURNAL_LINES), "--no-pager"),
    )


def _opos(*words: str) -> str:
    return _said(sys.executable, "-m", "opos", *words)


def _said(*words: str) -> str:
    """What a program says, whatever its exit code: no findings, or a unit that failed, is an answer too."""
    try:
        done = subprocess.run(  # noqa: S603 - words of our own, and no shell
            words, check=False, capture_output=True, timeout=_PATIENCE_S, stdin=subprocess.DEVNULL
        )
    except FileNotFoundError as error:
        raise NotFoundOutError(f"{words[0]} is not on this machine") from error
    return (done.stdout + done.stderr).decode("utf-8", "replace")


def _json(value: object) -> str:
    return msgspec.json.format(msgspec.json.encode(value)).decode() + "\n"
