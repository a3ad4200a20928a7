"""What a bundle for support holds: each part is a name, what it is, and how it is found out."""

import contextlib
import http.client
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import distributions
from pathlib import Path
from typing import Final

import apsw
import msgspec

from edge.config import ObjectConfig
from edge.drivers.plugged import plugged
from edge.drivers.profiles import Profile, ProfileError, known, load
from edge.offline_queue.reader import LedgerReader, NoLedgerError
from edge.runtime.calibrations import CalibrationsDamagedError, calibrations

# What somebody far away reads; the newest of a longer text stays.
PART_CHARACTERS_MAX: Final = 1_000_000
_JOURNAL_LINES: Final = 10_000
# The doctor takes ten seconds at most, and a journal on a slow card as long.
_PATIENCE_S: Final = 30.0
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


def parts(file: Path, config: ObjectConfig) -> tuple[Part, ...]:
    """The parts of a bundle about the object that `file` describes."""
    return (
        Part("object.toml", "the object's configuration", lambda: _read(file)),
        Part("versions.txt", "the program, Python, and every package", _versions),
        Part("machine.txt", "the board, its system, its memory and its disks", lambda: _machine(config)),
        Part("devices.txt", "what is plugged in", _devices),
        Part("files.txt", "names and sizes of the files beside the ledger", lambda: _files(config)),
        Part("ledger.json", "how long the ledger is, and what the hub has of it", lambda: _ledger(config)),
        Part("calibrations.json", "the calibrations of the scale", lambda: _calibrations(config)),
        Part("status.json", "what the object says of itself", lambda: _status(config)),
        Part("doctor.txt", "what `opos doctor` finds", lambda: _opos("doctor", str(file), "--json")),
        Part(
            "units.txt",
            "the units of systemd",
            lambda: _said("systemctl", "status", "opos-*", "--all", "--no-pager"),
        ),
        Part("journal.txt", "the last lines of the journal", _journal),
    )


def text_of(part: Part) -> str:
    """What a part says; what could not be found out says why, and is no reason to send nothing."""
    try:
        text = part.text()
    except (OSError, ValueError, ImportError, NoLedgerError, apsw.Error, subprocess.SubprocessError) as error:
        return f"not found out: {type(error).__name__}: {error}\n"
    return text if len(text) <= PART_CHARACTERS_MAX else f"[cut]\n{text[-PART_CHARACTERS_MAX:]}"


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def _versions() -> str:
    named = sorted(f"{each.name} {each.version}" for each in distributions())
    return "\n".join([f"python {sys.version}", platform.platform(), "", *named, ""])


def _machine(config: ObjectConfig) -> str:
    found = [f"== {path}\n{_read(Path(path)).strip(chr(0))}" for path in _MACHINE if Path(path).exists()]
    disk = os.statvfs(config.data_dir)
    free, whole = disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize
    return "\n".join([*found, f"== {config.data_dir}\n{free} of {whole} bytes are free", ""])


def _profiles() -> Iterator[Profile]:
    """Those that can be read: a damaged one is the doctor's business."""
    for name in known():
        with contextlib.suppress(ProfileError):
            yield load(name)


def _devices() -> str:
    things = plugged(_profiles())
    return "".join(f"{msgspec.json.encode(each).decode()}\n" for each in things) or "nothing is plugged in\n"


def _files(config: ObjectConfig) -> str:
    lines = []
    for path in sorted(config.data_dir.rglob("*"))[:_FILES_MAX]:
        stat = path.lstat()
        lines.append(
            f"{stat.st_mode:06o} {stat.st_uid:5} {stat.st_size:12} {path.relative_to(config.data_dir)}"
        )
    return "\n".join([*lines, ""])


def _ledger(config: ObjectConfig) -> str:
    with contextlib.closing(LedgerReader(config.ledger)) as reader:
        identity = reader.identity()
        found = {
            "epoch": identity.epoch if identity else None,
            "head": reader.head(),
            "acked": reader.acked(),
            "floor": reader.floor(),
            "kinds": dict(reader.select("SELECT kind, count(*) FROM entry GROUP BY kind ORDER BY kind")),
        }
    return _json(found)


def _calibrations(config: ObjectConfig) -> str:
    try:
        return _json(calibrations(config.data_dir))
    except CalibrationsDamagedError as error:
        return f"{error}\n"


def _status(config: ObjectConfig) -> str:
    with contextlib.closing(
        http.client.HTTPConnection(config.display.host, config.display.port, timeout=5)
    ) as line:
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
    done = subprocess.run(  # noqa: S603 - words of our own, and no shell
        words, check=False, capture_output=True, timeout=_PATIENCE_S, stdin=subprocess.DEVNULL
    )
    return (done.stdout + done.stderr).decode("utf-8", "replace")


def _json(value: object) -> str:
    return msgspec.json.format(msgspec.json.encode(value)).decode() + "\n"
