"""What is in the guest: this Python, this checkout, udev, and a handful of modules; it lives in memory alone.

Everything stands in the guest where it stands on this machine, so nothing needs to be installed or moved.
"""

import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path
from typing import Final

from tests.vm.archive import Archive
from tests.vm.debian import MODULES, Kernel, program

CHECKOUT: Final = Path(__file__).parents[2]
_ROOMS: Final = (
    "edge", "cloud_sync", "retail", "opos", "simulators", "hardware", "systemd/opos-edge.service", "tests/vm",
    "tests/__init__.py",
)  # fmt: skip
# All that the rooms import on their way from a device to a reading, and what the commands need beside:
# the doctor comes to every part of an object.
_PACKAGES: Final = (
    "apsw", "cffi", "click", "cryptography", "evdev", "gpiod", "markdown-it-py", "mdurl", "msgspec", "opos",
    "pygments", "pyserial", "pyudev", "rich", "segno", "smbus2",
)  # fmt: skip
# Half of Python's library by weight, and nothing that runs here asks for it.
_LEFT_OUT: Final = {
    "site-packages", "dist-packages", "test", "tests", "idlelib", "lib2to3", "tkinter", "ensurepip",
    "turtledemo", "pydoc_data",
}  # fmt: skip
_UDEVD: Final = Path("/usr/lib/systemd/systemd-udevd")
_RULES: Final = Path("/usr/lib/udev/rules.d")
_GROUPS: Final = (Path("/etc/passwd"), Path("/etc/group"))
# The one zone that the object of a proof lives in.
_ZONE: Final = Path("/usr/share/zoneinfo/UTC")
_LDCONFIG: Final = Path("/usr/sbin/ldconfig")
_SHARED: Final = re.compile(r"=> (/\S+)|^\s*(/\S+)", re.MULTILINE)

_INIT: Final = """\
#!/busybox sh
# The first process of the guest: mounts, modules, udev, the proofs, and the end.
/busybox mount -t proc proc /proc
/busybox mount -t sysfs sysfs /sys
/busybox mount -t devtmpfs dev /dev
/busybox mkdir -p /dev/pts /run /tmp /var /root /etc/udev
/busybox mount -t devpts devpts /dev/pts
exec >/dev/console 2>&1
for name in {modules}; do /busybox insmod /modules/$name.ko $(/busybox cat /modules/$name.settings); done
/busybox mount -t configfs configfs /sys/kernel/config
/busybox ln -s {checkout}/hardware/udev /etc/udev/rules.d
{ldconfig}
{udevd} --daemon
{udevadm} trigger
{udevadm} settle
cd {checkout}
PYTHONPATH={checkout}:{packages} HOME=/root PATH=/usr/bin:/usr/sbin {python} -m tests.vm.guest >/dev/ttyS1
/busybox poweroff -f
"""


def build(image: Path, kernel: Kernel) -> None:
    """Write the guest's image; it takes a second or two, so it is never an old one."""
    with image.open("wb") as out:
        archive = Archive(out)
        for folder in ("proc", "sys", "dev"):
            archive.folder(folder)
        for name in ("bin", "sbin", "lib", "lib64"):
            archive.link(name, f"usr/{name}")
        archive.file("init", _init().encode(), mode=0o755)
        archive.copy(program("busybox"), "busybox")
        for name, settings in MODULES.items():
            archive.copy(kernel.module(name), f"modules/{name}.ko")
            archive.file(f"modules/{name}.settings", settings.encode())
        for path in _files():
            archive.copy(path, str(path.parent.resolve() / path.name))
        archive.end()


def _init() -> str:
    return _INIT.format(
        modules=" ".join(MODULES),
        checkout=CHECKOUT,
        ldconfig=_LDCONFIG,
        udevd=_UDEVD,
        udevadm=program("udevadm"),
        packages=sysconfig.get_path("purelib"),
        python=_python(),
    )


def _files() -> Iterator[Path]:
    """Every file of the guest that is a file of this machine, the libraries that it needs among them."""
    programs = [_python(), _UDEVD, program("udevadm"), _LDCONFIG]
    files = [*_library(), *_packages(), *_rooms()]
    yield from (*programs, *files, *_GROUPS, _ZONE, *_RULES.glob("*.rules"))
    yield from _shared([*programs, *(path for path in files if ".so" in path.suffixes)])
    yield from Path("/usr/lib").glob("*/libudev.so.1")


def _python() -> Path:
    """Python itself, behind the links of a virtual environment."""
    return Path(sys.executable).resolve()


def _library() -> Iterator[Path]:
    folder = Path(sysconfig.get_path("stdlib"))
    for path in folder.rglob("*"):
        within = path.relative_to(folder).parts
        kept = path.suffix in {".py", ".pyc", ".so"} and ".opt-" not in path.name
        if kept and not _LEFT_OUT & set(within) and path.is_file():
            yield path


def _packages() -> Iterator[Path]:
    for name in _PACKAGES:
        found = distribution(name)
        paths = (Path(str(found.locate_file(file))) for file in found.files or ())
        yield from (path for path in paths if path.exists())


def _rooms() -> Iterator[Path]:
    for room in _ROOMS:
        path = CHECKOUT / room
        yield from (each for each in (path.rglob("*") if path.is_dir() else [path]) if each.is_file())


def _shared(programs: list[Path]) -> Iterator[Path]:
    """The shared libraries that these need, as the loader of this machine finds them."""
    told = subprocess.run(["ldd", *programs], capture_output=True, text=True, check=False).stdout  # noqa: S607
    for found in _SHARED.finditer(told):
        path = Path(found[1] or found[2].rstrip(":"))
        if ".so" in path.name:
            yield path
