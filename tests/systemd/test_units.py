"""The units start commands that exist, start them again when they end, and may do next to nothing else."""

import configparser
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner

from opos.front_door import FrontDoor, listed

SYSTEMD: Final = Path(__file__).parents[2] / "systemd"
UNITS: Final = sorted(SYSTEMD.glob("*.service"))
OPOS: Final = "/opt/opos/bin/opos"

RUNTIME_AND_AGENT: Final = ("opos-edge", "opos-sync")
HUB: Final = ("opos-hub", "opos-hub-api", "opos-hub-ingest")
LASTING: Final = (*RUNTIME_AND_AGENT, *HUB)
"""Those that are to be there for ever."""

ALL: Final = (*LASTING, "opos-broker", "opos-camera@", "opos-hub-backup", "opos-kiosk")

# Tenths of what `systemd-analyze security` gives. A browser needs namespaces and makes code while it runs:
# the reasons are in docs/decisions/0017-packages.md.
EXPOSURE_MAX: Final = 20
EXPOSURE_OF_A_BROWSER_MAX: Final = 40

systemd_is_here = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not on this machine"
)


def unit(name: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read(SYSTEMD / f"{name}.service", encoding="utf-8")
    return parser


def test_these_are_all_the_units() -> None:
    assert {each.stem for each in UNITS} == {*ALL}


@pytest.mark.parametrize("name", [*LASTING, "opos-hub-backup"])
def test_a_unit_starts_a_command_that_exists(name: str) -> None:
    program, *words = shlex.split(unit(name)["Service"]["ExecStart"])
    command = [word for word in words if not word.startswith(("-", "/"))]
    depth = next(count for count, word in enumerate(words) if word not in command)
    assert program == OPOS
    result = CliRunner().invoke(FrontDoor(commands=listed()), [*words[:depth], "--help"])
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("name", LASTING)
def test_a_unit_is_started_again_for_ever_and_watched(name: str) -> None:
    parser = unit(name)
    service = parser["Service"]
    assert (service["Type"], service["Restart"], service["User"]) == ("notify", "always", "opos")
    assert int(service["WatchdogSec"]) >= 20
    assert parser["Unit"]["StartLimitIntervalSec"] == "0"


@pytest.mark.parametrize("name", RUNTIME_AND_AGENT)
def test_an_object_waits_for_no_network_and_for_no_device(name: str) -> None:
    text = (SYSTEMD / f"{name}.service").read_text("utf-8")
    orders = re.findall(r"^(?:After|Wants|Requires)=(.*)$", text, re.MULTILINE)
    waits = {each for order in orders for each in order.split()}
    assert not {each for each in waits if "network" in each or "udev" in each or "time" in each}


@pytest.mark.parametrize("name", ALL)
def test_a_unit_may_not_fill_a_card_with_what_it_says(name: str) -> None:
    service = unit(name)["Service"]
    assert service["LimitCORE"] == "0"
    assert name == "opos-hub-backup" or int(service["LogRateLimitBurst"]) <= 500


def test_the_camera_is_started_by_whoever_asks_for_it_and_sees_nothing_of_the_object() -> None:
    socket = (SYSTEMD / "opos-camera.socket").read_text("utf-8")
    service = unit("opos-camera@")["Service"]
    assert "ListenStream=/run/opos/camera.sock" in socket
    assert "Accept=yes" in socket
    assert (service["StandardInput"], service["StandardOutput"]) == ("socket", "socket")
    assert {"-/var/lib/opos", "-/etc/opos"} <= {*service["InaccessiblePaths"].split()}


@systemd_is_here
def test_systemd_understands_every_line_of_the_units() -> None:
    files = [str(each) for each in (*UNITS, *SYSTEMD.glob("*.socket"), *SYSTEMD.glob("*.timer"))]
    command = ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *files]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stderr
    # The programs are at their places only once they have been installed there.
    absent = ("/opt/opos", "/usr/lib/opos", "/usr/sbin/mosquitto")
    ours = [line for line in said.splitlines() if "opos-" in line]
    assert [line for line in ours if not any(each in line for each in absent)] == []


@systemd_is_here
@pytest.mark.parametrize("name", ALL)
def test_a_unit_is_open_to_next_to_nothing(name: str) -> None:
    ceiling = EXPOSURE_OF_A_BROWSER_MAX if name == "opos-kiosk" else EXPOSURE_MAX
    command = ["systemd-analyze", "security", "--offline=true", f"--threshold={ceiling}"]
    verdict = subprocess.run(
        [*command, str(SYSTEMD / f"{name}.service")], capture_output=True, text=True, check=False
    )
    assert verdict.returncode == 0, verdict.stdout.splitlines()[-1]
