"""The devices on the object's cables: a bench outside of its machine, so that no power cut reaches them.

The scale hangs on a serial line: its pty is bound into the machine where hardware/udev would name it. The
reader of tags and the card terminal are in the network.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from simulators.devices.device import RefusedError
from simulators.hand import ask
from tests.system.step import FellError
from tests.system.waiting import until

READER_PORT: Final = 4001
TERMINAL_PORT: Final = 20007
OTHER_TERMINAL_PORT: Final = 20008
"""A terminal that counts in pounds."""
PRINTER_PORT: Final = 9100
SCALE: Final = "/dev/opos/scale0"
"""As hardware/udev names the first scale."""

_FILE: Final = f"""\
[bench]
control = "hand.sock"
state = "bench.json"
[[device]]
name = "scale"
type = "mt-sics"
at = "pty:scale"
[[device]]
name = "reader"
type = "r200"
at = "tcp:127.0.0.1:{READER_PORT}"
[[device]]
name = "terminal"
type = "zvt"
at = "tcp:127.0.0.1:{TERMINAL_PORT}"
[[device]]
name = "other-terminal"
type = "zvt"
currency = 826
at = "tcp:127.0.0.1:{OTHER_TERMINAL_PORT}"
[[device]]
name = "printer"
type = "esc-pos"
at = "tcp:127.0.0.1:{PRINTER_PORT}"
"""
# Debian's number of the group `dialout`, which is the same on every Debian (base-passwd).
_DIALOUT: Final = 20
_START_S: Final = 30.0


class Bench:
    """The bench in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def bound(self) -> tuple[str, ...]:
        """What a machine is started with, so that it finds the scale."""
        line = (self._folder / "scale").resolve()
        os.chown(line, 0, _DIALOUT)
        line.chmod(0o660)
        return (f"--bind={line}:{SCALE}",)

    def hand(self, device: str, verb: str, **fields: Any) -> dict[str, Any]:
        """Let a hand do something at a device; raises FellError where it cannot be done."""
        try:
            return ask(self._folder / "hand.sock", {"device": device, "verb": verb, **fields})
        except RefusedError as error:
            raise FellError(str(error)) from error

    def status(self, device: str) -> dict[str, Any]:
        """How a device is."""
        return dict(ask(self._folder / "hand.sock", {"verb": "status"})["status"][device])

    def lay(self, epc: str, mass_mg: int) -> None:
        """Lay something into the tray."""
        self.hand("scale", "put", mass_mg=mass_mg)
        self.hand("reader", "put", epc=epc, rssi_dbm=-42)

    def take(self, epc: str, mass_mg: int) -> None:
        """Take it out again."""
        self.hand("scale", "take", mass_mg=mass_mg)
        self.hand("reader", "take", epc=epc)


@contextmanager
def running(folder: Path) -> Iterator[Bench]:
    """Set the bench up, and take it away at the end."""
    folder.mkdir()
    file = folder / "bench.toml"
    file.write_text(_FILE)
    command = [sys.executable, "-m", "opos", "sim", "up", str(file)]
    with (
        (folder / "bench.log").open("wb") as log,
        subprocess.Popen(command, stdout=log, stderr=log) as process,
    ):
        try:
            until(lambda: (folder / "hand.sock").exists() or None, "the bench stands", _START_S)
            yield Bench(folder)
        finally:
            process.terminate()
