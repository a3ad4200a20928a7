"""Packages are refused for what lintian finds in them; a script that says so stands for lintian here."""

import os
import subprocess
from pathlib import Path
from typing import Final

import pytest

SCRIPT: Final = Path(__file__).parents[2] / "systemd" / "packaging" / "check-packages"
CLEAN: Final = """\
I: opos-edge: hardening-no-bindnow [opt/opos/lib/a.so]
N: 12 hints overridden
"""
FAULTS: Final = {
    "an error": "E: opos-edge: md5sum-mismatch usr/bin/opos [md5sums]\n",
    "a warning": "W: opos-kiosk: script-not-executable [usr/lib/opos/kiosk]\n",
    "an override of what is not there": "I: opos-hub: unused-override hardening-no-pie * [opos-hub:9]\n",
    "an override of another place": "I: opos-hub: mismatched-override unusual-interpreter usr [opos-hub:9]\n",
}


class Lintian:
    """What it says of the package `opos-edge.deb`, and how often it was asked."""

    def __init__(self, folder: Path, said: str, code: int = 0) -> None:
        self.package = folder / "opos-edge.deb"
        self.package.write_text("a package", "utf-8")
        self._asked = folder / "asked"
        self._kept = folder / "kept"
        self._bin = folder / "bin"
        self._bin.mkdir()
        (folder / "said").write_text(said, "utf-8")
        program = self._bin / "lintian"
        program.write_text(
            f'#!/bin/sh\n[ "$1" = --version ] && echo 2.1 && exit\necho asked >>{self._asked}\n'
            f"cat {folder / 'said'}\nexit {code}\n",
            "utf-8",
        )
        program.chmod(0o755)

    def checked(self) -> "subprocess.CompletedProcess[str]":
        """Have the package checked, as a build does."""
        environment = {"PATH": f"{self._bin}:{os.environ['PATH']}"}
        command = [str(SCRIPT), str(self._kept), str(self.package)]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    def asked(self) -> int:
        """How often lintian has looked."""
        return len(self._asked.read_text().splitlines())


def test_a_package_without_fault_passes(tmp_path: Path) -> None:
    done = Lintian(tmp_path, CLEAN).checked()
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_that_no_override_names_is_refused(fault: str, tmp_path: Path) -> None:
    done = Lintian(tmp_path, CLEAN + FAULTS[fault]).checked()
    assert (done.returncode, done.stdout) == (1, FAULTS[fault])
    assert "lintian-overrides" in done.stderr


def test_what_lintian_cannot_read_is_refused(tmp_path: Path) -> None:
    done = Lintian(tmp_path, "No packages selected.\n", code=1).checked()
    assert (done.returncode, "cannot read" in done.stderr) == (1, True)


def test_what_has_passed_is_not_looked_at_again_until_it_changes(tmp_path: Path) -> None:
    lintian = Lintian(tmp_path, CLEAN)
    assert [lintian.checked().returncode for _ in range(2)] == [0, 0]
    assert lintian.asked() == 1
    lintian.package.write_text("another package", "utf-8")
    assert lintian.checked().returncode == 0
    assert lintian.asked() == 2


def test_what_was_refused_is_looked_at_again(tmp_path: Path) -> None:
    lintian = Lintian(tmp_path, FAULTS["a warning"])
    assert [lintian.checked().returncode for _ in range(2)] == [1, 1]
    assert lintian.asked() == 2
