"""Keeping a panel's calibration: a profile of the installer's own for OPOS, a udev rule for the browser."""

from pathlib import Path
from typing import Final

import tomlkit

from edge.drivers.profiles import SITE_DIRECTORY, Profile, directory
from edge.identity import keep_file
from edge.provision.calibrate.touch import Calibrated

_RULES: Final = "etc/udev/rules.d/73-opos-touch.rules"

# What udev reads as more than a letter in a match (udev(7), "matches" and "escaped strings").
_PATTERN: Final = frozenset('*?[]|"\\')


def keep(profile: Profile, found: Calibrated, turned: int, root: Path) -> Path:
    """Keep the matrix in an own profile of the same name, which stands before ours. Raises OSError."""
    path = root / SITE_DIRECTORY.relative_to("/") / f"{profile.name}.toml"
    source = path if path.exists() else directory() / f"{profile.name}.toml"
    document = tomlkit.parse(source.read_text(encoding="utf-8"))
    settings = document.setdefault("settings", tomlkit.table())
    settings["matrix_ppm"] = list(found.matrix_ppm)
    settings["turned"] = turned
    keep_file(path, tomlkit.dumps(document).encode())
    return path


def keep_rule(name: str, found: Calibrated, root: Path) -> Path:
    """Keep it for libinput, by what the panel called `name` calls itself. Raises OSError."""
    path = root / _RULES
    shown = "".join("?" if each in _PATTERN or not each.isprintable() else each for each in name)
    keep_file(
        path,
        (
            "# Where a finger meets the picture: written by `opos calibrate touch`, read by libinput.\n"
            'ACTION!="remove", SUBSYSTEM=="input", KERNEL=="event*", ENV{ID_INPUT_TOUCHSCREEN}=="1", '
            f'ATTRS{{name}}=="{shown}", ENV{{LIBINPUT_CALIBRATION_MATRIX}}="{found.libinput}"\n'
        ).encode(),
    )
    return path


def name_of(node: Path, sysfs: Path = Path("/sys")) -> str:
    """What the kernel calls the panel at `node`; '' for one that it does not know (a pty)."""
    try:
        return (
            (sysfs / "class/input" / node.resolve().name / "device/name").read_text(encoding="utf-8").strip()
        )
    except OSError:
        return ""
