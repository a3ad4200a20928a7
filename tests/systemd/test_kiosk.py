"""The kiosk's program: in which browser and where it shows the glass, and when it says why it cannot."""

import subprocess
from pathlib import Path
from typing import Final

import msgspec
import pytest

SYSTEMD: Final = Path(__file__).parents[2] / "systemd"
GLASS: Final = "http://127.0.0.1:8101/"
GIVEN_UP: Final = 78


class Machine(msgspec.Struct, frozen=True):
    """What a machine has, as far as the program looks."""

    programs: tuple[str, ...] = ("chromium", "cage", "Xwayland")
    environment: dict[str, str] = {}
    screen: bool = True
    desktop: bool = False


def shown(machine: Machine, root: Path) -> "subprocess.CompletedProcess[str]":
    """Run the program; what it starts says its own name and its words."""
    there = root / "bin"
    there.mkdir(exist_ok=True)
    for program in ("sh", "mkdir", "rm", "ls", "cat"):
        (there / program).symlink_to(f"/usr/bin/{program}")
    said = dict.fromkeys(machine.programs, 'echo "${0##*/}" "$@"')
    said["systemctl"] = "true" if machine.desktop else "false"
    for name, body in said.items():
        (there / name).write_text(f"#!/bin/sh\n{body}\n", "utf-8")
        (there / name).chmod(0o755)
    if machine.screen:
        (root / "dri").mkdir()
        (root / "dri/card0").touch()
    text = (SYSTEMD / "packaging/kiosk/kiosk").read_text("utf-8").replace("/dev/dri", str(root / "dri"))
    environment = {"PATH": str(there), "RUNTIME_DIRECTORY": str(root), "OPOS_GLASS": GLASS}
    return subprocess.run(
        ["/bin/sh", "-c", text],
        env=environment | machine.environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


SHOWN: Final = {
    "on a screen of its own": (Machine(), "cage -- chromium --kiosk"),
    "as the panel hangs": (Machine(environment={"OPOS_CAGE_WORDS": "-r"}), "cage -r -- chromium --kiosk"),
    "by the browser that is there": (
        Machine(("firefox-esr", "cage", "Xwayland")),
        "cage -- firefox-esr --kiosk",
    ),
    "by the browser that is named": (
        Machine(("chromium", "firefox", "cage", "Xwayland"), {"OPOS_BROWSER": "firefox"}),
        "cage -- firefox --kiosk",
    ),
    "within X": (Machine(("chromium",), {"DISPLAY": ":0"}, screen=False), "chromium --kiosk"),
    "within Wayland": (Machine(("chromium",), {"WAYLAND_DISPLAY": "wayland-0"}), "chromium --kiosk"),
}
NOT_SHOWN: Final = {
    "without a browser": (Machine(("cage", "Xwayland")), "apt-get install chromium"),
    "without cage": (Machine(("chromium", "Xwayland")), "neither a desktop nor cage"),
    "without what cage stands on": (Machine(("chromium", "cage")), "neither a desktop nor Xwayland"),
    "without a screen": (Machine(screen=False), "this machine has no screen"),
    "before anybody is signed in at a desktop": (Machine(desktop=True), "a desktop runs here"),
}


@pytest.mark.parametrize("case", SHOWN)
def test_the_glass_is_shown(case: str, tmp_path: Path) -> None:
    machine, words = SHOWN[case]
    done = shown(machine, tmp_path)
    assert done.stdout.startswith(words), done.stderr
    assert GLASS in done.stdout


@pytest.mark.parametrize("case", NOT_SHOWN)
def test_where_it_cannot_be_shown_a_sentence_says_why_and_nobody_tries_again(
    case: str, tmp_path: Path
) -> None:
    machine, sentence = NOT_SHOWN[case]
    done = shown(machine, tmp_path)
    assert (done.returncode, done.stdout) == (GIVEN_UP, "")
    assert sentence in done.stderr


def test_a_browser_that_ends_is_started_again_however_it_ended() -> None:
    unit = (SYSTEMD / "opos-kiosk.service").read_text("utf-8").splitlines()
    assert {"Restart=always", f"RestartPreventExitStatus={GIVEN_UP}"} <= {*unit}


def test_a_service_with_a_session_does_not_wait_for_what_its_session_holds() -> None:
    unit = (SYSTEMD / "opos-kiosk.service").read_text("utf-8").splitlines()
    assert {"PAMName=opos-kiosk", "Type=simple"} <= {*unit}


def test_a_browser_starts_as_new(tmp_path: Path) -> None:
    left = tmp_path / "browser/SingletonLock"
    left.parent.mkdir()
    left.touch()
    assert shown(Machine(), tmp_path).returncode == 0
    assert not left.exists()
