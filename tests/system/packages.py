"""Our packages as `make deb` leaves them, and the next version of them, which differs in its number alone."""

import platform
import subprocess
from pathlib import Path
from typing import Final

import msgspec

from tests.system.debian import MissingError

_ARCHITECTURES: Final = {"x86_64": "amd64", "aarch64": "arm64"}
NAMES: Final = ("opos-edge", "opos-camera", "opos-kiosk", "opos-hub")


class Packages(msgspec.Struct, frozen=True):
    """The packages of this machine's architecture, by name; `version` is that of all of them."""

    files: dict[str, Path]
    version: str

    def needs(self) -> str:
        """What they depend on and do not bring themselves, as a Depends field."""
        asked = [_field(file, kind) for file in self.files.values() for kind in ("Pre-Depends", "Depends")]
        # The hub recommends a broker, since it may stand elsewhere; here it stands on the hub's machine.
        asked.append("mosquitto")
        each = {part.strip() for field in asked for part in field.split(",") if part.strip()}
        return ", ".join(sorted(part for part in each if part.split()[0] not in self.files))


def found(dist: Path) -> Packages:
    """The packages in `dist`; raises MissingError."""
    architecture = _ARCHITECTURES.get(platform.machine(), platform.machine())
    files: dict[str, Path] = {}
    for name in NAMES:
        built = [*dist.glob(f"{name}_*_{architecture}.deb"), *dist.glob(f"{name}_*_all.deb")]
        if built:
            files[name] = max(built, key=lambda file: file.stat().st_mtime)
    if "opos-edge" not in files:
        raise MissingError(f"{dist} has no package of the object: run: make deb")
    return Packages(files, _field(files["opos-edge"], "Version"))


def renumbered(packages: Packages, version: str, folder: Path) -> Packages:
    """The same packages under another version, made in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        name: _renumbered(file, packages.version, version, folder) for name, file in packages.files.items()
    }
    return Packages(files, version)


def _renumbered(file: Path, old: str, new: str, folder: Path) -> Path:
    """Unpack, change the number wherever the control file has it, and pack again without compressing."""
    unpacked, made = folder / f"{file.stem}.d", folder / file.name.replace(old, new)
    _run("dpkg-deb", "--raw-extract", str(file), str(unpacked))
    control = unpacked / "DEBIAN/control"
    control.write_text(control.read_text().replace(old, new))
    _run("dpkg-deb", "--build", "--root-owner-group", "-Znone", str(unpacked), str(made))
    return made


def _field(file: Path, name: str) -> str:
    return _run("dpkg-deb", "--field", str(file), name).strip()


def _run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
