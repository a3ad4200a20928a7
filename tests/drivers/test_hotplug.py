"""A device that udev brings in is opened at once, however long the pause before the next attempt would be."""

import contextlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest

from tests.drivers import mocked

BENCH = Path(__file__).with_name("mock_bench.py")
WRAPPER = shutil.which("umockdev-wrapper") or ""
PYTHON = "/usr/bin/python3"

# An hour between two attempts: who is heard within the test's time was announced by udev.
LISTENER = """
import asyncio, random, sys
import msgspec
from edge.clock import SystemClock
from edge.drivers import transports
from edge.drivers.registry import driver_for
from edge.drivers.uris import parse_uri
transports.PAUSE_FIRST_S = transports.PAUSE_MAX_S = 3600.0
def heard(reading):
    print(msgspec.json.encode(reading).decode(), flush=True)
uri = parse_uri(sys.argv[1])
asyncio.run(transports.converse(uri, driver_for(uri.profile), heard, SystemClock(), random.Random(1)))
"""

WATCHER = "from edge.cli.devices import devices; devices(['--watch'])"

SYSPATH = "/sys/devices/pci0000:00/0000:00:14.0/usb1/1-2/1-2:1.0/ttyUSB0/tty/ttyUSB0"


def _has_bindings() -> bool:
    ask = [PYTHON, "-c", "import gi; gi.require_version('UMockdev', '1.0')"]
    return bool(WRAPPER) and subprocess.run(ask, capture_output=True, check=False).returncode == 0


pytestmark = pytest.mark.skipif(
    not _has_bindings(),
    reason="needs apt-get install umockdev gir1.2-umockdev-1.0 python3-gi",
)


class Hand:
    """Plugs the scale in and out, and sees what a program prints of it."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._orders: IO[str] = process.stdin
        self._said: IO[str] = process.stdout

    def do(self, order: str) -> None:
        self._orders.write(f"{order}\n")
        self._orders.flush()

    def sees(self, words: str) -> bool:
        """Wait for words in a line, whether they came; the limit of the test is the limit of this."""
        while words not in (line := self._said.readline()):
            if not line:
                return False
        return True


@contextlib.contextmanager
def bench(folder: Path, *program: str) -> Iterator[Hand]:
    """A machine on which a program of Python runs."""
    machine = folder / "machine.umockdev"
    machine.write_text(mocked.serial_port("1-2", 0) + mocked.usb("1-2", "0403:6001", product="FT232R"))
    arguments = [str(machine), SYSPATH, "/dev/ttyUSB0", sys.executable, "-c", *program]
    command = [WRAPPER, PYTHON, str(BENCH), *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Hand(process)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait(20)


@pytest.mark.timeout(60)
def test_a_scale_that_is_plugged_in_is_heard_at_once_and_gone_when_it_is_out(tmp_path: Path) -> None:
    with bench(tmp_path, LISTENER, "serial:/dev/ttyUSB0?profile=mt-sics") as hand:
        assert hand.sees("device.gone")
        hand.do("plug")
        assert hand.sees("Weighed")
        hand.do("unplug")
        assert hand.sees("device.gone")


@pytest.mark.timeout(60)
def test_who_watches_sees_what_comes_and_goes(tmp_path: Path) -> None:
    with bench(tmp_path, WATCHER) as hand:
        assert hand.sees("Nothing is plugged in")
        hand.do("plug")
        assert hand.sees("+ FT232R (usb 0403:6001, socket 1-2, /dev/ttyUSB0)")
        hand.do("unplug")
        assert hand.sees("- FT232R")
