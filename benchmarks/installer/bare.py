"""What an installer's hour costs without us: unpacking, imports, a server, a loop that asks."""

import subprocess
import sys
import time
from typing import Final

from benchmarks.drivers.idle import protocol_wakes_a_second
from benchmarks.glass.looks import bare_glass, ended, free_port
from benchmarks.harness import SkippedError
from benchmarks.installer.machines import DIST
from benchmarks.journal.promise import room
from tests.system import packages
from tests.system.debian import MissingError

# What the doctor asks with: its command line, the ledger's database, the certificates, the bus of devices.
_LIBRARIES: Final = "import apsw, click, cryptography.x509, msgspec, pyudev, rich.console, serial"


def unpacked_s() -> float:
    """The ceiling of a first sale: the object's packages are on the disk, and nothing was done with them."""
    try:
        files = packages.found(DIST).files
    except MissingError as error:
        raise SkippedError(str(error)) from error
    with room() as folder:
        began_s = time.perf_counter()
        for name, file in files.items():
            if name != "opos-hub":
                subprocess.run(("dpkg-deb", "--extract", str(file), str(folder)), check=True)  # noqa: S603, S607
        return time.perf_counter() - began_s


def imported_s() -> float:
    """The ceiling of the doctor: a process that has what it asks with, and asks nothing."""
    began_s = time.perf_counter()
    subprocess.run((sys.executable, "-c", _LIBRARIES), check=True)  # noqa: S603 (ourselves)
    return time.perf_counter() - began_s


def served_s() -> float:
    """The ceiling of a start: a server with the same libraries has opened its port."""
    with room() as folder:
        began_s = time.perf_counter()
        process = bare_glass(free_port(), folder)
        took_s = time.perf_counter() - began_s
        ended(process)
        return took_s


def asking_percent() -> float:
    """The ceiling of an object at rest: a loop that asks one scale as often as its protocol wants."""
    began_s, cpu_began_s = time.monotonic(), time.process_time()
    protocol_wakes_a_second()
    return 100 * (time.process_time() - cpu_began_s) / (time.monotonic() - began_s)
