"""What the guest takes from Debian: programs of packages that are installed, and a kernel that is not."""

import lzma
import platform
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

# Program -> the package that brings it.
_PROGRAMS: Final = {
    "qemu-system-x86_64": "qemu-system-x86",
    "busybox": "busybox-static",
    "udevadm": "udev",
    "dpkg-deb": "dpkg",
    "apt-get": "apt",
}
_KERNEL: Final = "linux-image-amd64"
# Module -> its settings, in the order in which they are loaded: each after those that it needs.
MODULES: Final = {
    **dict.fromkeys(("evdev", "uinput", "hid", "hid-generic", "uhid", "i2c-dev"), ""),
    "i2c-stub": "chip_addr=0x5a",
    **dict.fromkeys(("configfs", "usb-common", "usbcore", "udc-core", "libcomposite", "dummy_hcd"), ""),
    **dict.fromkeys(
        ("u_serial", "usb_f_acm", "cdc-acm", "usb_f_printer", "usblp", "usb_f_hid", "usbhid"), ""
    ),
}


class MissingError(Exception):
    """The guest cannot be made on this machine; the text is a sentence that says what mends it."""


class Kernel:
    """Debian's kernel and the modules that the proofs need, unpacked into a folder and kept there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def image(self) -> Path:
        """The kernel itself."""
        return self._folder / "vmlinuz"

    def module(self, name: str) -> Path:
        """A module."""
        return self._folder / f"{name}.ko"

    def fetch(self) -> None:
        """Have it there; only the first time asks Debian. Raises MissingError."""
        if all(self.module(name).exists() for name in MODULES):
            return
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._folder.parent) as folder:
            whole = Kernel(Path(folder) / "kernel")
            whole._folder.mkdir()
            whole._unpack(_download(_newest(), Path(folder)))
            whole._folder.rename(self._folder)

    def _unpack(self, package: Path) -> None:
        command = [str(program("dpkg-deb")), "--fsys-tarfile", str(package)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as unpacked:
            for name, data in _files(unpacked):
                if name.startswith("vmlinuz-"):
                    self.image.write_bytes(data)
                elif name.removesuffix(".ko") in MODULES:
                    (self._folder / name).write_bytes(data)
        if absent := [name for name in MODULES if not self.module(name).exists()]:
            raise MissingError(
                f"Debian's kernel has no module {', '.join(absent)}: change tests/vm/debian.py"
            )


def check_programs() -> None:
    """Raise MissingError unless this machine has all that the guest is made with."""
    if platform.machine() != "x86_64":
        raise MissingError(
            f"the guest runs this machine's own programs, and those of {platform.machine()} "
            "it cannot: use a machine with x86-64"
        )
    packages = [package for program, package in _PROGRAMS.items() if shutil.which(program) is None]
    if packages:
        raise MissingError(
            "Debian packages are missing: run: apt-get install -y --no-install-recommends "
            + " ".join(packages)
        )


def program(name: str) -> Path:
    """Where a program is that `check_programs` has found."""
    found = shutil.which(name)
    assert found is not None, "the programs have been checked"
    return Path(found)


def _newest() -> str:
    """The kernel that the package of no version depends on today."""
    asked = _run(["apt-cache", "depends", _KERNEL])
    names = [line.split()[-1] for line in asked.splitlines() if "Depends: linux-image-" in line]
    if not names:
        raise MissingError(f"apt does not know {_KERNEL}: run: apt-get update")
    return names[0]


def _download(package: str, folder: Path) -> Path:
    _run(["apt-get", "download", package], folder)
    return next(folder.glob(f"{package}_*.deb"))


def _run(command: list[str], folder: Path | None = None) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise MissingError(f"{' '.join(command)} failed ({done.stderr.strip()}): run: apt-get update")
    return done.stdout


def _files(unpacked: subprocess.Popen[bytes]) -> Iterator[tuple[str, bytes]]:
    """The kernel and its modules, by their names; newer releases pack each module once more."""
    with tarfile.open(fileobj=unpacked.stdout, mode="r|") as tar:
        for member in tar:
            name = Path(member.name).name
            if (".ko" in name or name.startswith("vmlinuz-")) and (file := tar.extractfile(member)):
                data = file.read()
                yield name.removesuffix(".xz"), lzma.decompress(data) if name.endswith(".xz") else data
