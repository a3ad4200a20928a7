"""Builds the packages twice, in two folders and without a network, and compares them byte by byte.

`python -m tests.system.twice`: minutes. The wheels and tools are those that the last `make deb` has kept.
"""

import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

import click

from tests.system.packages import found

_CHECKOUT: Final = Path(__file__).parents[2]
_KEPT: Final = ("var/deb/wheels", "var/deb/tools")
# What a build reads nothing of, or makes anew.
_LEFT: Final = shutil.ignore_patterns(
    "var", "dist", ".git", ".venv", "__pycache__", ".*_cache", ".hypothesis"
)
# As different as two people's machines are; the folder of the second has a space in its name.
_PLACES: Final = (
    ("first", {"TZ": "UTC", "LANG": "C.UTF-8"}),
    ("another one/second", {"TZ": "Asia/Tokyo", "LANG": "de_DE.UTF-8"}),
)


def _copied(source: Path, folder: Path) -> None:
    """Copy a checkout with what builds its packages."""
    shutil.copytree(source, folder, ignore=_LEFT, symlinks=True)
    (folder / ".venv").symlink_to(_CHECKOUT / ".venv")
    for kept in _KEPT:
        shutil.copytree(source / kept, folder / kept, symlinks=True)
    # What lintian has passed once it need not read again: the second of two equal builds.
    passed = _CHECKOUT / "var/deb/lintian"
    passed.mkdir(exist_ok=True)
    (folder / "var/deb/lintian").symlink_to(passed)


def _built(folder: Path, environment: dict[str, str]) -> dict[str, str]:
    """Build there, without a network: each package's sum."""
    command = ("unshare", "--net", "env", *(f"{name}={value}" for name, value in environment.items()))
    subprocess.run([*command, "systemd/packaging/build", *sys.argv[1:]], cwd=folder, check=True)
    return {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in (folder / "dist").glob("*.deb")
    }


def main() -> None:
    """Say of each package whether both builds have made the same; exit 1 where they have not."""
    found(_CHECKOUT / "dist")
    with tempfile.TemporaryDirectory(prefix="opos-twice-") as folder:
        places = {Path(folder) / place: environment for place, environment in _PLACES}
        for place in places:  # before the first is built: somebody may be at work here meanwhile
            _copied(_CHECKOUT, place)
        first, second = (_built(place, environment) for place, environment in places.items())
    for name in sorted(first.keys() | second.keys()):
        same = first.get(name) == second.get(name)
        click.echo(f"{click.style('equal', fg='green') if same else click.style('OTHER', fg='red')}  {name}")
    sys.exit(first != second)


if __name__ == "__main__":
    main()
