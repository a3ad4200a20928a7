"""Our packages as `make deb` leaves them, and others made of them: the next version, and an older program."""

import hashlib
import platform
import re
import subprocess
import tempfile
from pathlib import Path
from typing import Final

import msgspec

from edge.offline_queue.ledger import SCHEMA_VERSION
from tests.system import archive
from tests.system.debian import MissingError

_ARCHITECTURES: Final = {"x86_64": "amd64", "aarch64": "arm64"}
# The hub's broker may stand elsewhere, and a kiosk may be a desktop's: here the one stands on the hub's
# machine, and the other has a screen for itself.
_RECOMMENDED: Final = "mosquitto, cage, xwayland, libpam-systemd"
NAMES: Final = ("opos-edge", "opos-camera", "opos-kiosk", "opos-hub")


class Packages(msgspec.Struct, frozen=True):
    """The packages of this machine's architecture, by name; `version` is that of all of them."""

    files: dict[str, Path]
    version: str

    def needs(self) -> str:
        """What they depend on and do not bring themselves, as a Depends field."""
        asked = [_field(file, kind) for file in self.files.values() for kind in ("Pre-Depends", "Depends")]
        asked.append(_RECOMMENDED)
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


def renumbered(packages: Packages, version: str, folder: Path, schema: int | None = None) -> Packages:
    """The same packages under another version, made in `folder`; `schema` is the ledger's that it knows."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {}
    for name, file in packages.files.items():
        files[name] = folder / file.name.replace(packages.version, version)
        archive.rewrite(
            file, files[name], lambda name, text: _of_version(name, text, packages.version, version, schema)
        )
    return Packages(files, version)


def older(packages: Packages, version: str, folder: Path) -> Packages:
    """A version whose program is of the time before the ledger's schema: it knows the one before that."""
    schema = SCHEMA_VERSION - 1
    made = renumbered(packages, version, folder, schema)
    with tempfile.TemporaryDirectory(dir=folder) as tree:
        _run("dpkg-deb", "--raw-extract", str(made.files["opos-edge"]), tree)
        (ledger,) = Path(tree).glob("opt/opos/lib/python3*/site-packages/edge/offline_queue/ledger.py")
        text = ledger.read_text("utf-8")
        line = "SCHEMA_VERSION: Final = {}\n"
        before = text.replace(line.format(SCHEMA_VERSION), line.format(schema))
        assert before != text, "the schema stands in a line of its own"
        ledger.write_text(before, "utf-8")
        _run(*_COMPILED, "-s", tree, "-p", "/", str(ledger))
        _run("dpkg-deb", "--build", "-Zgzip", "-z1", tree, str(made.files["opos-edge"]))
    return made


# As `systemd/packaging/build` compiles: nobody checks whether the text is another one.
_COMPILED: Final = (
    "/usr/bin/python3", "-m", "compileall", "-q", "-f", "--invalidation-mode", "unchecked-hash",
)  # fmt: skip


def index(packages: Packages) -> str:
    """What apt reads of a folder with these files (deb822(5), as dpkg-scanpackages writes it)."""
    return "\n".join(
        f"{_run('dpkg-deb', '--field', str(file))}Filename: ./{file.name}\nSize: {file.stat().st_size}\n"
        f"SHA256: {hashlib.sha256(file.read_bytes()).hexdigest()}\n"
        for file in packages.files.values()
    )


def _of_version(name: str, text: str, old: str, new: str, schema: int | None) -> str:
    if name == "./control":
        return text.replace(old, new)
    if name == "./preinst" and schema is not None:
        return re.sub(r"^schema=\d+", f"schema={schema}", text, flags=re.MULTILINE)
    return text


def _field(file: Path, name: str) -> str:
    return _run("dpkg-deb", "--field", str(file), name).strip()


def _run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
